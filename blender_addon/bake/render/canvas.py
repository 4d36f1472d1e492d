# SPDX-License-Identifier: GPL-3.0-or-later
"""The image that a set of objects is baked to: its UDIM tiles, all faces on it as one mesh, and what rays missed.

Blender spreads the margin round the islands of that mesh: the margin of one object by itself would cover the islands of
the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import bpy
import numpy as np
from bpy.types import Image, Material, Mesh, Object
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from mathutils.geometry import barycentric_transform

from ...bridge.images import values_of
from ...bridge.meshes import values_in
from ...bridge.shader_tree import NodeGraph
from ...core.errors import Message, ParameterError
from ...core.udim import FIRST, tile_numbers
from ..objects.sets import HighToLow

AWAY = -2.0
"""Shift of faces in no tile, off the canvas."""


@dataclass(frozen=True)
class Tiles:
    """Numbers of the tiles on a canvas, from the bottom up; none: the canvas is the 0–1 square."""

    numbers: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Squares on the canvas."""
        return len(self.numbers) or 1

    def squares(self, mesh: Mesh, uv_map: str) -> tuple[np.ndarray, np.ndarray]:
        """UVs (L, 2) of a mesh's corners in the squares of their faces, and those squares' rows (L) on the canvas."""
        uvs = _uvs(mesh, uv_map)
        if not self.numbers:
            return uvs, np.zeros(len(uvs))
        corners = _tiles(mesh, uvs)
        numbers = tile_numbers(corners)
        rows = np.searchsorted(self.numbers, numbers)
        return uvs - corners, np.where(numbers > 0, rows, AWAY)

    def canvas(self, mesh: Mesh, uv_map: str) -> np.ndarray:
        """UVs (L, 2) of a mesh's corners on the canvas, which is a square of its own."""
        uvs, rows = self.squares(mesh, uv_map)
        uvs[:, 1] = (uvs[:, 1] + rows) / self.count
        return uvs

    def split(self, pixels: np.ndarray) -> dict[int, np.ndarray]:
        """Pixels (H, W, C) of each tile of a canvas, row 0 at the bottom."""
        return dict(zip(self.numbers, np.split(pixels, self.count), strict=True)) if self.numbers else {}


NO_TILES = Tiles()


def tiles_of(meshes: Sequence[tuple[Mesh, str]]) -> Tiles:
    """The tiles in which faces of meshes lie, by their centres."""
    found = [np.unique(tile_numbers(_tiles(mesh, _uvs(mesh, uv_map)))) for mesh, uv_map in meshes]
    return Tiles(tuple(int(one) for one in np.unique(np.concatenate(found)) if one) or (FIRST,))


def _tiles(mesh: Mesh, uvs: np.ndarray) -> np.ndarray:
    """Column and row (L, 2) of the tile of each corner's face."""
    faces = (len(mesh.polygons),)
    starts, totals = (values_in(mesh.polygons, name, faces, np.int32) for name in ("loop_start", "loop_total"))
    if not len(starts):
        return np.zeros_like(uvs)
    centres = np.add.reduceat(uvs, starts) / totals[:, None]
    return np.repeat(np.floor(centres), totals, axis=0)


def _uvs(mesh: Mesh, uv_map: str) -> np.ndarray:
    """UVs (L, 2) of the corners."""
    uvs = values_in(mesh.uv_layers[uv_map].data, "uv", (len(mesh.loops), 2), np.float32)
    return uvs.astype(np.float64)


TEMPORARY = "Impasto Bake"


class TemporaryData(list[bpy.types.ID]):
    """New datablocks, which are removed in the end."""

    def add(self, item: bpy.types.ID) -> bpy.types.ID:
        self.append(item)
        return item


@contextmanager
def temporary_scene() -> Iterator[tuple[bpy.types.Scene, TemporaryData]]:
    """A new scene, and a list of data; both are removed at the end, whatever happens."""
    scene, data = bpy.data.scenes.new(TEMPORARY), TemporaryData()
    try:
        yield scene, data
    finally:
        bpy.data.scenes.remove(scene)
        bpy.data.batch_remove(data)


@dataclass(frozen=True)
class CoverMesh:
    """One mesh of all faces of a set. Baked, it shows the picture pixel by pixel."""

    subject: Object
    picture: Image
    material: Material


def make_cover(meshes: Sequence[tuple[Mesh, str]], tiles: Tiles, image: Image, data: TemporaryData) -> CoverMesh:
    """Make the cover of meshes with the UV map of each, which is baked to the image, the canvas of the tiles."""
    picture = data.add(bpy.data.images.new(TEMPORARY, *image.size, alpha=True, float_buffer=True, is_data=True))
    picture.alpha_mode = "CHANNEL_PACKED"
    material = data.add(bpy.data.materials.new(TEMPORARY))
    _show(picture, material, image)
    mesh = data.add(bpy.data.meshes.new(TEMPORARY))
    _join(meshes, tiles, mesh)
    mesh.materials.append(material)
    return CoverMesh(data.add(bpy.data.objects.new(TEMPORARY, mesh)), picture, material)


def _join(meshes: Sequence[tuple[Mesh, str]], tiles: Tiles, joined: Mesh) -> None:
    """Put the faces of meshes and their UVs into one."""
    vertices = [values_in(mesh.vertices, "co", (len(mesh.vertices), 3), np.float32) for mesh, _ in meshes]
    corners = [values_in(mesh.loops, "vertex_index", (len(mesh.loops),), np.int32) for mesh, _ in meshes]
    faces = [values_in(mesh.polygons, "loop_start", (len(mesh.polygons),), np.int32) for mesh, _ in meshes]
    uvs = np.concatenate([tiles.canvas(*one) for one in meshes]).astype(np.float32)
    firsts = np.cumsum([0, *map(len, vertices)])
    starts = np.cumsum([0, *map(len, corners)])
    joined.vertices.add(int(firsts[-1]))
    joined.loops.add(int(starts[-1]))
    joined.polygons.add(sum(map(len, faces)))
    joined.vertices.foreach_set("co", np.concatenate(vertices).ravel())
    numbered = [one + first for one, first in zip(corners, firsts[:-1], strict=True)]
    joined.loops.foreach_set("vertex_index", np.concatenate(numbered).astype(np.int32))
    begun = [one + start for one, start in zip(faces, starts[:-1], strict=True)]
    joined.polygons.foreach_set("loop_start", np.concatenate(begun).astype(np.int32))
    joined.update(calc_edges=True)
    joined.uv_layers.new(name=TEMPORARY).data.foreach_set("uv", uvs.ravel())


def _show(picture: Image, material: Material, image: Image) -> None:
    """Have a material emit the picture, and be baked to the image."""
    if bpy.app.version < (5, 0):
        material.use_nodes = True
    tree, graph = material.node_tree, NodeGraph(material.node_tree)
    tree.nodes.clear()
    node = graph.node("TexImage", image=picture, interpolation="Closest")
    emission = graph.node("Emission", node.outputs["Color"])
    graph.node("OutputMaterial", emission.outputs[0])
    tree.nodes.active = graph.node("TexImage", image=image)


def pixels_of(image: Image) -> np.ndarray:
    """The pixels (H, W, 4) as Blender holds them, row 0 at the bottom, linear, alpha 0 where no face is."""
    return values_of(image).reshape(image.size[1], image.size[0], 4)


def fill(pixels: np.ndarray, missed: np.ndarray) -> None:
    """Fill missed pixels (H, W) of an image (H, W, 4) from the baked ones around them, in place."""
    known = (pixels[..., 3] > 0) & ~missed
    pixels[missed, :3] = _spread(pixels[..., :3] * known[..., None], known.astype("float32"))[missed]


def _spread(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Means of weighted values (H, W, C) over the smallest squares of 2ⁿ pixels with any weight (H, W)."""
    height, width = weights.shape
    means = values / np.maximum(weights, 1e-12)[..., None]
    if height * width == 1 or (weights > 0).all():
        return means
    padded = np.pad(np.dstack([values, weights]), ((0, height % 2), (0, width % 2), (0, 0)))
    sums = padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]
    coarse = _spread(sums[..., :-1], sums[..., -1]).repeat(2, axis=0).repeat(2, axis=1)
    return np.where((weights > 0)[..., None], means, coarse[:height, :width])


def clear(image: Image) -> None:
    """Make an image black and transparent."""
    image.pixels.foreach_set(np.zeros(len(image.pixels), np.float32))


def block_means(pixels: np.ndarray, side_px: int) -> np.ndarray:
    """Means (H / side, W / side, C) of square blocks of pixels (H, W, C), weighted by the last channel, their alpha.

    The values of pixels where it is partial are premultiplied, as Blender's margins are.
    """
    if side_px == 1:
        return pixels
    height, width, channels = pixels.shape
    blocks = pixels.reshape(height // side_px, side_px, width // side_px, side_px, channels)
    return blocks.mean((1, 3), dtype=np.float32)


def draw_out(values: np.ndarray, covered: np.ndarray, margin_px: int) -> np.ndarray:
    """Give uncovered pixels of values (H, W, C), up to margin_px away, a covered neighbour's value, never a blend.

    Works in place, from the border of what is covered outwards; returns where pixels are covered then.
    """
    height, width = covered.shape
    row = width + 2  # a frame of one pixel, which counts as reached
    reached = np.pad(covered, 1, constant_values=True).ravel()
    origin = np.pad(np.arange(height * width).reshape(height, width), 1).ravel()
    border = np.flatnonzero(np.pad(covered, 1))
    for _ in range(margin_px):
        found = []
        for step in (1, -1, row, -row, row + 1, row - 1, 1 - row, -1 - row):
            is_new = ~reached[border + step]
            new = border[is_new] + step
            reached[new], origin[new] = True, origin[border[is_new]]
            found.append(new)
        border = np.concatenate(found)
        if not border.size:
            break
    inside = (slice(1, -1), slice(1, -1))
    now = reached.reshape(height + 2, row)[inside]
    added = now & ~covered
    values[added] = values.reshape(height * width, -1)[origin.reshape(height + 2, row)[inside][added]]
    return now


REMEDIES = {
    (True, True): "set Extrusion and Ray Distance to 0, so that they are found, or raise them",
    (True, False): "set Extrusion to 0, so that it is found, or raise it",
    (False, True): "set Ray Distance to 0, so that it is found, or raise it",
    (False, False): "let the high objects cover the low one, or set Extrusion and Ray Distance by hand",
}
"""The remedies, by whether Extrusion and Ray Distance are set."""
MOST_POINTS = 4000
"""Limit of the points that are kept, an even selection: more could not be told apart."""

Point: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class Misses:
    """Number of missed pixels, and points where they lie, for each object of the set in its own space."""

    count: int = 0
    points: tuple[tuple[Point, ...], ...] = ()


NO_MISSES = Misses()


def remedy_for(projections: Sequence[HighToLow]) -> str:
    """The remedy against misses of low objects that are baked with these distances."""
    are_set = any(one.extrusion > 0 for one in projections), any(one.ray_distance > 0 for one in projections)
    return REMEDIES[are_set]


def check_missed(missed: np.ndarray, covered: np.ndarray, remedy: str) -> None:
    """Raise ParameterError if all pixels of low objects (H, W) are missed."""
    if covered.any() and missed.sum() == covered.sum():
        raise ParameterError("no ray from the low objects meets a high one", remedy)


def missed_notes(missed: np.ndarray, covered: np.ndarray, remedy: str) -> list[str]:
    """A note on the missed pixels (H, W) of low objects."""
    count, total = int(missed.sum()), int(covered.sum())
    note = "{} of {} pixels show no high object, and are filled from those around them; {}"
    note = Message(note, count, total, remedy)
    return [note] if count else []


def misses_on(meshes: Sequence[tuple[Mesh, str]], tiles: Tiles, missed: np.ndarray) -> Misses:
    """The missed pixels (H, W), row 0 at the bottom, on evaluated meshes with the UV map of each."""
    height, width = missed.shape
    rows, columns = np.nonzero(missed)
    step = -(-len(rows) // MOST_POINTS) or 1
    places = np.stack([(columns[::step] + 0.5) / width, (rows[::step] + 0.5) / height], axis=1).tolist()
    found: list[tuple[Point, ...]] = []
    for mesh, uv_map in meshes:
        mesh.calc_loop_triangles()
        count = len(mesh.loop_triangles)
        corners = values_in(mesh.loop_triangles, "loops", (count, 3), np.int32)
        vertices = values_in(mesh.loop_triangles, "vertices", (count, 3), np.int32)
        uvs = np.pad(tiles.canvas(mesh, uv_map), ((0, 0), (0, 1)))
        tree = BVHTree.FromPolygons(uvs.tolist(), corners.tolist())
        hits = [tree.find_nearest((*place, 0.0), 1.5 / min(width, height)) for place in places]
        found.append(
            tuple(
                _on_surface(mesh, hit[0], uvs[corners[hit[2]]].tolist(), vertices[hit[2]].tolist())
                for hit in hits
                if hit[0] is not None
            )
        )
    return Misses(int(missed.sum()), tuple(found))


def _on_surface(mesh: Mesh, place: Vector, uvs: Sequence[Point], vertices: Sequence[int]) -> Point:
    """The point of a triangle of a mesh that lies at a place of its UVs."""
    corners = [mesh.vertices[index].co for index in vertices]
    return tuple(barycentric_transform(place, *map(Vector, uvs), *corners))
