# SPDX-License-Identifier: GPL-3.0-or-later
"""Image editors: the image that one shows, and showing another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    pass


def is_image_editor(context: bpy.types.Context) -> bool:
    """Whether the context is an image editor."""
    return context.space_data is not None and context.space_data.type == "IMAGE_EDITOR"


def shown_image(context: bpy.types.Context) -> bpy.types.Image | None:
    """Image shown in the context's image editor; None elsewhere."""
    return context.space_data.image if is_image_editor(context) else None


def image_editors() -> Iterator[bpy.types.SpaceImageEditor]:
    """Image editors in all windows."""
    for window in bpy.context.window_manager.windows:
        yield from (area.spaces.active for area in window.screen.areas if area.type == "IMAGE_EDITOR")


def show_instead(before: bpy.types.Image, now: bpy.types.Image) -> None:
    """Show `now` in the image editors that show `before`, or else in the first that is open and not pinned."""
    editors = list(image_editors())
    showing = [space for space in editors if space.image == before]
    for space in showing or [space for space in editors if not space.use_image_pin][:1]:
        space.image = now


def redraw() -> None:
    """Redraw image editors, with their panels."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "IMAGE_EDITOR":
                area.tag_redraw()


def show(image: bpy.types.Image) -> None:
    """Show an image in the first image editor that is not pinned, or else in a window of its own."""
    space = next((space for space in image_editors() if not space.use_image_pin), None)
    if space is None:
        bpy.ops.wm.window_new()
        area = bpy.context.window_manager.windows[-1].screen.areas[0]
        area.ui_type = "IMAGE_EDITOR"
        space = area.spaces.active
    space.image = image
