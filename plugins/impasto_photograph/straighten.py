"""`straighten`: a photograph taken at an angle, as if from straight in front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Filter, Parameters, Point, display_hints, visible_if, zero_means

from .rectangle import aspect_of, check_corners, size_of
from .views import across, is_straight, largest_view

CORNERS = visible_if("find", "corners")


class StraightenParameters(Parameters):
    """A rectangle of the surface as the photograph shows it."""

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

    def apply(
        self, subject: Maps, parameters: StraightenParameters, inputs: Mapping[str, Maps], context: Context
    ) -> Maps:
        """The inside of the corners, or the largest rectangle between lines. ParameterError for impossible corners."""
        context.progress(0.0, "Straightening the photograph")
        height, width = subject.size_px
        if parameters.find == "automatic":
            view = _largest_rectangle(subject, context)
            return _upright(subject, *view, context) if view else subject
        chosen = (parameters.top_left, parameters.top_right, parameters.bottom_right, parameters.bottom_left)
        corners = np.array(chosen, np.float64) * (width, height)
        check_corners(corners, subject.size_px)
        return _upright(subject, corners, parameters.aspect, context)


def _largest_rectangle(subject: Maps, context: Context) -> tuple[np.ndarray, float] | None:
    """Corners (4, 2) and aspect of the largest rectangle between the picture's lines; None, with a note, without."""
    from .light import luma_of
    from .vanishing_points import find_vanishing_points

    found = find_vanishing_points(luma_of(subject, context.device), context.check)
    points = [point.position for point in found if point]
    if not points:
        context.note("no straight lines were found, so nothing is changed: give the corners of a rectangle")
        return None
    if len(points) == 1:
        context.note("lines were found in one direction only, so the perspective along them is not corrected")
    along_x = points[0] if found[0] else across(points[0])
    along_y = points[-1] if found[1] else across(points[0])
    if is_straight(along_x, along_y, subject.size_px):
        context.note("its lines are straight already, so nothing is changed")
        return None
    view = largest_view(along_x, along_y, subject.size_px)
    if view is None:
        context.note("the lines that were found belong to no flat surface: give the corners of a rectangle")
    return view


def _upright(subject: Maps, corners: np.ndarray, aspect: float, context: Context) -> Maps:
    """The inside of corners (4, 2) in pixels, as an upright rectangle."""
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
