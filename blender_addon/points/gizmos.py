# SPDX-License-Identifier: GPL-3.0-or-later
"""Points of a tool on its picture: a gizmo of image editors to drag them, and the operator that shows it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import blf
import bpy
import gpu
from bpy.props import BoolProperty
from gpu_extras.batch import batch_for_shader

from ..bridge import image_editors
from ..bridge.inputs import picture_of
from ..bridge.target import chosen_material
from ..core.errors import ParameterError
from ..engine.catalogue import catalogue
from ..jobs.operator import report_result
from ..jobs.session import push_undo
from ..jobs.task import EXPECTED, Place, error_report
from ..parameters.groups import identifier
from ..parameters.points import points_of
from ..tools.lists import PHOTO
from ..tools.sources import chosen_source
from .handles import DraggablePoints, Handles, Position, draggable_points, handles_of, move

MODES = ("VIEW", "UV")
"""Modes of image editors in which the left button is not taken by a brush or a mask."""
PRECISE = 0.1
"""Share of the mouse's way that a handle goes while Shift is held."""
RING, CROSS, LABEL_PX = 9.0, 4.0, 11.0
"""Radius of a handle's ring, half the width of its cross, and height of its label, at a resolution scale of 1."""
COLOR, HIGHLIGHT, CROSSED = (1.0, 0.8, 0.25, 1.0), (1.0, 0.97, 0.8, 1.0), (1.0, 0.3, 0.2, 1.0)
SHADE = (0.0, 0.0, 0.0, 0.6)
"""Colour under each line, so that it shows on light pictures too."""
BEYOND = 0.55
"""Opacity of handles whose points are beyond the region's edge."""
STEPS = 32


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
            _draw_handles(handles, active, context.preferences.system.ui_scale)

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
        is_seen = handles.places[index] == handles.visible[index]
        self.grabbed, self.mouse = index, mouse
        self.target = handles.places[index] if is_seen else mouse  # one beyond the region's edge comes to the mouse
        self.before = _point(handles.points, index)
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
        found = draggable_points(context)
        if found is None or index < 0 or _point(found, index) == self.before:
            return
        if cancel:
            setattr(found.group, identifier(found.names[index]), self.before)
        else:
            push_undo(IMPASTO_GGT_points.bl_label)


def _point(found: DraggablePoints, index: int) -> tuple[float, float]:
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
        return space.mode in MODES and space.show_gizmo and draggable_points(context) is not None

    def setup(self, _context: bpy.types.Context) -> None:
        self.gizmos.new(IMPASTO_GT_points.bl_idname).use_draw_modal = True


def _draw_handles(handles: Handles, active: int, scale: float) -> None:
    """Draw handles in the region's pixels. active: index of the one under the mouse, or -1."""
    color = CROSSED if handles.is_crossed else COLOR
    before = gpu.state.blend_get()
    gpu.state.blend_set("ALPHA")
    _strokes(_outline(handles), color, scale)
    for index, (place, handle) in enumerate(zip(handles.places, handles.visible, strict=True)):
        own = HIGHLIGHT if index == active else color
        _strokes(_handle(handle, scale), own if place == handle else (*own[:3], BEYOND), scale)
    gpu.state.blend_set(before)
    for place, label in zip(handles.visible, handles.labels, strict=True):
        _label(label, place, (RING + 4) * scale, 4 * scale, handles.right, scale)
    if handles.text:
        (ax, ay), (bx, by) = (handles.places[index] for index in handles.lines)
        _label(handles.text, ((ax + bx) / 2, (ay + by) / 2), 6 * scale, 6 * scale, handles.right, scale)


def _outline(handles: Handles) -> list[Position]:
    """Lines between the points, around a quadrilateral of four."""
    places = [handles.places[index] for index in handles.lines]
    closed = [*places, places[0]] if len(places) > 2 else places
    return [place for pair in pairwise(closed) for place in pair]


def _handle(place: Position, scale: float) -> list[Position]:
    """Lines of a handle: a ring, and a cross in it."""
    turn = [math.tau * step / STEPS for step in range(STEPS + 1)]
    rim = [(place[0] + RING * scale * math.cos(angle), place[1] + RING * scale * math.sin(angle)) for angle in turn]
    (x, y), arm = place, CROSS * scale
    cross = [(x - arm, y), (x + arm, y), (x, y - arm), (x, y + arm)]
    return [point for pair in pairwise(rim) for point in pair] + cross


def _strokes(places: Sequence[Position], color: tuple[float, ...], scale: float) -> None:
    """Draw lines between pairs of places, on a wider shade."""
    if not places:
        return
    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    batch = batch_for_shader(shader, "LINES", {"pos": [(*place, 0.0) for place in places]})
    for stroke, width in ((SHADE, 4.0), (color, 1.8)):
        shader.bind()
        shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
        shader.uniform_float("lineWidth", width * scale)
        shader.uniform_float("color", stroke)
        batch.draw(shader)


def _label(text: str, place: Position, across: float, above: float, right: float, scale: float) -> None:
    """Draw a text beside a place, on its other side where it would go beyond `right`."""
    blf.size(0, LABEL_PX * scale)
    width, _ = blf.dimensions(0, text)
    x = place[0] + across if place[0] + across + width <= right else place[0] - across - width
    blf.color(0, 1.0, 1.0, 1.0, 1.0)
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 3, 0.0, 0.0, 0.0, 1.0)
    blf.position(0, x, place[1] + above, 0.0)
    blf.draw(0, text)
    blf.disable(0, blf.SHADOW)


STRAIGHTEN = "straighten"
"""Task of the tool, see `impasto.tools.TASKS`."""


class IMPASTO_OT_place_points(bpy.types.Operator):
    """Drag the tool's points on its source in the image editor, with Shift more precisely; straighten if it has none"""

    bl_label = "Place on Picture"
    place = Place.TEXTURE

    of_layer: BoolProperty(
        name="Of Layer", description="Show the source of the layers, on which the active layer's points can be dragged"
    )

    def execute(self, _context: bpy.types.Context) -> set[str]:
        problem = ParameterError("points are placed in a window", "without one, give them as parameters of the tool")
        return report_result(self, error_report(problem))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        try:
            image = self._picture(context)
        except EXPECTED as error:
            return report_result(self, error_report(error))
        if image_editors.is_image_editor(context):
            context.space_data.image = image
        else:
            image_editors.show(image)
        for space in image_editors.image_editors():
            if space.image == image:
                space.mode = space.mode if space.mode in MODES else MODES[0]
                space.show_gizmo = True
        image_editors.redraw()
        return {"FINISHED"}

    def _picture(self, context: bpy.types.Context) -> bpy.types.Image:
        """The image to place them on: the source. Raise ImpastoError if there is none."""
        stack = chosen_material(context).impasto_layers if self.of_layer else None
        if stack is None:
            _choose(context.scene.impasto, image_editors.shown_image(context))
        source = chosen_source(stack or context.scene.impasto)
        if source is None:
            raise ParameterError("no source is chosen", "choose a file, or an image of this .blend")
        return picture_of(source)


def _choose(settings: bpy.types.PropertyGroup, image: bpy.types.Image | None) -> None:
    """Choose the tool that straightens and the editor's image, if the panel's tool has no points. ParameterError."""
    if image is None or (settings.tool in catalogue and points_of(catalogue[settings.tool])):
        return
    name = catalogue.usual(STRAIGHTEN)
    if not name:
        raise ParameterError("no tool is installed for this: {}", "install a plugin that has one", STRAIGHTEN)
    settings.intent, settings.tool = PHOTO, name
    settings.source_kind, settings.image = "IMAGE", image
