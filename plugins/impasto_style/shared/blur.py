"""Gaussian blur of pictures of any size, circular if seamless."""

from __future__ import annotations

from kornia.filters import gaussian_blur2d
from torch import Tensor

from impasto.numerics.borders import with_margin


def blurred(x: Tensor, sigma_px: float, seamless: bool = False) -> Tensor:
    """(B, C, H, W), blurred by a Gaussian; small pictures are reflected as often as needed, which kornia cannot."""
    (height, width), reach = x.shape[2:], int(3 * sigma_px + 0.5)
    margin = reach if min(height, width) <= reach else 0
    x = with_margin(x, margin, (seamless, seamless))
    x = gaussian_blur2d(x, 2 * reach + 1, (sigma_px, sigma_px), "circular" if seamless else "reflect")
    return x[:, :, margin : margin + height, margin : margin + width]
