# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.paint_region` and `impasto.heal_stroke`: with the mouse, or by points for scripts."""

from __future__ import annotations

import bpy
import numpy as np
from bpy.props import BoolProperty, IntProperty, StringProperty

from ..core.errors import Message, ParameterError
from ..core.system.untrusted import parse_json
from ..jobs.session import jobs
from ..jobs.task import Task, TaskReport
from . import regions, shapes
from .painter import Painter
from .request import fill_task
from .view import MOST_RADIUS_PX, settings_of

REMEDY = "write them like [[0.2, 0.5], [0.4, 0.5]]: fractions from the left and from the top"


class Stroke:
    """Mixin: properties of a stroke in a script."""

    points: StringProperty(
        name="Points",
        description="The stroke as JSON, for scripts: [[0.2, 0.5], [0.4, 0.5]], fractions from the left and the top",
    )
    radius_px: IntProperty(
        name="Radius", description="Radius of the brush in pixels; 0: as in the panel", min=0, max=MOST_RADIUS_PX
    )
    wraps: BoolProperty(name="Wraps", description="The stroke continues on the opposite side of the image")

    def stroke(self, context: bpy.types.Context, mask: np.ndarray, value: bool = True) -> np.ndarray:
        """The mask with the given stroke painted into it."""
        height, width = mask.shape
        points = [(x * width, y * height) for x, y in points_from(self.points)]
        radius_px = self.radius_px or settings_of(context).radius_px
        for start, end in zip(points, points[1:] or points, strict=False):
            shapes.stroke(mask, start, end, radius_px, value, self.wraps)
        return mask


def points_from(text: str) -> list[tuple[float, float]]:
    """Points in an operator's argument. Raise ParameterError if they are none."""
    try:
        numbers = parse_json(text, "points", kind=ParameterError) if text else []
        points = [(float(x), float(y)) for x, y in numbers]
    except (ParameterError, TypeError, ValueError) as error:
        raise ParameterError("the points {} are no list of positions", REMEDY, text[:40]) from error
    if not points:
        raise ParameterError("no points are given", REMEDY)
    return points


class IMPASTO_OT_paint_region(Stroke, Painter, bpy.types.Operator):
    """Paint the region of this image that the other buttons work on; a second click ends it"""

    bl_label = "Paint Region"
    is_at_once = True
    bl_options = {"UNDO"}  # noqa: RUF012  as Blender wants it
    keys = (
        "Drag: paint; Ctrl or right button: erase; [ ] or Ctrl wheel: radius; Backspace: clear; Enter: fill; Esc: end"
    )

    erase: BoolProperty(name="Erase", description="The stroke takes away from the region")

    def do(self, context: bpy.types.Context) -> TaskReport:
        image = self.chosen_image(context)
        regions.keep(image, self.stroke(context, regions.region_of(image).copy(), not self.erase))
        return TaskReport("INFO", Message("Painted a region of {}", image.name))

    def starting_mask(self, image: bpy.types.Image) -> np.ndarray:
        self.undone: list[np.ndarray] = []
        self.done: list[np.ndarray] = []
        return regions.region_of(image).copy()

    def stroke_ended(self, context: bpy.types.Context, image: bpy.types.Image) -> None:
        self.done.append(self.before)
        self.undone.clear()
        regions.keep(image, self.painting.mask)

    def key_pressed(self, context: bpy.types.Context, event: bpy.types.Event, image: bpy.types.Image) -> set[str]:
        if event.type in ("RET", "NUMPAD_ENTER") and not jobs.shown_task:
            ended = self.leave(context)
            self.start(context, self.place)
            return ended
        if event.type in ("BACK_SPACE", "DEL"):
            self.before = self.painting.mask.copy()
            self._show(image, self.before & False)
            self.stroke_ended(context, image)
            return {"RUNNING_MODAL"}
        if event.type == "Z" and event.ctrl:
            taken, pushed = (self.undone, self.done) if event.shift else (self.done, self.undone)
            if taken:
                pushed.append(self.painting.mask.copy())
                self._show(image, taken.pop())
            return {"RUNNING_MODAL"}
        return {"PASS_THROUGH"}

    def task(self, context: bpy.types.Context) -> Task:
        """The task that Enter starts."""
        return fill_task(context, self.chosen_image(context))

    def _show(self, image: bpy.types.Image, mask: np.ndarray) -> None:
        self.painting.mask[:] = mask
        self.painting.revision += 1
        self.is_changed = True
        regions.keep(image, self.painting.mask)


class IMPASTO_OT_heal_stroke(Stroke, Painter, bpy.types.Operator):
    """Fill along each stroke as soon as you have painted it; a second click ends it"""

    bl_label = "Heal Stroke"
    keys = "Drag: heal; [ ] or Ctrl wheel: radius; Esc: end"
    has_shapes = False

    def starting_mask(self, image: bpy.types.Image) -> np.ndarray:
        return np.zeros(regions.size_of(image), bool)

    def stroke_begins(self) -> None:
        self.painting.mask[:] = False  # the one before has been healed, or could not be

    def stroke_ended(self, context: bpy.types.Context, image: bpy.types.Image) -> None:
        if self.painting.mask.any():
            self.start(context, self.place)

    def image_changed(self, image: bpy.types.Image) -> bool:
        self.show(image)
        return True

    def task(self, context: bpy.types.Context) -> Task:
        image = self.chosen_image(context)
        painted = getattr(self, "painting", None)
        mask = painted.mask if painted else self.stroke(context, self.starting_mask(image))
        return fill_task(context, image, mask=regions.grid_of(image).split(mask))
