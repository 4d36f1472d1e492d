"""Views of a plane by its vanishing points: the part of a photograph that is an upright rectangle on the surface.

Coordinates (x, y) are in pixels; those of vanishing points and of the plane begin at the picture's centre.
"""

from __future__ import annotations

import numpy as np

from .rectangle import FOCALS, LEAST_CONVERGENCE, USUAL_FOCAL

STEPS = 65
"""Candidates for the left and right side of the rectangle."""
STRAIGHT_ANGLE, STRAIGHT_SLOPE = 0.002, 0.01
"""Tilt in radians, and convergence across the picture, below which lines count as straight."""


def largest_view(along_x: np.ndarray, along_y: np.ndarray, size_px: tuple[int, int]) -> tuple[np.ndarray, float] | None:
    """Corners (4, 2) in the picture of the largest rectangle between lines along x and y, and its aspect.

    along_x, along_y (3,): homogeneous vanishing points. None if no camera has them both.
    """
    height, width = size_px
    longer = max(size_px)
    focal = _focal(along_x, along_y, longer)
    if focal is None:
        return None
    to_picture = _plane(along_x, along_y, focal * longer)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)]) - (width / 2, height / 2)
    outline = _project(corners, np.linalg.inv(to_picture))
    if outline is None:
        return None
    left, top, right, bottom = _largest_rectangle(outline)
    rectangle = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    seen = _project(rectangle, to_picture)
    if seen is None or right <= left or bottom <= top:
        return None
    return seen + np.array([width / 2, height / 2]), (right - left) / (bottom - top)


def is_straight(along_x: np.ndarray, along_y: np.ndarray, size_px: tuple[int, int]) -> bool:
    """Whether lines to these vanishing points are upright and level already."""
    tilts = abs(along_x[1] / along_x[0]), abs(along_y[0] / along_y[1])
    slopes = [abs(point[2]) / np.abs(point[:2]).max() * max(size_px) for point in (along_x, along_y)]
    return max(tilts) < STRAIGHT_ANGLE and max(slopes) < STRAIGHT_SLOPE


def across(point: np.ndarray) -> np.ndarray:
    """The vanishing point of lines across those to `point`, for a camera that is turned about one axis only."""
    return np.array([-point[1], point[0], 0.0])


def _focal(along_x: np.ndarray, along_y: np.ndarray, longer: float) -> float | None:
    """Focal length relative to the picture's longer side, from directions at right angles; None if it is none."""
    slopes = [point[2] / np.linalg.norm(point[:2]) * longer for point in (along_x, along_y)]
    if min(abs(slope) for slope in slopes) < LEAST_CONVERGENCE:
        return USUAL_FOCAL
    square = -(along_x[:2] @ along_y[:2]) / (along_x[2] * along_y[2]) / longer**2
    if min(abs(slope) for slope in slopes) < 8 * LEAST_CONVERGENCE:  # such small slopes say little
        return float(np.clip(np.sqrt(square), *FOCALS)) if square > 0 else USUAL_FOCAL
    return float(np.sqrt(square)) if square > 0 and FOCALS[0] / 2 < np.sqrt(square) < 2 * FOCALS[1] else None


def _plane(along_x: np.ndarray, along_y: np.ndarray, focal_px: float) -> np.ndarray:
    """Matrix from a plane, whose units are alike in x and y, to the picture; the origin is the centre of both."""
    to_camera = np.array([1 / focal_px, 1 / focal_px, 1.0])
    x, y = (point / np.linalg.norm(point * to_camera) for point in (along_x, along_y))
    return np.stack([x * np.sign(x[0]), y * np.sign(y[1]), (0.0, 0.0, focal_px)], 1)


def _project(points: np.ndarray, matrix: np.ndarray) -> np.ndarray | None:
    """Points (N, 2) through a matrix (3, 3); None if the horizon lies between them."""
    projected = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    depths = projected[:, 2:]
    return None if depths.min() * depths.max() <= 0 else projected[:, :2] / depths


def _largest_rectangle(outline: np.ndarray) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the largest upright rectangle in a convex outline (4, 2)."""
    low, high = outline[:, 0].min(), outline[:, 0].max()
    x = np.linspace(low, high, STEPS)
    tops, bottoms = np.full(STEPS, np.inf), np.full(STEPS, -np.inf)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, 0), strict=True):
        inside = (x >= min(x0, x1)) & (x <= max(x0, x1)) & (x0 != x1)
        y = y0 + (x - x0) / ((x1 - x0) or 1.0) * (y1 - y0)
        tops, bottoms = np.where(inside, np.minimum(tops, y), tops), np.where(inside, np.maximum(bottoms, y), bottoms)
    top, bottom = np.maximum(tops[:, None], tops), np.minimum(bottoms[:, None], bottoms)
    areas = (x - x[:, None]) * np.maximum(bottom - top, 0)
    left, right = np.unravel_index(int(np.nanargmax(np.where(np.isfinite(areas), areas, 0))), areas.shape)
    return float(x[left]), float(top[left, right]), float(x[right]), float(bottom[left, right])
