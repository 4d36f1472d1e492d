"""Finds the three dots with which Blender ends a text that it has cut, in a picture of a panel."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

DOT_PX, STEP_PX, ABOVE_PX = (1, 3), (2.5, 4.5), 7
"""Side of a dot, and from one to the next, at a resolution scale of 1; the height above them that is empty."""
BRIGHTER, WIDER_PX = 40, 6
"""By how much a dot exceeds what is behind it, of 255, and a width that neither dots nor strokes of letters have."""


def ellipses(pixels: np.ndarray, scale: float) -> list[tuple[int, int]]:
    """Places (x, y), from the upper left, of three dots in a row with nothing above; pixels: (H, W), 0 to 255."""
    is_bright = ndimage.white_tophat(pixels, round(WIDER_PX * scale)) > BRIGHTER
    labels, _ = ndimage.label(is_bright, np.ones((3, 3)))
    least, most = DOT_PX[0] * scale, DOT_PX[1] * scale
    dots = {}
    for rows, columns in ndimage.find_objects(labels):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if all(least <= side <= most for side in (height, width)):
            dots.setdefault(rows.stop, []).append((columns.start + columns.stop - 1) / 2)
    found = []
    for bottom, across in dots.items():
        across = sorted(across)
        steps = [STEP_PX[0] * scale <= step <= STEP_PX[1] * scale for step in np.diff(across)]
        begins = [0, *(index + 1 for index, is_step in enumerate(steps) if not is_step)]
        for begin, end in zip(begins, [*begins[1:], len(across)], strict=True):
            top = max(bottom - round((ABOVE_PX + most) * scale), 0)
            left, right = int(across[begin]), int(across[end - 1]) + 1
            if end - begin == 3 and not is_bright[top : bottom - round(most), left:right].any():  # a handle has four
                found.append((left, bottom))
    return sorted(found, key=lambda place: place[::-1])
