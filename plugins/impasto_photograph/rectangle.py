"""Rectangles in perspective: whether four corners can be one, and its proportions and size.

Corners (4, 2) are (x, y) in pixels, in the order top left, top right, bottom right, bottom left.
"""

from __future__ import annotations

import numpy as np

from impasto.errors import ParameterError
from impasto.surface.resizing import size_at_most

NAMES = ("top left", "top right", "bottom right", "bottom left")
FLATTEST = 0.002
"""Smallest area of the triangle at a corner, relative to the quadrilateral's bounding box."""
USUAL_FOCAL = 0.75
"""Focal length, relative to the picture's longer side, if the picture does not show it: most phones' main camera."""
FOCALS = (0.4, 6.0)
"""Range of plausible focal lengths, from ultra-wide angle to long telephoto lenses."""
LEAST_CONVERGENCE = 0.02
"""Smallest change of scale across the rectangle, along both sides, that reveals the focal length."""


def check_corners(corners: np.ndarray, size_px: tuple[int, int]) -> None:
    """Raise ParameterError for corners that are outside the picture, cross, or lie on one line."""
    height, width = size_px
    for name, (x, y) in zip(NAMES, corners, strict=True):
        if not (-1e-6 <= x / width <= 1 + 1e-6 and -1e-6 <= y / height <= 1 + 1e-6):
            message = "the {} corner at {:.3g}, {:.3g} is outside the picture"
            remedy = "give fractions from 0 to 1, from the left and from the top"
            raise ParameterError(message, remedy, name, x / width, y / height)
    sides = np.roll(corners, -1, 0) - corners
    before = np.roll(sides, 1, 0)
    areas = before[:, 0] * sides[:, 1] - before[:, 1] * sides[:, 0]  # above 0 where the outline turns clockwise
    box = np.ptp(corners, axis=0).prod()
    if box == 0 or (np.abs(areas) < FLATTEST * box).any():
        raise ParameterError("three of the four corners lie on one line", "move them apart, to those of a rectangle")
    if not (areas > 0).all():
        message = "the four corners do not follow each other clockwise around a rectangle, or its sides cross"
        raise ParameterError(message, "give them in this order: {}", ", ".join(NAMES))


def aspect_of(corners: np.ndarray, center: tuple[float, float], longer_px: float) -> float:
    """Width relative to height of the rectangle with these visible corners (Zhang & He 2007, section 3).

    The focal length follows from both directions in which its sides converge; it is `USUAL_FOCAL` if they are parallel.
    center: the picture's (x, y), where the camera looked, in pixels. longer_px: longer side of the picture.
    """
    top_left, top_right, bottom_right, bottom_left = (
        np.array([*point, 1.0]) for point in (corners - center) / longer_px
    )
    across = np.cross(top_left, bottom_right)
    k2 = across @ bottom_left / (np.cross(top_right, bottom_right) @ bottom_left)
    k3 = across @ top_right / (np.cross(bottom_left, bottom_right) @ top_right)
    n2, n3 = k2 * top_right - top_left, k3 * bottom_left - top_left
    focal = USUAL_FOCAL
    if min(abs(n2[2]), abs(n3[2])) > LEAST_CONVERGENCE:
        square = -(n2[:2] @ n3[:2]) / (n2[2] * n3[2])
        focal = float(np.clip(np.sqrt(square), *FOCALS)) if square > 0 else USUAL_FOCAL
    lengths = [np.hypot(np.linalg.norm(n[:2]) / focal, n[2]) for n in (n2, n3)]
    return float(lengths[0] / lengths[1])


def size_of(corners: np.ndarray, aspect: float, most_px: int) -> tuple[int, int]:
    """(height, width) of a rectangle in pixels, by its longest visible sides, up to `most_px` a side."""
    top, right, bottom, left = np.linalg.norm(np.roll(corners, -1, 0) - corners, axis=1)
    width, height = max(top, bottom), max(left, right)
    if width < aspect * height:
        width = aspect * height
    else:
        height = width / aspect
    return size_at_most((height, width), most_px)
