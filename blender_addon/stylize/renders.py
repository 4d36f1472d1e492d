# SPDX-License-Identifier: GPL-3.0-or-later
"""The render result as a picture. Scripts cannot read its pixels, but Blender can save them as the view shows them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..core.errors import ParameterError
from ..jobs.session import jobs

NAME = "Render Result"
PNG = {"media_type": "IMAGE", "file_format": "PNG", "color_mode": "RGBA", "color_depth": "8", "compression": 15}
"""Settings of the file. The order matters: earlier settings decide which values later ones accept."""
VIEW = ("view_transform", "look", "exposure", "gamma", "use_curve_mapping")


class _SavedRender:
    """Key of the saved picture, by which the same render is saved only once."""

    key: tuple = ()


def picture(scene: bpy.types.Scene) -> Path:
    """The render result as a PNG in Blender's temporary folder. Raise ParameterError if nothing was rendered yet."""
    path = Path(bpy.app.tempdir) / f"{NAME}.png"
    image = bpy.data.images.get(NAME)
    try:
        if image is None:
            raise RuntimeError
        key = (
            jobs.render_epoch,
            image.render_slots.active_index,
            *(getattr(scene.view_settings, name) for name in VIEW),
        )
        if key != _SavedRender.key or not path.exists():
            with _write_as_png(scene):
                image.save_render(str(path), scene=scene)
            _SavedRender.key = key
    except RuntimeError as error:
        raise ParameterError("there is no render result yet", "render the scene first (F12)") from error
    return path


def is_rendered() -> bool:
    """Whether something was rendered since this file was opened. A new file has the image even before a render."""
    return NAME in bpy.data.images and jobs.rendered_in == jobs.file_epoch


def is_result(image: bpy.types.Image | None) -> bool:
    """Whether an image is the render result, which has no pixels of its own."""
    return image is not None and image.type == "RENDER_RESULT"


@contextmanager
def _write_as_png(scene: bpy.types.Scene) -> Iterator[None]:
    """Context in which the scene's output is 8-bit PNG. The user's settings are restored at the end."""
    settings = scene.render.image_settings
    before = {name: getattr(settings, name) for name in PNG if hasattr(settings, name)}
    try:
        for name in before:
            setattr(settings, name, PNG[name])
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
