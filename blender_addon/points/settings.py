# SPDX-License-Identifier: GPL-3.0-or-later
"""The live preview of the picture that points make, and its setting in each scene."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, PointerProperty

from .. import handlers
from ..bridge import images
from ..bridge.inputs import SOURCE
from ..bridge.target import by_uid
from ..core.texture import is_large
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.operator import why_busy
from ..jobs.session import connect
from ..parameters import properties
from ..parameters.properties import POINTS, tell_changed
from ..tools.live import Live, PreviewInputs
from ..tools.missing import why_unready
from ..tools.placing import placing
from ..tools.request import Request

PREVIEW_PX = 512
"""Longer side at least of the picture that a preview is made of."""


class PointsSettings(bpy.types.PropertyGroup):
    """State of the placing of points, for drawing."""

    live_preview: BoolProperty(
        name="Live Preview",
        description="Show the result, scaled down, while handles are dragged",
        default=True,
        update=tell_changed(POINTS),
    )


class _Thumbnail:
    """The picture that points are placed on, scaled down once, since it does not change meanwhile."""

    def __init__(self) -> None:
        self.number = 0
        self.picture: images.Picture | None = None

    def of(self, image: bpy.types.Image) -> images.Picture:
        if self.picture is None or self.number != placing.number:
            self.number, self.picture = placing.number, images.pixels_of(image).thumbnail(PREVIEW_PX)
        return self.picture


_thumbnail = _Thumbnail()


def why_no_preview(context: bpy.types.Context) -> str:
    """Reason why there can be no preview of what the points make; empty if there can."""
    if missing := engine.why_none():
        return missing
    image = by_uid(bpy.data.images, placing.image)
    if not placing.tool or image is None:
        return "No points are being placed"
    if is_large((image.size[1], image.size[0])):  # to read it would stop the window for seconds
        return "A result above 4096 × 4096 pixels is too large for a preview"
    return why_unready(context.scene, catalogue[placing.tool]) or why_busy()


def preview_inputs(context: bpy.types.Context) -> PreviewInputs:
    """Client, request and inputs of the preview, for a task's work."""
    image, tool = by_uid(bpy.data.images, placing.image), catalogue[placing.tool]
    assert image is not None  # else `why_no_preview` says why
    parameters = properties.parameters_of(context.scene, tool)
    request = Request(tool["name"], parameters, image, estimator="none", device=engine.preferences().device)
    return connect(), request, {SOURCE: _thumbnail.of(image)}


live = Live(POINTS, "impasto_points", why_no_preview, preview_inputs)


@bpy.app.handlers.persistent
def _undone(*_: object) -> None:
    live.ask()


HANDLERS = (("undo_post", _undone), ("redo_post", _undone))


def register() -> None:
    bpy.utils.register_class(PointsSettings)
    bpy.types.Scene.impasto_points = PointerProperty(type=PointsSettings)
    live.register()
    handlers.add(HANDLERS)


def unregister() -> None:
    handlers.remove(HANDLERS)
    live.unregister()
    placing.end()
    del bpy.types.Scene.impasto_points
    bpy.utils.unregister_class(PointsSettings)
