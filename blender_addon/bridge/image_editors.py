# SPDX-License-Identifier: GPL-3.0-or-later
"""Image editors: the image in an editor, and replacing it.

Undo does not restore the image in an editor: after undo of a result, the editor would be empty. So editors show the
replaced image after undo, and the result after redo.
"""

from __future__ import annotations

from collections.abc import Iterator

import bpy
from bpy.props import PointerProperty

from ..windows import areas

_replaced: dict[int, list[tuple[int, int]]] = {}
"""Session ids of each replaced image and its replacement, by the pointer of the editor that showed it."""


def is_image_editor(context: bpy.types.Context) -> bool:
    """Whether the context is an image editor."""
    return context.space_data is not None and context.space_data.type == "IMAGE_EDITOR"


def shown_image(context: bpy.types.Context) -> bpy.types.Image | None:
    """Image shown in the context's image editor; None elsewhere."""
    return context.space_data.image if is_image_editor(context) else None


def image_editors() -> Iterator[bpy.types.SpaceImageEditor]:
    """Image editors in all windows."""
    return (area.spaces.active for area in areas() if area.type == "IMAGE_EDITOR")


def show_instead(before: bpy.types.Image, now: bpy.types.Image) -> None:
    """Show `now` in the image editors that show `before`, or else in the first open editor that is not pinned."""
    editors = list(image_editors())
    showing = [space for space in editors if space.image == before]
    for space in showing or [space for space in editors if not space.use_image_pin][:1]:
        _show_instead(space, now)


def redraw() -> None:
    """Redraw image editors, with their panels."""
    for area in areas():
        if area.type == "IMAGE_EDITOR":
            area.tag_redraw()


def replace_shown(before: bpy.types.Image, now: bpy.types.Image) -> None:
    """Show `now` in the image editors that show `before`."""
    for space in image_editors():
        if space.image == before:
            _show_instead(space, now)


def _show_instead(space: bpy.types.SpaceImageEditor, now: bpy.types.Image) -> None:
    """Show another image, and remember the image before."""
    if space.image is not None:
        if space.image not in (now, now.impasto_former) and space.image.source != "VIEWER":
            now.impasto_former = space.image  # or nothing might hold it any more
        _replaced.setdefault(space.as_pointer(), []).append((space.image.session_uid, now.session_uid))
    space.image = now


def _undone(*_: object) -> None:
    """After undo, show the images that the undone results had replaced."""
    found = {image.session_uid: image for image in bpy.data.images}
    for space in image_editors():
        earlier = [before for before, _now in _replaced.get(space.as_pointer(), ()) if before in found]
        if space.image is None and earlier:
            space.image = found[earlier[-1]]


def _redone(*_: object) -> None:
    """After redo, show the redone results."""
    found = {image.session_uid: image for image in bpy.data.images}
    for space in image_editors():
        for before, now in _replaced.get(space.as_pointer(), ()):
            if space.image is not None and space.image.session_uid == before and now in found:
                space.image = found[now]


def _file_opened(*_: object) -> None:
    _replaced.clear()


HANDLERS = (("undo_post", _undone), ("redo_post", _redone), ("load_post", _file_opened))


PROPERTIES = ((bpy.types.Image, "impasto_former", PointerProperty(type=bpy.types.Image)),)
unregister = _replaced.clear


def show(image: bpy.types.Image) -> None:
    """Show an image in the first image editor that is not pinned, or else in a window of its own."""
    space = next((space for space in image_editors() if not space.use_image_pin), None)
    if space is None:
        bpy.ops.wm.window_new()
        area = bpy.context.window_manager.windows[-1].screen.areas[0]
        area.ui_type = "IMAGE_EDITOR"
        space = area.spaces.active
    space.image = image
