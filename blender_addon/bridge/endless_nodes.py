# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that make a material endless: histogram-preserving blending (Heitz & Neyret 2018) of random pieces of its maps.

One group node stands between the image nodes and the shader. It has an input and an output for each map: the input
keeps the plain map, which can be put back, and the output has the blended map. Grid and random numbers are those of the
engine's tool (`impasto_synthesis/histogram_blending/grid.py`), so that a bake looks as the shader does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import bpy
import numpy as np

from . import images, shader_tree
from .shader_tree import LABELS, Given, NodeGraph, Value

MAPS = {name: label for name, label in LABELS.items() if name != "confidence"}
"""Labels of the sockets of maps."""
COLORS = frozenset({"base_color", "emission"})
NORMALS = frozenset({"normal", "bent_normal"})
COMPONENTS = {"base_color": 3, "emission": 3, "normal": 2, "bent_normal": 2}
"""Number of components of a map, 1 unless given."""
PIECE = "Impasto Endless Piece"
ROW = 7 / 8
"""Distance between rows of vertices, in cells, as in the engine's grid."""


@dataclass(frozen=True)
class Ingredients:
    """Gaussian images by map, their table (N, ENTRIES, 3) as an image, and the first row of each map in it.

    aspect: (width, height) of the maps relative to their shorter side. wraps: whether the maps are seamless (across,
    down). encoded: maps with sRGB colours, which the shader must make linear.
    """

    images: Mapping[str, bpy.types.Image]
    lookup: bpy.types.Image
    rows: Mapping[str, int]
    aspect: tuple[float, float]
    wraps: tuple[bool, bool]
    encoded: frozenset[str] = COLORS


def build_group(name: str, parts: Ingredients) -> bpy.types.NodeTree:
    """New group with an input and an output for each map, and inputs for the grid."""
    graph = NodeGraph.of_group(name)
    vector = graph.input("Vector", "Vector", hide_value=True)
    cell = graph.input("Cell Size", "Float", default_value=0.2857, min_value=0.05, max_value=0.5)
    sharpness = graph.input("Sharpness", "Float", default_value=4.0, min_value=1.0, max_value=8.0)
    seed = graph.input("Seed", "Int", default_value=0, min_value=0, max_value=1 << 20)
    for map_ in parts.images:
        graph.input(MAPS[map_], "Color", hide_value=True)
    piece = bpy.data.node_groups.get(PIECE) or _piece_group()
    cell_x, cell_y = graph.math("DIVIDE", cell, parts.aspect[0]), graph.math("DIVIDE", cell, parts.aspect[1] / ROW)
    size = graph.combine(cell_x, cell_y, 0.0)
    wraps = graph.combine(*(0.0 if wraps else 1.0 for wraps in parts.wraps), 0.0)
    margin = graph.vector("MINIMUM", graph.vector("MULTIPLY", size, wraps), (0.5, 0.5, 0.5))
    pieces = [graph.group(piece, vector, size, margin, float(slot), sharpness, seed) for slot in range(3)]
    weights = _normalise(graph, [one.outputs["Weight"] for one in pieces])
    places = [one.outputs["Vector"] for one in pieces]
    results = {map_: _blend(graph, map_, parts, places, weights) for map_ in parts.images}
    output = graph.outputs({MAPS[map_]: "Color" for map_ in parts.images})
    for map_, value in results.items():
        graph.link(value, output.inputs[MAPS[map_]])
    return graph.tree


def _normalise(graph: NodeGraph, weights: list[bpy.types.NodeSocket]) -> list[bpy.types.NodeSocket]:
    """Weights divided by the root of the sum of their squares, so that the variance is kept."""
    squares = [graph.math("MULTIPLY", weight, weight) for weight in weights]
    total = graph.math("ADD", graph.math("ADD", squares[0], squares[1]), squares[2])
    root = graph.math("SQRT", total)
    return [graph.math("DIVIDE", weight, root) for weight in weights]


def _blend(
    graph: NodeGraph,
    map_: str,
    parts: Ingredients,
    places: list[bpy.types.NodeSocket],
    weights: list[bpy.types.NodeSocket],
) -> bpy.types.NodeSocket:
    """Sum of the pieces of a map, converted back from Gaussian values by the tables of the map."""
    entries, rows = parts.lookup.size
    total: Given = (0.0, 0.0, 0.0)
    for place, weight in zip(places, weights, strict=True):
        image = graph.node("TexImage", place, image=parts.images[map_], interpolation="Linear", extension="REPEAT")
        centred = graph.vector("SUBTRACT", image.outputs["Color"], (0.5, 0.5, 0.5))
        total = graph.vector("MULTIPLY_ADD", centred, weight, total)
    scale, offset = (entries - 1) / entries, (0.5 * (entries - 1) + 0.5) / entries  # to the middle of a texel
    at = graph.separate(graph.vector("MULTIPLY_ADD", total, (scale,) * 3, (offset,) * 3))
    result: bpy.types.NodeSocket | None = None
    for index in range(COMPONENTS.get(map_, 1)):
        place = graph.combine(at[index], (parts.rows[map_] + index + 0.5) / rows, 0.0)
        table = graph.node("TexImage", place, image=parts.lookup, interpolation="Closest", extension="EXTEND")
        share = table.outputs["Color"]
        result = share if result is None else graph.vector("ADD", result, share)
    assert result is not None
    if map_ in NORMALS:
        unit = graph.vector("NORMALIZE", graph.vector("ADD", result, (0.0, 0.0, 1.0)))
        return graph.vector("MULTIPLY_ADD", unit, (0.5,) * 3, (0.5,) * 3)
    return _scene_linear(graph, result) if map_ in parts.encoded else result


def _scene_linear(graph: NodeGraph, encoded: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """sRGB colours in the file's working space. The power law is used near black, too: an error of at most 0.0009."""
    limited = graph.vector("MAXIMUM", graph.vector("MINIMUM", encoded, (1.0,) * 3), (0.0,) * 3)
    base = graph.vector("MULTIPLY_ADD", limited, (1 / 1.055,) * 3, (0.055 / 1.055,) * 3)
    linear = graph.combine(*(graph.math("POWER", channel, 2.4) for channel in graph.separate(base)))
    matrix = images.from_rec709()
    if matrix is None:
        return linear
    return graph.combine(*(graph.dot(linear, tuple(map(float, row))) for row in matrix))


def _piece_group() -> bpy.types.NodeTree:
    """New group: position in the maps, and weight, of one of the three pieces at a point.

    In skewed coordinates (u, v), the grid's vertices are at whole numbers. slot: colour of a vertex, (u - v) mod 3.
    """
    graph = NodeGraph.of_group(PIECE)
    vector = graph.input("Vector", "Vector")
    size, margin = graph.input("Cell", "Vector"), graph.input("Margin", "Vector")
    slot = graph.input("Slot", "Float")
    sharpness, seed = graph.input("Sharpness", "Float"), graph.input("Seed", "Float")
    x, y, _ = graph.separate(graph.vector("DIVIDE", vector, size))
    u, v = graph.math("SUBTRACT", x, graph.math("MULTIPLY", y, 0.5)), y
    i, j = _vertex(graph, u, v, slot)
    du, dv = graph.math("SUBTRACT", u, i), graph.math("SUBTRACT", v, j)
    sides = [graph.math("ABSOLUTE", side) for side in (du, dv, graph.math("ADD", du, dv))]
    farthest = graph.math("MAXIMUM", graph.math("MAXIMUM", sides[0], sides[1]), sides[2])
    hat = graph.math("MAXIMUM", graph.math("SUBTRACT", 1.0, farthest), 0.0)
    weight = graph.math("POWER", hat, sharpness)
    other = graph.math("SUBTRACT", -1.0, seed)
    random = graph.combine(*(_noise(graph, graph.combine(i, j, number)) for number in (seed, other)), 0.0)
    free = graph.vector("MULTIPLY_ADD", margin, (-2.0,) * 3, (1.0,) * 3)
    centre = graph.vector("MULTIPLY_ADD", random, free, margin)
    moved = graph.combine(graph.math("MULTIPLY_ADD", dv, 0.5, du), dv, 0.0)
    place = graph.vector("MULTIPLY_ADD", moved, size, centre)
    output = graph.outputs({"Vector": "Vector", "Weight": "Float"})
    graph.link(place, output.inputs["Vector"])
    graph.link(weight, output.inputs["Weight"])
    return graph.tree


def _vertex(graph: NodeGraph, u: Value, v: Value, slot: Value) -> tuple[bpy.types.NodeSocket, bpy.types.NodeSocket]:
    """Vertex with the colour `slot` of the triangle around (u, v).

    A cell's lower left and upper right vertices have the same colour. A point uses the one on its side of the diagonal.
    """
    left, below = graph.math("FLOOR", u), graph.math("FLOOR", v)
    rest = graph.math("ADD", graph.math("FRACT", u), graph.math("FRACT", v))
    is_upper = graph.math("GREATER_THAN", rest, 1.0)
    difference = graph.math("ADD", graph.math("SUBTRACT", slot, left), below)
    kind = graph.math("FLOORED_MODULO", difference, 3.0)
    is_corner = graph.math("LESS_THAN", kind, 0.5)
    is_right = graph.math("COMPARE", kind, 1.0, 0.5)
    is_above = graph.math("GREATER_THAN", kind, 1.5)
    corner = graph.math("MULTIPLY", is_corner, is_upper)
    i = graph.math("ADD", left, graph.math("ADD", is_right, corner))
    j = graph.math("ADD", below, graph.math("ADD", is_above, corner))
    return i, j


def _noise(graph: NodeGraph, vector: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    return graph.node("TexWhiteNoise", vector, noise_dimensions="3D").outputs["Value"]


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
    parts: Ingredients,
    grid: Grid,
) -> bpy.types.Node:
    """Put the group between the sockets of maps and the sockets they are linked to. vector: coordinates of the maps."""
    group = build_group(NODE, parts)
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
    shader_tree.make_room(tree, added)
    return node


def remove(tree: bpy.types.NodeTree, node: bpy.types.Node) -> None:
    """Link the plain maps again, and remove the group and its images unless another material uses them."""
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
    """Remove a group, and the images and groups that only it used."""
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
    """Packed float image of the tables (N, ENTRIES, 3), with a row for each table, the first at the bottom."""
    rows, entries, _ = tables.shape
    image = bpy.data.images.new(name, entries, rows, float_buffer=True, is_data=True)
    values = np.ones((rows, entries, 4), np.float32)
    values[..., :3] = tables
    image.pixels.foreach_set(values.ravel())
    image.pack()
    return image
