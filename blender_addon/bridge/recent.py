# SPDX-License-Identifier: GPL-3.0-or-later
"""Results in the open file, the latest first: materials, and the first images of those that are images only.

The time is a property of each, so that they are found again after undo, renaming and reopening.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import bpy

MADE = "impasto_made"
"""Custom property with the time at which a result was made, in seconds since 1970."""
SHOWN = 8


def note(result: bpy.types.Material | bpy.types.Image) -> None:
    """Make a material or an image the latest result."""
    result[MADE] = time.time()


def keep(results: Iterable[bpy.types.ID]) -> None:
    """Keep results in the file although nothing may use them when it is saved."""
    for one in results:
        one.use_fake_user = True


def latest(count: int = SHOWN) -> list[bpy.types.Material | bpy.types.Image]:
    """The latest results in this file. Cheap enough for a panel."""
    found = [one for kind in (bpy.data.materials, bpy.data.images) for one in kind if MADE in one]
    return sorted(found, key=lambda one: -one[MADE])[:count]
