# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of enum items, the same for a name whatever else is listed, and small enough for Blender's buttons."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

MAX_NUMBER = 2**24 - 1
"""Blender's buttons hold an item's number as a float32, which is exact up to here."""
DEFAULT = 0
"""Number of the default item."""


def numbers_of(names: Iterable[str], default: str | None = None) -> dict[str, int]:
    """Number from 1 to `MAX_NUMBER` for each name, by its hash; 0 for the default. No two names share one."""
    numbers = {} if default is None else {default: DEFAULT}
    taken = {DEFAULT}
    for name in sorted(set(names) - set(numbers)):
        number = _next(zlib.crc32(name.encode()) % MAX_NUMBER)
        while number in taken:
            number = _next(number)
        numbers[name] = number
        taken.add(number)
    return numbers


def _next(number: int) -> int:
    return number % MAX_NUMBER + 1
