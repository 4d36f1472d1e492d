"""A picture in another palette: all of its distribution, not only mean and covariance, with lightness in its order.

Sliced optimal transport of colours (Pitié et al. 2007, "Automated colour grading using colour distribution transfer"),
in axes where lightness weighs most, so that light and shadow are kept; grain is kept by a guided filter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from kornia.filters import guided_blur
from torch import Tensor

from ..shared.task import Region

AXES = np.array([[0.75, 1.47, 0.28], [0.5, -0.5, 0.0], [-0.25, -0.25, 0.5]], np.float32)
"""Lightness, 2.5 times, and two differences of colours, of sRGB."""
ROUNDS = 12
QUANTILES = np.linspace(0, 1, 257)
SAMPLES = 2**16
SMOOTHING_PARTS = 32
"""The change of colours is smooth over this part of the picture's shorter side, except at edges."""
SMOOTHING_EPSILON = 1e-3
GUIDED_PX = 256
"""The filter is computed on at most about so many pixels a side."""
LEAST_MASK = 0.5


def recolored(picture: Tensor, sources: Sequence[Tensor], regions: Sequence[Region], seamless: bool, rng) -> Tensor:
    """The picture (1, 3, H, W) with, in each region, the palette that its styles have by their weights."""
    result = torch.zeros_like(picture)
    for region in regions:
        moved = _smooth(picture, _moved(picture, sources, region, rng), seamless)
        result += moved if region.mask is None else region.mask * moved
    covered = sum(1 if region.mask is None else region.mask for region in regions)
    return (result + (1 - covered) * picture).clamp(0, 1)


def matched(values: np.ndarray, known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Values moved so that those `known`, of the same kind, would be distributed as those `wanted`."""
    moved = np.interp(values, np.quantile(known, QUANTILES), np.quantile(wanted, QUANTILES))
    return moved.astype(np.float32, copy=False)


def sampled(values: np.ndarray, count: int) -> np.ndarray:
    """So many of the values (n, ...), or somewhat fewer, evenly taken; all where there are no more."""
    return values[:: max(1, -(-len(values) // max(1, count)))]


def within(values: np.ndarray, mask: Tensor | None) -> np.ndarray:
    """The values (H·W, ...) of a mask's inside; all where it has none."""
    if mask is None:
        return values
    inside = values[mask.flatten().cpu().numpy() > LEAST_MASK]
    return inside if len(inside) else values


def mixed(values: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    """Values of several styles (n, ...), as many of each as its weight says."""
    total = sum(weights)
    return np.concatenate(
        [sampled(own, int(SAMPLES * weight / total)) for own, weight in zip(values, weights, strict=True) if weight]
    )


def _moved(picture: Tensor, sources: Sequence[Tensor], region: Region, rng: np.random.Generator) -> Tensor:
    colors = _colors(picture)
    known = sampled(within(colors, region.mask), SAMPLES)
    wanted = mixed([_colors(source) for source in sources], region.weights)
    for round_ in range(ROUNDS):
        turn = (
            np.linalg.qr(rng.standard_normal((3, 3)))[0].astype(np.float32) if round_ else np.eye(3, dtype=np.float32)
        )
        colors, known, wanted = colors @ turn, known @ turn, wanted @ turn
        for axis in range(3):
            before = known[:, axis].copy()
            colors[:, axis] = matched(colors[:, axis], before, wanted[:, axis])
            known[:, axis] = matched(before, before, wanted[:, axis])
        colors, known, wanted = colors @ turn.T, known @ turn.T, wanted @ turn.T
    moved = (colors @ np.linalg.inv(AXES).T).astype(np.float32)
    return torch.from_numpy(moved.T.copy()).to(picture.device).view_as(picture)


def _colors(picture: Tensor) -> np.ndarray:
    """(1, 3, H, W) as (H·W, 3) along the axes."""
    return picture[0].flatten(1).T.cpu().numpy() @ AXES.T


def _smooth(picture: Tensor, moved: Tensor, seamless: bool) -> Tensor:
    """`moved` without the grain that a change of colours brings out of a picture."""
    shorter = min(picture.shape[2:])
    side = 2 * max(1, shorter // SMOOTHING_PARTS) + 1
    border = "circular" if seamless else "reflect"
    step = max(1, shorter // GUIDED_PX)
    return picture + guided_blur(picture, moved - picture, side, SMOOTHING_EPSILON, border, subsample=step)
