"""Packing of rectangles on shelves: rows of one height each, filled from the left, the highest first."""

from __future__ import annotations

from collections.abc import Sequence

Size = tuple[int, int]
"""(height, width)."""


def pack(sizes: Sequence[Size], *, power_of_two: bool) -> tuple[list[tuple[int, int]], Size]:
    """(top, left) of each rectangle, and the size of the sheet: the smallest of those tried, and then the squarest."""
    tried = [_on_shelves(sizes, width, power_of_two) for width in _widths(sizes, power_of_two)]
    return min(tried, key=lambda one: (one[1][0] * one[1][1], max(one[1])))


def _widths(sizes: Sequence[Size], power_of_two: bool) -> list[int]:
    """Widths to try: powers of two, or those at which whole numbers of the widest fit."""
    widest, all_ = max(width for _, width in sizes), sum(width for _, width in sizes)
    if power_of_two:
        first, last = ((width - 1).bit_length() for width in (widest, all_))
        return [1 << exponent for exponent in range(first, last + 1)]
    return sorted({min(all_, widest * count) for count in range(1, len(sizes) + 1)})


def _on_shelves(sizes: Sequence[Size], width: int, power_of_two: bool) -> tuple[list[tuple[int, int]], Size]:
    """Places of the rectangles on a sheet of this width, and its size."""
    places = [(0, 0)] * len(sizes)
    top, left, shelf, used = 0, 0, 0, 0
    for index in sorted(range(len(sizes)), key=lambda index: (-sizes[index][0], -sizes[index][1])):
        if left + sizes[index][1] > width:
            top, left, shelf = top + shelf, 0, 0
        places[index] = top, left
        left += sizes[index][1]
        shelf, used = max(shelf, sizes[index][0]), max(used, left)
    height = top + shelf
    if power_of_two:
        return places, (1 << (height - 1).bit_length(), width)
    return places, (height, used)
