# SPDX-License-Identifier: GPL-3.0-or-later
"""Painted frames in the .blend: one image whose source is a sequence, shown in time with the scene."""

from __future__ import annotations

import re
from itertools import count, takewhile
from pathlib import Path

import bpy

from ...bridge import image_editors, recent
from ...core.engine.replies import JobResult

LAST_NUMBER = re.compile(r"(\d+)(?=\D*$)")
"""Number of a frame in the name of its file, as Blender finds it."""


def sequence(name: str, made: JobResult) -> bpy.types.Image:
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
            set_frames(space.image_user, int(made.figures["first"]), len(made.paths))
    return image


def set_frames(user: bpy.types.ImageUser | bpy.types.CompositorNodeImage, first: int, number: int) -> None:
    """Show each file in the scene's frame of its number."""
    user.frame_start, user.frame_offset, user.frame_duration = first, first - 1, number
    user.use_auto_refresh = True


def frames_of(image: bpy.types.Image) -> tuple[int, int]:
    """First frame of a sequence, and number of the frames there are from it on. FileNotFoundError without its file."""
    path = Path(bpy.path.abspath(image.filepath))
    path.stat()
    before, digits, after = LAST_NUMBER.split(path.name)
    files = (path.with_name(f"{before}{frame:0{len(digits)}}{after}") for frame in count(int(digits)))
    return int(digits), sum(1 for _ in takewhile(Path.exists, files))
