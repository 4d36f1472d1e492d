# SPDX-License-Identifier: GPL-3.0-or-later
"""The handles as a gizmo of image editors: points are dragged on the picture, whatever its zoom."""

from __future__ import annotations

from typing import Any

import bpy

from ..jobs.session import push_undo
from ..parameters.groups import identifier
from . import drawing
from .handles import handles_of, move
from .placed import Placed, placed

MODES = ("VIEW", "UV")
"""Modes of image editors in which the left button is not taken by a brush or a mask."""
PRECISE = 0.1
"""Share of the mouse's way that a handle goes while Shift is held."""


class IMPASTO_GT_points(bpy.types.Gizmo):
    """Handles of all points of a tool; its parts are the indices of the handles."""

    bl_idname = "IMPASTO_GT_points"
    __slots__ = ("before", "grabbed", "hovered", "mouse", "target")

    def setup(self) -> None:
        self.hovered, self.grabbed = -1, -1
        self.before = self.mouse = self.target = (0.0, 0.0)

    def draw(self, context: bpy.types.Context) -> None:
        if handles := handles_of(context):
            active = self.grabbed if self.grabbed >= 0 else self.hovered if self.is_highlight else -1
            drawing.draw(handles, active, context.preferences.system.ui_scale)

    def test_select(self, context: bpy.types.Context, location: Any) -> int:
        """Index of the handle at a place, -1 elsewhere."""
        handles = handles_of(context)
        self.hovered = handles.at(tuple(location), context.preferences.system.ui_scale) if handles else -1
        return self.hovered

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        handles, mouse = handles_of(context), (event.mouse_region_x, event.mouse_region_y)
        index = handles.at(mouse, context.preferences.system.ui_scale) if handles else -1
        if handles is None or index < 0:
            return {"CANCELLED"}
        is_seen = handles.places[index] == handles.shown[index]
        self.grabbed, self.mouse = index, mouse
        self.target = handles.places[index] if is_seen else mouse  # one beyond the region's edge comes to the mouse
        self.before = _point(handles.placed, index)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event, tweak: set[str]) -> set[str]:
        mouse, share = (event.mouse_region_x, event.mouse_region_y), PRECISE if "PRECISE" in tweak else 1.0
        (x, y), (was_x, was_y) = mouse, self.mouse
        self.target = self.target[0] + share * (x - was_x), self.target[1] + share * (y - was_y)
        if mouse != self.mouse:
            move(context, self.grabbed, self.target)
        self.mouse = mouse
        return {"RUNNING_MODAL"}

    def exit(self, context: bpy.types.Context, cancel: bool) -> None:
        index, self.grabbed = self.grabbed, -1
        found = placed(context)
        if found is None or index < 0 or _point(found, index) == self.before:
            return
        if cancel:
            setattr(found.group, identifier(found.names[index]), self.before)
        else:
            push_undo(IMPASTO_GGT_points.bl_label)


def _point(found: Placed, index: int) -> tuple[float, float]:
    x, y = getattr(found.group, identifier(found.names[index]))
    return x, y


class IMPASTO_GGT_points(bpy.types.GizmoGroup):
    """The handles in image editors that show the picture they belong to."""

    bl_idname = "IMPASTO_GGT_points"
    bl_label = "Points on Picture"
    bl_space_type = "IMAGE_EDITOR"
    bl_region_type = "WINDOW"
    bl_options = {"PERSISTENT"}  # noqa: RUF012  as Blender wants it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        space = context.space_data
        return space.mode in MODES and space.show_gizmo and placed(context) is not None

    def setup(self, _context: bpy.types.Context) -> None:
        self.gizmos.new(IMPASTO_GT_points.bl_idname).use_draw_modal = True


CLASSES = (IMPASTO_GT_points, IMPASTO_GGT_points)
