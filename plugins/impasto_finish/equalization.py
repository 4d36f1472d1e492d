"""Contrast-limited adaptive histogram equalisation (Zuiderveld 1994) with sliding windows.

kornia's CLAHE has fixed tiles and mirrored borders, so its result depends on where a texture is cut. Here histograms
with Gaussian windows are computed on a grid that wraps around, and interpolated between its points.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from impasto.numerics.borders import with_margin

BINS = 64
POINTS_PER_SIGMA = 4
REACH = 3.0
"""Standard deviations to the end of a window."""


def equalize(L: Tensor, sigma_px: float, limit: float, wraps: tuple[bool, bool]) -> Tensor:
    """Lightness (H, W) in [0, 1], each replaced by its rank in its surroundings, within its range in the picture.

    sigma_px: standard deviation of the window. limit: largest slope of the map from old to new lightness, 1 or more.
    """
    low, high = L.min(), L.max()
    unit = (L - low) / (high - low).clamp_min(1e-4)
    margin = [0 if wrap else round(REACH * sigma_px) for wrap in wraps]
    around = with_margin(unit, ((margin[0],) * 2, (margin[1],) * 2), wraps)
    weights = [_windows(size, sigma_px, L) for size in around.shape]
    ranks = _ranks(_histograms(around, *weights), limit)
    found = _look_up(ranks, around)[margin[0] :, margin[1] :][: L.shape[0], : L.shape[1]]
    return low + (high - low) * found


def _windows(size: int, sigma_px: float, like: Tensor) -> Tensor:
    """Weights (n, size) of the pixels along an axis in n windows at equal distances; rows add up to 1."""
    n = min(max(round(POINTS_PER_SIGMA * size / sigma_px), 1), size)
    centres = (torch.arange(n, device=like.device) + 0.5) * (size / n) - 0.5
    apart = torch.arange(size, device=like.device) - centres[:, None]
    apart = (apart + size / 2).remainder(size) - size / 2
    weights = torch.exp(-0.5 * (apart / sigma_px).square())
    return weights / weights.sum(1, keepdim=True)


def _histograms(unit: Tensor, down: Tensor, along: Tensor) -> Tensor:
    """Histograms (BINS, h, w) of values (H, W) in [0, 1], shared between neighbouring bins, in each window."""
    place = unit * (BINS - 1)
    bins = [down @ (1 - (place - index).abs()).clamp_min(0) @ along.T for index in range(BINS)]
    return torch.stack(bins)


def _ranks(histograms: Tensor, limit: float) -> Tensor:
    """Cumulative distributions (BINS, h, w) of histograms clipped at `limit`; the excess is spread evenly."""
    most = limit / BINS
    cut = histograms.clamp_max(most)
    for _ in range(8):  # the spread excess may exceed the limit again
        cut = (cut + (1 - cut.sum(0)) / BINS).clamp_max(most)
    cut = cut / cut.sum(0)
    return cut.cumsum(0) - cut / 2


def _look_up(ranks: Tensor, unit: Tensor) -> Tensor:
    """Ranks (H, W) of values (H, W) in [0, 1], interpolated between bins and windows, which wrap around."""
    _, rows, columns = ranks.shape
    height, width = unit.shape
    around = pad(ranks[None], (1, 1, 1, 1), mode="circular")[None]
    # places in the padded grid, from -1 to 1 between the centres of its outermost points
    y = ((torch.arange(height, device=unit.device) + 0.5) * rows / height + 0.5) / (rows + 1) * 2 - 1
    x = ((torch.arange(width, device=unit.device) + 0.5) * columns / width + 0.5) / (columns + 1) * 2 - 1
    places = torch.stack([x.expand(height, width), y[:, None].expand(height, width), 2 * unit - 1], 2)[None, None]
    return grid_sample(around, places, align_corners=True, padding_mode="border")[0, 0, 0]
