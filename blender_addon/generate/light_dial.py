# SPDX-License-Identifier: GPL-3.0-or-later
"""A dial on the picture in the image editor that shows where the light comes from, and can be dragged.

It stands for a known parameter of format azimuth of the tools chosen in the Impasto panel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import bpy
from mathutils import Matrix, Vector

from ..engine.catalogue import catalogue
from ..jobs.session import push_undo
from ..parameters import points, properties

RADIUS, SUN, REACH = 90.0, 10.0, 14.0
"""Radii of the dial, of its sun, and of the area that can be dragged, at a resolution scale of 1."""
SNAP = math.radians(15)
"""Step of the angle while Ctrl is held."""
STEPS = 64


def shown_azimuth(context: bpy.types.Context) -> tuple[bpy.types.PropertyGroup, str] | None:
    """Group and parameter of the first known azimuth of the chosen tools; None if there is none."""
    for name in _tools(context.scene):
        tool = catalogue[name]
        group = properties.group_of(context.scene, tool)
        for parameter in points.azimuths_of(tool):
            if properties.is_visible(group, tool, parameter) and points.is_known(group, parameter):
                return group, properties.identifier(parameter)
    return None


def _tools(scene: bpy.types.Scene) -> Iterator[str]:
    """The panel's tool, its estimator of further maps, and the tool of Maps from Image."""
    settings = scene.impasto
    for name in dict.fromkeys((settings.tool, settings.estimator, catalogue.usual("maps"))):
        if name in catalogue:
            yield name


def azimuth_at(offset: tuple[float, float], is_snapped: bool = False) -> float:
    """Angle of an offset from the middle, in radians from 0 to 2π: 0 is right, π/2 is up."""
    angle = math.atan2(offset[1], offset[0]) % math.tau
    return round(angle / SNAP) * SNAP % math.tau if is_snapped else angle


def _middle(context: bpy.types.Context) -> Vector:
    """The middle of the picture in the region."""
    return Vector(context.region.view2d.view_to_region(0.5, 0.5, clip=False))


def _circle(radius: float) -> list[tuple[float, float]]:
    angles = (math.tau * step / STEPS for step in range(STEPS + 1))
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]


def _lines(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points in pairs, one for each line between neighbours."""
    return [point for pair in pairwise(points) for point in pair]


def _disc(radius: float) -> list[tuple[float, float]]:
    """Triangles of a disc around the middle."""
    rim = _circle(radius)
    return [point for one, other in pairwise(rim) for point in ((0.0, 0.0), one, other)]


ARROW = [(RADIUS - SUN, 0.0), (RADIUS * 0.45, 0.0), (RADIUS * 0.45, 0.0), (RADIUS * 0.57, 7.0)]
ARROW += [(RADIUS * 0.45, 0.0), (RADIUS * 0.57, -7.0)]
"""Lines of the arrow from the sun to the middle, for light from the right."""


class IMPASTO_GT_light_dial(bpy.types.Gizmo):
    """A circle with a sun on it, and an arrow from there to the middle of the picture."""

    bl_idname = "IMPASTO_GT_light_dial"
    __slots__ = ("arrow", "before", "circle", "sun")

    def setup(self) -> None:
        self.circle = self.new_custom_shape("LINES", _lines(_circle(RADIUS)))
        self.arrow = self.new_custom_shape("LINES", ARROW)
        self.sun = self.new_custom_shape("TRIS", _disc(SUN))
        self.before = 0.0

    def draw(self, context: bpy.types.Context) -> None:
        azimuth = shown_azimuth(context)
        if azimuth is None:
            return
        scale = context.preferences.system.ui_scale
        at = Matrix.Translation(_middle(context).to_3d()) @ Matrix.Scale(scale, 4)
        turned = at @ Matrix.Rotation(getattr(*azimuth), 4, "Z")
        self.draw_custom_shape(self.circle, matrix=at)
        self.draw_custom_shape(self.arrow, matrix=turned)
        self.draw_custom_shape(self.sun, matrix=turned @ Matrix.Translation((RADIUS, 0, 0)))

    def test_select(self, context: bpy.types.Context, location: Any) -> int:
        """0 on the sun or the circle, -1 elsewhere."""
        scale = context.preferences.system.ui_scale
        distance = (Vector(location) - _middle(context)).length
        return 0 if abs(distance - RADIUS * scale) < REACH * scale else -1

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        azimuth = shown_azimuth(context)
        if azimuth is None:
            return {"CANCELLED"}
        self.before = getattr(*azimuth)
        return self.modal(context, event, set())

    def modal(self, context: bpy.types.Context, event: bpy.types.Event, tweak: set[str]) -> set[str]:
        if azimuth := shown_azimuth(context):
            offset = Vector((event.mouse_region_x, event.mouse_region_y)) - _middle(context)
            setattr(*azimuth, azimuth_at(tuple(offset), "SNAP" in tweak))
        return {"RUNNING_MODAL"}

    def exit(self, context: bpy.types.Context, cancel: bool) -> None:
        azimuth = shown_azimuth(context)
        if azimuth and cancel:
            setattr(*azimuth, self.before)
        elif azimuth:
            push_undo(IMPASTO_GGT_light.bl_label)


class IMPASTO_GGT_light(bpy.types.GizmoGroup):
    """The dial in image editors that show an image."""

    bl_idname = "IMPASTO_GGT_light"
    bl_label = "Light Azimuth"
    bl_space_type = "IMAGE_EDITOR"
    bl_region_type = "WINDOW"
    bl_options = {"PERSISTENT"}  # noqa: RUF012  as Blender wants it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        space = context.space_data
        is_picture = space.image is not None and space.mode == "VIEW" and space.show_gizmo
        return is_picture and shown_azimuth(context) is not None

    def setup(self, _context: bpy.types.Context) -> None:
        dial = self.gizmos.new(IMPASTO_GT_light_dial.bl_idname)
        dial.use_draw_modal = True
        dial.color, dial.alpha = (1.0, 0.8, 0.25), 0.9
        dial.color_highlight, dial.alpha_highlight = (1.0, 0.95, 0.6), 1.0
        dial.line_width = 2.0
