# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks from selected faces, with pictures of the UV islands that they are in, and from Blender's mask datablocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import bmesh
import bpy
import numpy as np
from mathutils.geometry import interpolate_bezier

from ..bridge import meshes, surfaces
from ..bridge.mesh_masks import grow
from ..core.errors import Message, ParameterError
from ..core.system.untrusted import excerpt
from . import regions, shapes
from .shapes import TileGrid

DIGITS = 6
"""Decimal places to which UVs must agree to count as one point."""


@dataclass(frozen=True)
class ChosenFaces:
    """Faces that are to be filled, in the pixels of their material's base colour.

    Pictures are by number of the UDIM tile, 0 without tiles. mask: bool (H, W). islands: uint8 (H, W, 3), in which each
    island with selected faces has a colour of its own, and all others share one.
    """

    item: bpy.types.Object
    image: bpy.types.Image
    material: bpy.types.Material
    mask: Mapping[int, np.ndarray]
    islands: Mapping[int, np.ndarray]


def faces_of(context: bpy.types.Context, name: str, margin_px: int) -> ChosenFaces:
    """The selected faces of an object (default: the active one), of its active material or of the first that they have.

    margin_px: pixels by which faces and islands spread, as the margin of a bake. Raise ParameterError if there are
    none, or their texture cannot be found.
    """
    item = _object(context, name)
    with _readable_mesh(item) as mesh:
        selected, slots = meshes.selected_faces(mesh), meshes.slots(mesh, len(item.material_slots))
        slot, material = _material(item, slots[selected])
        image, placed = surfaces.base_color_of(material), meshes.uv_mapping(material)
        uvs, vertices, faces = meshes.triangles(mesh, placed.uv_map)
    grid, has_material = regions.grid_of(image), slots == slot
    numbers = np.where(has_material, _numbers(_islands(uvs, vertices, faces, len(slots)), selected & has_material), 0)
    on_texture, mask, colors = placed.to_texture(uvs), {}, {}
    for tile in grid.sizes_px:
        all_islands, filled = (
            grow(_draw(grid, tile, on_texture, np.where(which, numbers, 0)[faces]), margin_px)
            for which in (has_material, selected)
        )
        mask[tile], colors[tile] = (filled > 0) & (filled == all_islands), _colors(all_islands)
    return ChosenFaces(item, image, material, mask, colors)


@contextmanager
def _readable_mesh(item: bpy.types.Object) -> Iterator[bpy.types.Mesh]:
    """A mesh as it is now: in edit mode a copy, since its UVs cannot be read there."""
    if item.mode != "EDIT":
        yield item.data
        return
    item.update_from_editmode()
    copy = item.data.copy()
    try:
        yield copy
    finally:
        bpy.data.meshes.remove(copy)


def _draw(grid: TileGrid, tile: int, uvs: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Picture (H, W) of a tile: the triangles (T, 3, 2) that have a number (T,) above 0."""
    wanted = numbers > 0
    return shapes.triangles(grid.sizes_px[tile], grid.corners(tile, uvs[wanted]), numbers[wanted], wraps=not tile)


def _islands(uvs: np.ndarray, vertices: np.ndarray, faces: np.ndarray, count: int) -> np.ndarray:
    """Number of the island of each face: faces are connected where a vertex has the same UV in both."""
    corners = np.column_stack([vertices.ravel(), np.round(uvs.reshape(-1, 2) * 10**DIGITS).astype(np.int64)])
    points = np.unique(corners, axis=0, return_inverse=True)[1].reshape(-1)
    found = np.zeros(count, np.int64)
    connected = meshes.component_numbers(points, np.repeat(faces, 3))
    found[: len(connected)] = connected
    return found


def _numbers(islands: np.ndarray, selected: np.ndarray) -> np.ndarray:
    """Number of each face's island: 1, 2, … for islands with selected faces, and the next number for all others."""
    wanted = np.unique(islands[selected])
    place = np.searchsorted(wanted, islands).clip(max=len(wanted) - 1)
    return np.where(wanted[place] == islands, place + 1, len(wanted) + 1)


def _colors(numbers: np.ndarray) -> np.ndarray:
    """A colour for each number: uint8 (H, W, 3); 0 is black."""
    return np.stack([numbers % 256, numbers // 256 % 256, numbers // 65536], 2).astype(np.uint8)


def _object(context: bpy.types.Context, name: str) -> bpy.types.Object:
    item = bpy.data.objects.get(name) if name else context.active_object
    if item is None or item.type != "MESH":
        what = Message("there is no mesh object called {}", excerpt(name)) if name else "the active object is no mesh"
        raise ParameterError(what, "choose a mesh object, and select faces of it in edit mode")
    return item


def _material(item: bpy.types.Object, slots: np.ndarray) -> tuple[int, bpy.types.Material]:
    """Slot and material of the selected faces: the active one if they have it, else the first of theirs."""
    if not len(slots):
        raise ParameterError("no face of {} is selected", "select faces in edit mode", item.name)
    used = sorted(set(slots.tolist()))
    slot = item.active_material_index if item.active_material_index in used else used[0]
    material = item.material_slots[slot].material if slot >= 0 else None
    if material is None:
        raise ParameterError("the selected faces of {} have no material", "give them one with textures", item.name)
    return slot, material


def selected_faces_mask(context: bpy.types.Context, grid: TileGrid) -> np.ndarray:
    """Mask of the faces that are selected in edit mode, and in the UV editor unless its selection is synchronised."""
    items = [item for item in context.objects_in_mode if item.type == "MESH"] if context.mode == "EDIT_MESH" else []
    corners = [
        corner for item in items for corner in _selected_triangles(item, context.tool_settings.use_uv_select_sync)
    ]
    if not corners:
        raise ParameterError("no faces are selected", "select faces in edit mode, here or in the 3D view")
    numbers = np.ones(len(corners), np.int32)
    return grid.joined({tile: _draw(grid, tile, np.array(corners), numbers) > 0 for tile in grid.sizes_px})


def _selected_triangles(item: bpy.types.Object, is_synced: bool) -> Iterator[list[tuple[float, float]]]:
    """Triangles (3, 2) of UVs that are selected in an object's edit mode."""
    mesh = bmesh.from_edit_mesh(item.data)
    layer = mesh.loops.layers.uv.active
    if layer is None:
        return
    for loops in mesh.calc_loop_triangles():
        face = loops[0].face
        if face.select and not face.hide and (is_synced or all(_is_selected(loop, layer) for loop in face.loops)):
            yield [tuple(loop[layer].uv) for loop in loops]


def _is_selected(loop: bmesh.types.BMLoop, layer: bmesh.types.BMLayerItem) -> bool:
    """Whether a corner is selected in the UV editor; Blender 5.0 moved this to the corner itself."""
    return loop.uv_select_vert if hasattr(loop, "uv_select_vert") else loop[layer].select


STEPS = 24
"""Straight pieces of each curve between two points."""


def choice(context: bpy.types.Context, name: str) -> bpy.types.Mask:
    """Mask of this name, or else the image editor's, or the first. Raise ParameterError if there is none."""
    if name:
        found = bpy.data.masks.get(name)
    else:
        found = getattr(context.space_data, "mask", None) or next(iter(bpy.data.masks), None)
    if found is None:
        what = Message("there is no mask called {}", excerpt(name)) if name else "there is no mask"
        raise ParameterError(what, "draw one in the image editor's Mask mode")
    return found


def mask_in(mask: bpy.types.Mask, size_px: shapes.Size) -> np.ndarray:
    """The areas of the visible layers' closed splines, at this size; feathers do not count."""
    found = np.zeros(size_px, bool)
    for layer in mask.layers:
        if not layer.hide:
            area = np.zeros(size_px, bool)
            for spline in layer.splines:
                if spline.use_cyclic and spline.use_fill:
                    area |= shapes.polygon(size_px, list(_outline_of(spline, size_px)))
            found |= ~area if layer.invert else area
    return found


def _outline_of(spline: bpy.types.MaskSpline, size_px: shapes.Size) -> Iterator[shapes.Position]:
    """Outline in pixels from the upper left: Blender's masks are square, and centred on the longer side."""
    height, width = size_px
    longest = max(size_px)
    points = list(spline.points)
    for start, end in zip(points, points[1:] + points[:1], strict=True):
        for x, y in _curve(start, end):
            yield (x - 0.5) * longest + width / 2, (0.5 - y) * longest + height / 2


def _curve(start: bpy.types.MaskSplinePoint, end: bpy.types.MaskSplinePoint) -> list[tuple[float, float]]:
    """Positions between two points, without the last."""
    knots = (start.co, start.handle_right, end.handle_left, end.co)
    return [(point[0], point[1]) for point in interpolate_bezier(*(knot.to_3d() for knot in knots), STEPS + 1)[:-1]]
