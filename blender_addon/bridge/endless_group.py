# SPDX-License-Identifier: GPL-3.0-or-later
"""The group of nodes for histogram-preserving blending (Heitz & Neyret 2018) on a grid of triangles.

Vertices have three colours, so that each triangle has one of each, and the piece of a vertex stays in the same place of
the sum in all triangles around it: coordinates never jump where a piece is seen, and Eevee filters it without seams.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import bpy

from . import working_space
from .graph import Given, Graph, Value
from .shader_tree import LABELS

MAPS = {name: label for name, label in LABELS.items() if name != "confidence"}
"""Labels of the sockets of maps."""
COLORS = frozenset({"base_color", "emission"})
NORMALS = frozenset({"normal", "bent_normal"})
COMPONENTS = {"base_color": 3, "emission": 3, "normal": 2, "bent_normal": 2}
"""Number of components of a map, 1 unless given."""
PIECE = "Impasto Endless Piece"
ROW = 7 / 8
"""Distance of rows of vertices in cells, as in the engine's grid."""


@dataclass(frozen=True)
class Ingredients:
    """Gaussian images by map, their table (N, ENTRIES, 3) as an image, and the first row of each map in it.

    aspect: (width, height) of the maps relative to their shorter side. wraps: whether they do (across, down).
    encoded: colours that the shader must make linear.
    """

    images: Mapping[str, bpy.types.Image]
    lookup: bpy.types.Image
    rows: Mapping[str, int]
    aspect: tuple[float, float]
    wraps: tuple[bool, bool]
    encoded: frozenset[str] = COLORS


def build_group(name: str, made: Ingredients) -> bpy.types.NodeTree:
    """New group with an input and an output for each map, and inputs for the grid."""
    graph = Graph(name)
    vector = graph.input("Vector", "Vector", hide_value=True)
    cell = graph.input("Cell Size", "Float", default_value=0.2857, min_value=0.05, max_value=0.5)
    sharpness = graph.input("Sharpness", "Float", default_value=4.0, min_value=1.0, max_value=8.0)
    seed = graph.input("Seed", "Int", default_value=0, min_value=0, max_value=1 << 20)
    for map_ in made.images:
        graph.input(MAPS[map_], "Color", hide_value=True)
    piece = bpy.data.node_groups.get(PIECE) or _piece_group()
    cell_x, cell_y = graph.math("DIVIDE", cell, made.aspect[0]), graph.math("DIVIDE", cell, made.aspect[1] / ROW)
    size = graph.combine(cell_x, cell_y, 0.0)
    wraps = graph.combine(*(0.0 if wraps else 1.0 for wraps in made.wraps), 0.0)
    margin = graph.vector("MINIMUM", graph.vector("MULTIPLY", size, wraps), (0.5, 0.5, 0.5))
    pieces = [graph.group(piece, vector, size, margin, float(slot), sharpness, seed) for slot in range(3)]
    weights = _normalise(graph, [one.outputs["Weight"] for one in pieces])
    places = [one.outputs["Vector"] for one in pieces]
    results = {map_: _blend(graph, map_, made, places, weights) for map_ in made.images}
    output = graph.outputs({MAPS[map_]: "Color" for map_ in made.images})
    for map_, value in results.items():
        graph.link(value, output.inputs[MAPS[map_]])
    return graph.tree


def _normalise(graph: Graph, weights: list[bpy.types.NodeSocket]) -> list[bpy.types.NodeSocket]:
    """Weights over the root of the sum of their squares, so that the variance is kept."""
    squares = [graph.math("MULTIPLY", weight, weight) for weight in weights]
    total = graph.math("ADD", graph.math("ADD", squares[0], squares[1]), squares[2])
    root = graph.math("SQRT", total)
    return [graph.math("DIVIDE", weight, root) for weight in weights]


def _blend(
    graph: Graph,
    map_: str,
    made: Ingredients,
    places: list[bpy.types.NodeSocket],
    weights: list[bpy.types.NodeSocket],
) -> bpy.types.NodeSocket:
    """The sum of the map's pieces, taken back by its tables."""
    entries, rows = made.lookup.size
    total: Given = (0.0, 0.0, 0.0)
    for place, weight in zip(places, weights, strict=True):
        image = graph.node("TexImage", place, image=made.images[map_], interpolation="Linear", extension="REPEAT")
        centred = graph.vector("SUBTRACT", image.outputs["Color"], (0.5, 0.5, 0.5))
        total = graph.vector("MULTIPLY_ADD", centred, weight, total)
    scale, offset = (entries - 1) / entries, (0.5 * (entries - 1) + 0.5) / entries  # to the middle of a texel
    at = graph.separate(graph.vector("MULTIPLY_ADD", total, (scale,) * 3, (offset,) * 3))
    result: bpy.types.NodeSocket | None = None
    for index in range(COMPONENTS.get(map_, 1)):
        place = graph.combine(at[index], (made.rows[map_] + index + 0.5) / rows, 0.0)
        table = graph.node("TexImage", place, image=made.lookup, interpolation="Closest", extension="EXTEND")
        share = table.outputs["Color"]
        result = share if result is None else graph.vector("ADD", result, share)
    assert result is not None
    if map_ in NORMALS:
        unit = graph.vector("NORMALIZE", graph.vector("ADD", result, (0.0, 0.0, 1.0)))
        return graph.vector("MULTIPLY_ADD", unit, (0.5,) * 3, (0.5,) * 3)
    return _scene_linear(graph, result) if map_ in made.encoded else result


def _scene_linear(graph: Graph, encoded: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """sRGB to the file's working space; its power law throughout, at most 0.0009 above the straight part near black."""
    limited = graph.vector("MAXIMUM", graph.vector("MINIMUM", encoded, (1.0,) * 3), (0.0,) * 3)
    base = graph.vector("MULTIPLY_ADD", limited, (1 / 1.055,) * 3, (0.055 / 1.055,) * 3)
    linear = graph.combine(*(graph.math("POWER", channel, 2.4) for channel in graph.separate(base)))
    matrix = working_space.from_rec709()
    if matrix is None:
        return linear
    return graph.combine(*(graph.dot(linear, tuple(map(float, row))) for row in matrix))


def _piece_group() -> bpy.types.NodeTree:
    """New group: where one of the three pieces at a point is taken from the maps, and its weight.

    Skewed coordinates (u, v) have the grid's vertices at whole numbers; slot: the colour of a vertex, (u - v) mod 3.
    """
    graph = Graph(PIECE)
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


def _vertex(graph: Graph, u: Value, v: Value, slot: Value) -> tuple[bpy.types.NodeSocket, bpy.types.NodeSocket]:
    """The vertex of this colour of the triangle around (u, v).

    The cell's lower left and upper right vertices have one colour: a point has the one on its side of the diagonal.
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


def _noise(graph: Graph, vector: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    return graph.node("TexWhiteNoise", vector, noise_dimensions="3D").outputs["Value"]
