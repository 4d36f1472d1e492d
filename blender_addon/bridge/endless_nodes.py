# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that make a material endless: histogram-preserving blending of random pieces of its maps, live.

One group node stands between the image nodes and the shader, with an input and an output for each map: the plain map
goes in, so that it is found and put back, and the blended one comes out. Grid and random numbers are those of the
engine's tool (`impasto_synthesis/histogram_blending/grid.py`), so that a bake looks as the shader does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import bpy
import numpy as np

from . import node_layout
from .endless_group import MAPS, Ingredients, build_group

MARK = "impasto_endless"
"""Custom property of the node groups that make a material endless."""
NODE = "Impasto Endless"
VECTOR = "Vector"


@dataclass(frozen=True)
class Grid:
    """Inputs of the group that the user may change."""

    cell_size: float
    sharpness: float
    seed: int


def is_endless(node: bpy.types.Node) -> bool:
    """Whether this node makes its material endless."""
    return node.type == "GROUP" and node.node_tree is not None and MARK in node.node_tree


def find(material: bpy.types.Material | None) -> bpy.types.Node | None:
    """The node that makes the material endless; None for a plain one. Cheap enough for a panel."""
    tree = material.node_tree if material else None
    return next((node for node in tree.nodes if is_endless(node)), None) if tree else None


def insert(
    tree: bpy.types.NodeTree,
    sockets: Mapping[str, bpy.types.NodeSocket],
    vector: bpy.types.NodeSocket | None,
    made: Ingredients,
    grid: Grid,
) -> bpy.types.Node:
    """Put the group between the sockets of maps and all that they are linked to. vector: the maps' coordinates."""
    group = build_group(NODE, made)
    group[MARK] = True
    node = tree.nodes.new("ShaderNodeGroup")
    node.node_tree, node.name, node.label, node.width = group, NODE, "Endless", 200
    images = [socket.node for socket in sockets.values()]
    node.location = (max(one.location.x for one in images) + 300, max(one.location.y for one in images))
    added = [node]
    if vector is None:
        coordinates = tree.nodes.new("ShaderNodeTexCoord")
        coordinates.name = f"{NODE} Coordinates"
        coordinates.location = (node.location.x - 600, node.location.y)
        added.append(coordinates)
        vector = coordinates.outputs["UV"]
    tree.links.new(vector, node.inputs[VECTOR])
    for name, socket in sockets.items():
        targets = [link.to_socket for link in socket.links]
        tree.links.new(socket, node.inputs[MAPS[name]])
        for target in targets:
            tree.links.new(node.outputs[MAPS[name]], target)
    for label, value in (("Cell Size", grid.cell_size), ("Sharpness", grid.sharpness), ("Seed", grid.seed)):
        node.inputs[label].default_value = value
    node_layout.make_room(tree, added)
    return node


def remove(tree: bpy.types.NodeTree, node: bpy.types.Node) -> None:
    """Put the plain maps back, and remove the group and its images unless another material has them."""
    for output in node.outputs:
        origin = node.inputs[output.name].links
        for link in list(output.links) if origin else ():
            tree.links.new(origin[0].from_socket, link.to_socket)
    group = node.node_tree
    tree.nodes.remove(node)
    for coordinates in [other for other in tree.nodes if other.name.startswith(f"{NODE} ")]:
        tree.nodes.remove(coordinates)
    if group.users == 0:
        remove_group(group)


def remove_group(group: bpy.types.NodeTree) -> None:
    """Remove a group, and what it alone uses."""
    images = {node.image for node in group.nodes if node.type == "TEX_IMAGE" and node.image}
    inner = {node.node_tree for node in group.nodes if node.type == "GROUP" and node.node_tree}
    bpy.data.node_groups.remove(group)
    for image in images:
        if image.users == 0:
            bpy.data.images.remove(image)
    for one in inner:
        if one.users == 0:
            bpy.data.node_groups.remove(one)


def lookup_image(name: str, tables: np.ndarray) -> bpy.types.Image:
    """The tables (N, ENTRIES, 3) as an image of floats with a row for each, the first at the bottom, packed."""
    rows, entries, _ = tables.shape
    image = bpy.data.images.new(name, entries, rows, float_buffer=True, is_data=True)
    values = np.ones((rows, entries, 4), np.float32)
    values[..., :3] = tables
    image.pixels.foreach_set(values.ravel())
    image.pack()
    return image
