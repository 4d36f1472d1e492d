# SPDX-License-Identifier: GPL-3.0-or-later
"""Base of the operators that paint over the picture in an image editor, until they are left.

Events outside the picture, and unused ones, are passed on to Blender: panels and navigation work as always.
"""

from __future__ import annotations

import bpy
import numpy as np

from ..bridge.image_editors import is_image_editor
from ..core.errors import ImpastoError
from ..image import OnImage
from ..jobs.operator import report_result
from ..jobs.session import jobs
from ..jobs.task import Place, error_report
from ..translations.texts import sentence
from . import overlay, shapes
from .shapes import Position
from .view import BRUSH, LASSO, MOST_RADIUS_PX, EditorView, settings_of

STEP = 1.15
"""Factor of the radius for each press of a bracket or notch of the wheel."""
LARGER, SMALLER = ("RIGHT_BRACKET", "WHEELUPMOUSE"), ("LEFT_BRACKET", "WHEELDOWNMOUSE")
BUTTONS = ("LEFTMOUSE", "RIGHTMOUSE")


class Painter(OnImage):
    """Mixin: a modal operator that paints a mask with the mouse.

    keys: what the status bar says. has_shapes: whether the panel's shape counts, or else always the brush.
    """

    place = Place.REPAIR
    keys: str
    has_shapes = True

    def starting_mask(self, image: bpy.types.Image) -> np.ndarray:
        """The mask that the first stroke is painted on; a copy."""
        raise NotImplementedError

    def stroke_begins(self) -> None:
        """Prepare the mask for a stroke."""

    def stroke_ended(self, context: bpy.types.Context, image: bpy.types.Image) -> None:
        """Use the painted mask."""
        raise NotImplementedError

    def image_changed(self, image: bpy.types.Image) -> bool:
        """Whether painting goes on though the editor now shows this other image."""
        return False

    def key_pressed(self, context: bpy.types.Context, event: bpy.types.Event, image: bpy.types.Image) -> set[str]:
        """Handle a key of its own."""
        return {"PASS_THROUGH"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background or not is_image_editor(context):
            return self.execute(context)
        if overlay.painting():  # a second click ends it
            overlay.show_painting(None)
            return {"CANCELLED"}
        try:
            image = self.chosen_image(context)
            self.area, self.is_changed = context.area, False
            self.trail: list[Position] = []
            self.screen: list[Position] = []
            self.show(image)
        except ImpastoError as error:
            jobs.show_report(error_report(error), self.place)
            return report_result(self, error_report(error))
        context.workspace.status_text_set(sentence(self.keys))
        context.window_manager.modal_handler_add(self)
        context.area.tag_redraw()
        return {"RUNNING_MODAL"}

    def show(self, image: bpy.types.Image) -> None:
        """Paint on this image from now on."""
        mask = self.starting_mask(image)
        self.painting = overlay.Painting(image.session_uid, self.area.as_pointer(), mask)
        overlay.show_painting(self.painting)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        image = self._image(context)
        if image is None or overlay.painting() is not self.painting:
            return self.leave(context)
        self.area.tag_redraw()
        region = next(region for region in self.area.regions if region.type == "WINDOW")
        view = EditorView.of(region, self.area.spaces.active, settings_of(context).is_shifted)
        at = (event.mouse_x - region.x, event.mouse_y - region.y)
        if self.trail:
            return self._drag(context, event, image, view, at)
        is_over = _is_over(self.area, region, event)
        self._outline(context, view, at if is_over else None)
        if not is_over or event.value != "PRESS":
            return {"PASS_THROUGH"}
        if event.type in BUTTONS:
            return self._begin(event, view, at)
        if event.type == "ESC":
            return self.leave(context)
        if event.type in LARGER + SMALLER and (event.ctrl or "BRACKET" in event.type):
            return self._change_radius(context, event.type in LARGER, view, at)
        return self.key_pressed(context, event, image)

    def cancel(self, context: bpy.types.Context) -> None:
        """End as Blender does when it opens another file."""
        self.leave(context)

    def leave(self, context: bpy.types.Context) -> set[str]:
        """End, and keep what was painted."""
        if overlay.painting() is self.painting:
            overlay.show_painting(None)
        context.workspace.status_text_set(None)
        for area in context.screen.areas if context.screen else ():
            area.tag_redraw()
        return {"FINISHED"} if self.is_changed else {"CANCELLED"}

    def _image(self, context: bpy.types.Context) -> bpy.types.Image | None:
        """Image that is painted on; None if the editor is gone or shows another."""
        areas = context.screen.areas if context.screen else ()
        if self.area not in list(areas) or self.area.type != "IMAGE_EDITOR":
            return None
        image = self.area.spaces.active.image
        if image is None or image.session_uid == self.painting.image:
            return image
        return image if self.image_changed(image) else None

    def _begin(self, event: bpy.types.Event, view: EditorView, at: Position) -> set[str]:
        if jobs.shown_task:  # its result will replace the image
            return {"RUNNING_MODAL"}
        self.stroke_begins()
        mask = self.painting.mask
        self.value = event.type == "LEFTMOUSE" and not event.ctrl
        self.before, self.trail, self.screen = mask.copy(), [view.to_image(at, mask.shape)], [at]
        self._paint(view)
        return {"RUNNING_MODAL"}

    def _drag(
        self, context: bpy.types.Context, event: bpy.types.Event, image: bpy.types.Image, view: EditorView, at: Position
    ) -> set[str]:
        """Go on with a stroke, end it, or take it back."""
        if event.type == "ESC":
            self.painting.mask[:] = self.before
        elif event.type in BUTTONS and event.value == "RELEASE":
            self._close(view)
        else:
            if event.type == "MOUSEMOVE" and at != self.screen[-1]:
                self.trail.append(view.to_image(at, self.painting.mask.shape))
                self.screen.append(at)
                self._paint(view)
                self._outline(context, view, at)
            return {"RUNNING_MODAL"}
        self.trail, self.screen, self.painting.outline = [], [], ()
        self.painting.revision += 1
        if event.type != "ESC":
            self.is_changed = True
            self.stroke_ended(context, image)
        return {"RUNNING_MODAL"}

    @property
    def _shape(self) -> str:
        return settings_of(bpy.context).shape if self.has_shapes else BRUSH

    def _paint(self, view: EditorView) -> None:
        """Paint with the brush, from the last position but one to the last."""
        if self._shape == BRUSH:
            radius_px = settings_of(bpy.context).radius_px
            start = self.trail[-2 if len(self.trail) > 1 else -1]
            shapes.stroke(self.painting.mask, start, self.trail[-1], radius_px, self.value, view.wraps)
            self.painting.revision += 1

    def _close(self, view: EditorView) -> None:
        """Fill the lasso or the box."""
        if self._shape == BRUSH:
            return
        (x0, y0), (x1, y1) = self.trail[0], self.trail[-1]
        corners = self.trail if self._shape == LASSO else [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        inside = shapes.polygon(self.painting.mask.shape, corners, view.wraps)
        self.painting.mask[inside] = self.value

    def _outline(self, context: bpy.types.Context, view: EditorView, at: Position | None) -> None:
        """Outline of the brush, the lasso or the box at the mouse."""
        if self._shape == BRUSH:
            radius = settings_of(context).radius_px
            across, up = view.pixel_scale(self.painting.mask.shape)
            reach = (radius * across, radius * up)
            self.painting.outline = overlay.circle(at, reach) if at else ()
        elif self.screen:
            (x0, y0), (x1, y1) = self.screen[0], self.screen[-1]
            box = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
            self.painting.outline = [*self.screen, self.screen[0]] if self._shape == LASSO else box

    def _change_radius(self, context: bpy.types.Context, is_larger: bool, view: EditorView, at: Position) -> set[str]:
        settings = settings_of(context)
        radius = settings.radius_px
        changed = max(radius + 1, round(radius * STEP)) if is_larger else min(radius - 1, round(radius / STEP))
        settings.radius_px = min(max(changed, 1), MOST_RADIUS_PX)
        self._outline(context, view, at)
        return {"RUNNING_MODAL"}


def _is_over(area: bpy.types.Area, region: bpy.types.Region, event: bpy.types.Event) -> bool:
    """Whether the mouse is over the picture, and not over a panel that overlaps it."""
    others = (other for other in area.regions if other.type != "WINDOW" and other.width > 1 and other.height > 1)
    return _holds(region, event) and not any(_holds(other, event) for other in others)


def _holds(region: bpy.types.Region, event: bpy.types.Event) -> bool:
    is_within_x = region.x <= event.mouse_x < region.x + region.width
    return is_within_x and region.y <= event.mouse_y < region.y + region.height
