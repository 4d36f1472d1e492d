"""Occlusion and grain of a surface as scores; weathering starts where they are highest."""

from __future__ import annotations

from torch import Tensor

from impasto.numerics.borders import TORUS, with_margin
from impasto.numerics.filters import bordered_blur
from impasto.surface.heights import scale_m
from impasto.surface.relief import occlusion_from_height, standardise
from impasto.texture import Maps

from .subject import tensor_of

MARGIN_PX = 32
GRAIN_PX = (0.8, 3.0)
"""Standard deviations of the two blurs that bound the grain's frequency band."""


def occlusion(subject: Maps, height: Tensor, device: str) -> Tensor:
    """Occlusion (1, H, W), 0 in the open, with deviation 1: the subject's own, or else from its height."""
    if "ambient_occlusion" in subject:
        open_ = tensor_of(subject["ambient_occlusion"].pixels, device)
    else:
        width_m, range_m = scale_m(subject)
        around = with_margin(height[0] * (range_m / width_m * subject.size_px[1]), MARGIN_PX, TORUS)
        open_ = occlusion_from_height(around)[None, MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]
    return standardise(1 - open_)


def grain(L: Tensor, wraps: tuple[bool, bool]) -> Tensor:
    """Fine variation (1, H, W) of lightness, with deviation 1; it is seamless if the picture is."""
    fine, broad = (bordered_blur(L, sigma_px, wraps) for sigma_px in GRAIN_PX)
    return standardise(fine - broad)
