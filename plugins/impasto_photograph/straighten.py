"""`straighten`: a photograph taken at an angle, as if from straight in front."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Filter, Parameters, Point, display_hints

from .rectangle import aspect_of, check_corners, size_of


class StraightenParameters(Parameters):
    """A rectangle of the surface as the photograph shows it."""

    top_left: Point = Field((0.0, 0.0), description="Top left corner of a rectangle")
    top_right: Point = Field((1.0, 0.0), description="Top right corner of it")
    bottom_right: Point = Field((1.0, 1.0), description="Bottom right corner of it")
    bottom_left: Point = Field((0.0, 1.0), description="Bottom left corner of it")
    aspect: float = Field(
        0.0,
        ge=0,
        le=100,
        description="Its true width divided by its height; 0: estimated from the perspective",
        json_schema_extra=display_hints(high=4),
    )


class Straighten(Filter):
    """Resamples the surface so that a rectangle on it becomes upright, in its true proportions."""

    name, label = "straighten", "Straighten"
    description = "Straightens a surface that was photographed at an angle, by the corners of a rectangle on it"
    rank, task = 20, "straighten"
    example = "wall.jpg --top-left 0.1 0.05 --top-right 0.95 0.1 --bottom-right 0.9 0.95 --bottom-left 0.15 0.9 "
    parameters = StraightenParameters
    needs_source = True

    def apply(
        self, subject: Maps, parameters: StraightenParameters, inputs: Mapping[str, Maps], context: Context
    ) -> Maps:
        """What is inside the corners. ParameterError if they cannot be those of a rectangle."""
        height, width = subject.size_px
        chosen = (parameters.top_left, parameters.top_right, parameters.bottom_right, parameters.bottom_left)
        corners = np.array(chosen, np.float64) * (width, height)
        check_corners(corners, subject.size_px)
        context.progress(0.0, "Straightening the photograph")
        return _upright(subject, corners, parameters.aspect, context)


def _upright(subject: Maps, corners: np.ndarray, aspect: float, context: Context) -> Maps:
    """What is inside corners (4, 2) in pixels, as an upright rectangle."""
    import torch
    from kornia.geometry.transform import get_perspective_transform

    from .resampling import LARGEST_PX, resampled

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

    return resampled(subject, source, size_px, context)


def _outline(size_px: tuple[int, int]) -> np.ndarray:
    """The corners (4, 2) of a picture, clockwise from the top left, (x, y) in pixels."""
    height, width = size_px
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
