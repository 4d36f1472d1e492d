# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects and faces under the mouse in a 3D view."""

from __future__ import annotations

from collections.abc import Iterable

import bmesh
import bpy
from bpy_extras import view3d_utils
from mathutils import Vector
from mathutils.bvhtree import BVHTree


def ray_below(area: bpy.types.Area, x: int, y: int) -> tuple[Vector, Vector]:
    """Origin and direction, in the scene, of the line of sight through a position in the window."""
    region = next(one for one in area.regions if one.type == "WINDOW")
    view, place = area.spaces.active.region_3d, (x - region.x, y - region.y)
    origin = view3d_utils.region_2d_to_origin_3d(region, view, place)
    return origin, view3d_utils.region_2d_to_vector_3d(region, view, place)


def is_in_view(area: bpy.types.Area, x: int, y: int) -> bool:
    """Whether a position in the window is in an area's view, and not in a sidebar or a header above it."""
    there = {
        one.type
        for one in area.regions
        if min(one.width, one.height) > 1 and 0 <= x - one.x < one.width and 0 <= y - one.y < one.height
    }
    return there == {"WINDOW"}


def object_below(context: bpy.types.Context, x: int, y: int) -> bpy.types.Object | None:
    """The object at a position of the mouse in the window; None if there is none."""
    hit = context.scene.ray_cast(context.evaluated_depsgraph_get(), *ray_below(context.area, x, y))
    return hit[4].original if hit[0] else None


def face_below(
    objects: Iterable[bpy.types.Object], origin: Vector, direction: Vector
) -> tuple[bpy.types.Object, int] | None:
    """Object and number of the nearest visible face on a line of sight, for objects in edit mode; or None."""
    found = []
    for item in objects:
        mesh, to_local = bmesh.from_edit_mesh(item.data), item.matrix_world.inverted_safe()
        mesh.verts.index_update()
        mesh.faces.index_update()
        start, along = to_local @ origin, to_local.to_3x3() @ direction
        faces = [face for face in mesh.faces if not face.hide]
        tree = BVHTree.FromPolygons(
            [corner.co for corner in mesh.verts], [[corner.index for corner in face.verts] for face in faces]
        )
        place, _, index, _ = tree.ray_cast(start, along)
        if index is not None:
            found.append(((item.matrix_world @ place - origin).length, item, faces[index].index))
    return min(found, key=lambda hit: hit[0])[1:] if found else None
