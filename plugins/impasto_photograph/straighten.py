"""`straighten`: turns a photograph taken at an angle into one taken from straight in front."""

from __future__ import annotations

from typing import Literal

import numpy as np

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters, Point, display_hints, visible_if, zero_means

from .rectangle import FOCALS, LEAST_CONVERGENCE, USUAL_FOCAL, aspect_of, check_corners, size_of

CORNERS = visible_if("find", "corners")
STEPS = 65
"""Number of candidates for the left and right side of the rectangle."""
STRAIGHT_ANGLE, STRAIGHT_SLOPE = 0.002, 0.01
"""Lines count as straight below this tilt in radians and this convergence across the picture."""


class StraightenParameters(Parameters):
    """The corners in the photograph of a rectangle on the surface."""

    find: Literal["corners", "automatic"] = Field(
        "corners", description="By the corners of something rectangular, or by the straight lines of the picture"
    )
    top_left: Point = Field((0.0, 0.0), description="Top left corner of a rectangle", json_schema_extra=CORNERS)
    top_right: Point = Field((1.0, 0.0), description="Top right corner of it", json_schema_extra=CORNERS)
    bottom_right: Point = Field((1.0, 1.0), description="Bottom right corner of it", json_schema_extra=CORNERS)
    bottom_left: Point = Field((0.0, 1.0), description="Bottom left corner of it", json_schema_extra=CORNERS)
    aspect: float = Field(
        0.0,
        ge=0,
        le=100,
        description="Its true width divided by its height; 0: estimated from the perspective",
        json_schema_extra=CORNERS | display_hints(high=4) | zero_means("from the perspective", 1),
    )


class Straighten(Filter):
    """Resamples the surface so that a rectangle on it becomes upright, in its true proportions."""

    name, label = "straighten", "Straighten"
    description = "Straightens a surface that was photographed at an angle, by a rectangle on it or by its lines"
    rank, task = 20, "straighten"
    group = "Prepare"
    example = "wall.jpg --top-left 0.1 0.05 --top-right 0.95 0.1 --bottom-right 0.9 0.95 --bottom-left 0.15 0.9 "
    parameters = StraightenParameters
    needs_source = True
    keeps_size = False

    def apply(self, subject: Maps, parameters: StraightenParameters, inputs: Inputs, context: Context) -> Maps:
        """The area inside the corners, or the largest between lines. Raise ParameterError for impossible corners."""
        context.progress(0.0, "Straightening the photograph")
        height, width = subject.size_px
        if parameters.find == "automatic":
            view = _view_between_lines(subject, context)
            return _upright_view(subject, *view, context) if view else subject
        chosen = (parameters.top_left, parameters.top_right, parameters.bottom_right, parameters.bottom_left)
        corners = np.array(chosen, np.float64) * (width, height)
        check_corners(corners, subject.size_px)
        return _upright_view(subject, corners, parameters.aspect, context)


def _view_between_lines(subject: Maps, context: Context) -> tuple[np.ndarray, float] | None:
    """Corners (4, 2) and aspect of the largest rectangle between the picture's lines; None and a note without lines."""
    from .light import luma_of
    from .vanishing_points import find_vanishing_points

    found = find_vanishing_points(luma_of(subject, context.device), context.check)
    points = [point.position for point in found if point]
    if not points:
        context.note("no straight lines were found, so nothing is changed: give the corners of a rectangle")
        return None
    if len(points) == 1:
        context.note("lines were found in one direction only, so the perspective along them is not corrected")
    along_x = points[0] if found[0] else perpendicular_point(points[0])
    along_y = points[-1] if found[1] else perpendicular_point(points[0])
    if is_straight(along_x, along_y, subject.size_px):
        context.note("its lines are straight already, so nothing is changed")
        return None
    view = largest_view(along_x, along_y, subject.size_px)
    if view is None:
        context.note("the lines that were found belong to no flat surface: give the corners of a rectangle")
    return view


def _upright_view(subject: Maps, corners: np.ndarray, aspect: float, context: Context) -> Maps:
    """The inside of the corners (4, 2), in pixels, as an upright rectangle."""
    import torch
    from kornia.geometry.transform import get_perspective_transform

    from impasto.data.prepare import LARGEST_PX

    from .resampling import resample

    height, width = subject.size_px
    aspect = aspect or aspect_of(corners, (width / 2, height / 2), max(height, width))
    size_px = size_of(corners, aspect, LARGEST_PX)
    if size_px == subject.size_px and np.array_equal(corners, _outline(size_px)):
        context.note("the corners are those of the picture, so nothing is changed")
        return subject
    seen, upright = (torch.from_numpy(points)[None] for points in (corners, _outline(size_px)))
    homography = get_perspective_transform(upright, seen)[0].to(context.device)

    def source(positions: torch.Tensor) -> torch.Tensor:
        projected = positions @ homography[:, :2].T + homography[:, 2]
        return projected[..., :2] / projected[..., 2:]

    return resample(subject, source, size_px, context)


def _outline(size_px: tuple[int, int]) -> np.ndarray:
    """The corners (4, 2) of a picture, clockwise from the top left, (x, y) in pixels."""
    height, width = size_px
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)


def largest_view(along_x: np.ndarray, along_y: np.ndarray, size_px: tuple[int, int]) -> tuple[np.ndarray, float] | None:
    """Corners (4, 2) in the picture of the largest rectangle between lines along x and y, and its aspect.

    along_x, along_y (3,): homogeneous vanishing points, in pixels from the picture's centre, as the plane's coordinates
    are. None if no camera has them both.
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
    """Whether lines to these vanishing points are already vertical and horizontal."""
    tilts = abs(along_x[1] / along_x[0]), abs(along_y[0] / along_y[1])
    slopes = [abs(point[2]) / np.abs(point[:2]).max() * max(size_px) for point in (along_x, along_y)]
    return max(tilts) < STRAIGHT_ANGLE and max(slopes) < STRAIGHT_SLOPE


def perpendicular_point(point: np.ndarray) -> np.ndarray:
    """The vanishing point of lines perpendicular to those to `point`, for a camera turned about one axis only."""
    return np.array([-point[1], point[0], 0.0])


def _focal(along_x: np.ndarray, along_y: np.ndarray, longer: float) -> float | None:
    """Focal length relative to the picture's longer side, from perpendicular directions; None if impossible."""
    slopes = [point[2] / np.linalg.norm(point[:2]) * longer for point in (along_x, along_y)]
    if min(abs(slope) for slope in slopes) < LEAST_CONVERGENCE:
        return USUAL_FOCAL
    square = -(along_x[:2] @ along_y[:2]) / (along_x[2] * along_y[2]) / longer**2
    if min(abs(slope) for slope in slopes) < 8 * LEAST_CONVERGENCE:  # such small slopes are unreliable
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
