# SPDX-License-Identifier: GPL-3.0-or-later
"""Results in the open file, the latest first: materials, and the first images of those that are images only.

The time is a property of each, so that they are found again after undo, renaming and reopening; so is a star.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TypeAlias

import bpy

Result: TypeAlias = bpy.types.Material | bpy.types.Image
MADE = "impasto_made"
"""Custom property with the time at which a result was made, in seconds since 1970."""
STARRED = "impasto_starred"
"""Custom property of results that have a star."""
listeners: list[Callable[[Result], None]] = []
"""Functions that are told of each new result."""


def note(result: Result) -> None:
    """Make a material or an image the latest result."""
    result[MADE] = time.time()
    for listener in listeners:
        listener(result)


def keep(results: Iterable[bpy.types.ID]) -> None:
    """Keep results in the file although nothing may use them when it is saved."""
    for one in results:
        one.use_fake_user = True


def star(result: Result, is_starred: bool) -> None:
    """Give a result a star, or take it away."""
    if is_starred:
        result[STARRED] = True
    else:
        result.pop(STARRED, None)


def latest() -> list[Result]:
    """All results in this file, the latest first."""
    found = [one for kind in (bpy.data.materials, bpy.data.images) for one in kind if MADE in one]
    return sorted(found, key=lambda one: -one[MADE])
