"""Gaussian blur of pictures of any size, circular if seamless."""

from __future__ import annotations

import torch
from kornia.filters import gaussian_blur2d
from torch import Tensor
from torch.nn.functional import pad


def blurred(x: Tensor, sigma_px: float, seamless: bool = False) -> Tensor:
    """(B, C, H, W), blurred by a Gaussian; small pictures are reflected as often as needed, which kornia cannot."""
    (height, width), reach = x.shape[2:], int(3 * sigma_px + 0.5)
    margin = reach if min(height, width) <= reach else 0
    x = extended(x, (margin, margin), (margin, margin), seamless)
    x = gaussian_blur2d(x, 2 * reach + 1, (sigma_px, sigma_px), "circular" if seamless else "reflect")
    return x[:, :, margin : margin + height, margin : margin + width]


def extended(x: Tensor, before: tuple[int, int], after: tuple[int, int], seamless: bool) -> Tensor:
    """(B, C, H, W), padded by these pixels (rows, columns): circular if seamless, else by repeated reflection."""
    (top, left), (bottom, right), (height, width) = before, after, x.shape[2:]
    if max(top, bottom) < height and max(left, right) < width:  # 30 times as fast
        return pad(x, (left, right, top, bottom), mode="circular" if seamless else "reflect")
    for axis in (2, 3):
        length = x.shape[axis]
        places = torch.arange(-before[axis - 2], length + after[axis - 2], device=x.device)
        period = length if seamless else 2 * length - 2
        places = places % period
        x = x.index_select(axis, places if seamless else torch.minimum(places, period - places))
    return x
