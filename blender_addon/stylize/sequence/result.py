# SPDX-License-Identifier: GPL-3.0-or-later
"""Painted frames in the .blend: one image whose source is a sequence, shown in time with the scene."""

from __future__ import annotations

import bpy

from ...bridge import image_editors, recent
from ...core.engine.replies import Repainted


def sequence(name: str, made: Repainted) -> bpy.types.Image:
    """The painted frames as an image, the one that there is of these files, or a new one; image editors show it."""
    before = set(bpy.data.images)
    image = bpy.data.images.load(str(made.paths[0]), check_existing=True)
    if image not in before:
        image.name = name
    image.source = "SEQUENCE"
    image.reload()
    recent.keep([image])
    image_editors.show_instead(image, image)
    for space in image_editors.image_editors():
        if space.image == image:
            _set_frames(space.image_user, made)
    return image


def _set_frames(user: bpy.types.ImageUser, made: Repainted) -> None:
    """Show each file in the scene's frame of its number."""
    user.frame_start, user.frame_offset, user.frame_duration = made.first, made.first - 1, len(made.paths)
    user.use_auto_refresh = True
