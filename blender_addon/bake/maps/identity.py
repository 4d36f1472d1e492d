# SPDX-License-Identifier: GPL-3.0-or-later
"""Identity masks: a flat colour for each material, object or UV island, and the mesh's own vertex colours.

Colours depend on names and on the order of faces only, so that they stay the same from bake to bake.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from bpy.types import Mesh, NodeSocket, NodeTree, Object

from ...bridge.meshes import component_numbers, values_in
from ...bridge.shader_tree import NodeGraph

Color = tuple[float, float, float]

IDENTITY_MAPS = ("material_id", "object_id", "island_id", "vertex_color")
ROOT = 1.2207440846057596
"""Root of x⁴ = x + 1, whose negative powers are the steps of an evenly spread sequence in three dimensions."""
DARKEST = 0.2
"""Least channel of a colour, so that none is the black where no face is."""
PALETTE = 300
"""Number of colours that names are spread over: few names share one, and all can be told apart."""
OBJECT_COLOR = "impasto_object_color"
"""Custom property of the copies of objects: the colour of a mask, while their own colour stays for their materials."""
ISLANDS = "impasto_islands"
"""Name of the attribute with the colours of UV islands."""


@dataclass(frozen=True)
class Identities:
    """Things that are told apart. baked: copies of the objects whose surface is baked.

    materials: their materials' names. own: of those that show themselves, with their UV maps.
    """

    baked: tuple[Object, ...]
    own: tuple[tuple[Object, str], ...]
    materials: tuple[str, ...]

    def color(self, name: str, tree: NodeTree, material: str) -> NodeSocket:
        """Socket with the colours of a mask in the tree of one material."""
        return _COLORS[name](self, tree, material)

    def notes(self, name: str) -> list[str]:
        """Notes for the user."""
        if name == "vertex_color" and any(one.data.color_attributes.active_color is None for one in self.baked):
            return ["the mesh has no vertex colours: their map is black"]
        if name == "island_id" and not self.own:
            return ["high objects lack the islands of low ones: their mask is black"]
        return []

    def _material_color(self, tree: NodeTree, material: str) -> NodeSocket:
        node = tree.nodes.new("ShaderNodeRGB")
        node.outputs[0].default_value = (*colors_of(self.materials)[material], 1.0)
        return node.outputs[0]

    def _object_color(self, tree: NodeTree, _: str) -> NodeSocket:
        node = NodeGraph(tree).node("Attribute", attribute_type="OBJECT", attribute_name=OBJECT_COLOR)
        return node.outputs["Color"]

    def _island_color(self, tree: NodeTree, _: str) -> NodeSocket:
        first = 0
        for subject, uv_map in self.own:
            if ISLANDS not in subject.data.attributes:
                first = write_islands(subject.data, uv_map, first)
        return NodeGraph(tree).node("Attribute", attribute_name=ISLANDS).outputs["Vector"]

    def _vertex_color(self, tree: NodeTree, _: str) -> NodeSocket:
        return tree.nodes.new("ShaderNodeVertexColor").outputs["Color"]  # of each mesh's active attribute


_COLORS: Mapping[str, Callable[[Identities, NodeTree, str], NodeSocket]] = {
    "material_id": Identities._material_color,
    "object_id": Identities._object_color,
    "island_id": Identities._island_color,
    "vertex_color": Identities._vertex_color,
}


def colors_of(names: Iterable[str]) -> dict[str, Color]:
    """Colours of names, by their hashes; of two names with one colour the later in the alphabet takes the next."""
    taken: dict[int, str] = {}
    for name in sorted(set(names)):
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % PALETTE
        while number in taken:
            number += 1
        taken[number] = name
    return {name: number_color(number) for number, name in taken.items()}


def number_color(number: int) -> Color:
    """Colour of a number, as exact bytes / 255, far from those of all lesser numbers (Roberts' sequence R3)."""
    red, green, blue = (DARKEST + (1 - DARKEST) * ((number + 1) / ROOT**power % 1) for power in (1, 2, 3))
    return round(red * 255) / 255, round(green * 255) / 255, round(blue * 255) / 255


def write_islands(mesh: Mesh, uv_map: str, first: int) -> int:
    """Give the mesh an attribute with the colour of each face's UV island, numbered from `first`; return the next."""
    islands = uv_islands(mesh, uv_map)
    count = int(islands.max(initial=-1)) + 1
    palette = np.array([number_color(first + number) for number in range(count)], np.float32)
    attribute = mesh.attributes.new(ISLANDS, "FLOAT_VECTOR", "FACE")
    attribute.data.foreach_set("vector", palette[islands].ravel())
    return first + count


def uv_islands(mesh: Mesh, uv_map: str) -> np.ndarray:
    """Number of each face's UV island, in the order of their first faces; faces are joined by edges with equal UVs."""
    count = len(mesh.loops)
    edges, vertices = (values_in(mesh.loops, name, (count,), np.int32) for name in ("edge_index", "vertex_index"))
    uvs = values_in(mesh.uv_layers[uv_map].data, "uv", (count, 2), np.float32)
    sizes = (len(mesh.polygons),)
    starts, totals = (values_in(mesh.polygons, name, sizes, np.int32) for name in ("loop_start", "loop_total"))
    faces = np.repeat(np.arange(len(starts)), totals)
    following = np.arange(1, count + 1)
    following[starts + totals - 1] = starts
    ends = uvs[np.stack([np.arange(count), following], axis=1)]  # (loops, 2 ends, 2)
    is_reversed = vertices > vertices[following]
    ends[is_reversed] = ends[is_reversed][:, ::-1]
    order = np.argsort(edges, kind="stable")
    first, second = order[:-1], order[1:]
    is_joined = (edges[first] == edges[second]) & (np.abs(ends[first] - ends[second]).max(axis=(1, 2)) < 1e-6)
    sides = [faces[first[is_joined]], faces[second[is_joined]]]
    points = np.concatenate([*[np.arange(len(sides[0]))] * 2, len(sides[0]) + np.arange(len(starts))])
    return component_numbers(points, np.concatenate([*sides, np.arange(len(starts))])) - 1
