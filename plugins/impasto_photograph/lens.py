"""`lens`: straightens lines that a lens has bent.

Division model (Fitzgibbon 2001), whose inverse has a closed form: what is seen at r from the centre, in halves of the
picture's diagonal, would be at r / (1 + k1 r²) through a lens that keeps lines straight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters, Result, display_hints, visible_if

if TYPE_CHECKING:
    from torch import Tensor

MOST_CURVATURE = 0.4
"""Largest |k1|: wide-angle lenses of phones stay below 0.1, action cameras reach 0.4."""
STRAIGHT = 0.02
"""Smaller curvatures count as none, since measurements deviate by up to this much."""


class LensParameters(Parameters):
    """The curvature, or whether to find it."""

    find: Literal["automatic", "given"] = Field(
        "automatic", description="Whether the curvature is found by lines that should be straight, or given"
    )
    k1: float = Field(
        0.0,
        ge=-MOST_CURVATURE,
        le=MOST_CURVATURE,
        title="Distortion",
        description="Curvature of the lens: below 0 if lines bulge outwards, as of wide angles; above 0 if inwards",
        json_schema_extra=visible_if("find", "given") | display_hints(low=-0.2, high=0.2, decimals=3),
    )


class Lens(Filter):
    """Resamples all maps to the largest rectangle that the picture fills."""

    name, label = "lens", "Lens curvature"
    description = "Straightens lines that a wide-angle or tele lens has bent, before perspective is corrected"
    rank = 19
    group = "Prepare"
    example = "wall.jpg --find given --k1 -0.06 "
    parameters = LensParameters
    needs_source = True
    keeps_size = False

    def apply(self, subject: Maps, parameters: LensParameters, inputs: Inputs, context: Context) -> Result:
        """The maps without curvature, with k1 as a figure; unchanged if no lines are found."""
        context.progress(0.0, "Looking for bent lines")
        k1: float | None = parameters.k1
        if parameters.find == "automatic":
            k1 = _curvature_found(subject, context)
            if k1 is None:
                context.note("no lines were found that should be straight, so the lens is left as it is")
        if not k1:
            return Result(subject, figures={"k1": 0.0})
        return Result(_without_curvature(subject, k1, context), figures={"k1": k1})


def _curvature_found(subject: Maps, context: Context) -> float | None:
    from .light import luma_of
    from .vanishing_points import find_curvature

    found = find_curvature(luma_of(subject, context.device), context.check)
    if found is not None and abs(found) < STRAIGHT:
        context.note("lines are straight already, so the lens is left as it is")
        return 0.0
    return found and float(np.clip(found, -MOST_CURVATURE, MOST_CURVATURE))


def _without_curvature(subject: Maps, k1: float, context: Context) -> Maps:
    """The largest upright rectangle around the centre of the straightened picture, at the centre's resolution."""
    import torch

    from .resampling import resample

    height, width = subject.size_px
    half = float(np.hypot(height, width)) / 2
    corner = torch.tensor([width, height], dtype=torch.float64) / 2 / half
    middles = torch.diag(corner)  # of the right and bottom edges, which bend inwards or outwards
    largest = straighten(middles, k1).diagonal() if k1 < 0 else straighten(corner, k1)
    size_px = [max(1, int(2 * side * half)) for side in largest.tolist()]
    center = torch.tensor([width, height], dtype=torch.float64, device=context.device) / 2
    new_center = torch.tensor(size_px, dtype=torch.float64, device=context.device) / 2

    def source(positions: Tensor) -> Tensor:
        return center + half * curve((positions - new_center) / half, k1)

    return resample(subject, source, (size_px[1], size_px[0]), context)


def straighten(seen: Tensor, k1: float) -> Tensor:
    """Straightened positions (..., 2) of positions in the photograph, in halves of the diagonal."""
    return seen / (1 + k1 * seen.square().sum(-1, keepdim=True))


def curve(straight: Tensor, k1: float) -> Tensor:
    """Positions (..., 2) in the photograph of straightened positions."""
    squares = straight.square().sum(-1, keepdim=True)
    return straight * (2 / (1 + (1 - 4 * k1 * squares).clamp(min=0).sqrt()))
