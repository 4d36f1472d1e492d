"""Shadows as regions of one depth each: a network says where a shadow is likely, the picture how deep it is there.

A region that would keep another hue than its surroundings is a material of its own, and no shadow.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import label, maximum
from torch import Tensor
from torch.nn.functional import max_pool2d, pad

from impasto.numerics.filters import blur

from .light_network import shadow_log

LIKELY, POSSIBLE = 0.4, 0.1
"""Probabilities of a shadow that a region reaches somewhere, and everywhere."""
FAINT, GRAIN_PX = 0.035, 4
"""Probability from which on what is as dark as shadow is possible, and the width to which its grain is smoothed."""
LIT = 0.1
"""Share of a region's highest probability that counts as light, and that is missing from full shadow."""
PLATEAU_PX = 8
"""Distance within which the highest probability counts."""
LEAST_REGION = 0.01
"""Share of the picture from which on a region has a depth of its own; smaller ones have one together."""
OUTLINE_PX, NEAR_PX, FAR_PX, LEAST_PX = 2, 3, 12, 40
"""Distances to the end of a region's border and of the surroundings that it is compared with; least pixels of these."""
CORE = 0.95
MOST_HUE, MOST_LIGHT = 0.25, 0.05
"""Differences from its surroundings that a lifted region may have: in the logarithms of red and blue over green, and in
that of all, of which its depth loses what is more."""
DEEPEST, LEAST_DEPTH = 3.0, 0.1
EDGE_PX, LEAST_EDGES, MOST_TINT, FITS = 2.0, 1e-3, 0.25, 3


def shadows(logs: Tensor, probability: Tensor, recognised: Tensor, is_certain: bool = False) -> tuple[Tensor, Tensor]:
    """Matte (1, 1, H, W) and depths (1, 3, H, W) of the shadows in the logarithms of a picture (1, 3, H, W), from
    probabilities (1, 1, H, W), which may be certain, and depths (1, 3, H, W) that a network recognised."""
    if not is_certain:
        probability = _with_dark(probability, logs)
    numbers = torch.from_numpy(_regions(probability[0, 0].cpu().numpy())).to(logs.device)
    likely = probability * _widened(numbers > 0, OUTLINE_PX)
    plateau = blur(_widened(likely[0, 0], PLATEAU_PX)[None, None], PLATEAU_PX / 2).clamp_min(POSSIBLE)
    matte = likely if is_certain else ((likely / plateau - LIT) / (1 - 2 * LIT)).clamp(0, 1)
    prior = (recognised * matte).sum((2, 3), keepdim=True) / (matte.sum() + 1e-6)
    prior = depth_at_borders(logs, matte, prior)
    kept, share, weighted = torch.zeros_like(matte), torch.zeros_like(matte), torch.zeros_like(logs)
    for number in range(1, int(numbers.max()) + 1):
        own = matte * _widened(numbers == number, OUTLINE_PX)
        depth = depth_at_borders(logs, own, prior)
        rest = _rest(logs, own, depth, numbers, number)
        red, green, blue = rest.flatten()
        if is_certain or math.hypot(red - green, blue - green) <= MOST_HUE:
            depth = (depth - (rest.mean() - MOST_LIGHT).clamp_min(0)).clamp_min(0)
            kept, share, weighted = torch.maximum(kept, own), share + own, weighted + own * depth
    return kept, blur(weighted, EDGE_PX) / (blur(share, EDGE_PX) + 1e-6)  # beyond the borders, too


def _with_dark(probability: Tensor, logs: Tensor) -> Tensor:
    """Probabilities without holes, and `POSSIBLE` at least, where a faint one lies in what is as dark as the likely
    shadows."""
    brightness = blur(logs.mean(1, keepdim=True), GRAIN_PX)
    likely, lit = probability > LIKELY, probability < FAINT
    if not (likely.any() and lit.any()):
        return probability
    is_dark = brightness < (brightness[likely].mean() + brightness[lit].mean()) / 2
    closed = -_widened(-_widened(probability[0, 0], PLATEAU_PX), PLATEAU_PX)
    return torch.where(is_dark & ~lit, closed.clamp_min(POSSIBLE + 1e-3), probability)


def _regions(probability: NDArray[np.float32]) -> NDArray[np.int32]:
    """Numbers (H, W) of the regions of likely shadow, 0 in the light; small ones have the same number."""
    found, count = label(probability > POSSIBLE)
    for first, last in ((found[0], found[-1]), (found[:, 0], found[:, -1])):
        for one, other in {*zip(first.tolist(), last.tolist(), strict=True)}:
            if one and other:  # around the torus
                found[found == other] = one
    every = np.arange(1, count + 1)
    is_likely = np.zeros(count + 1, bool)
    is_likely[1:] = np.asarray(maximum(probability, found, every)) > LIKELY if count else False
    sizes = np.bincount(found.ravel(), minlength=count + 1) / found.size
    is_large = is_likely & (sizes >= LEAST_REGION)
    numbers = np.where(is_large, np.cumsum(is_large), np.where(is_likely, is_large.sum() + 1, 0))
    return numbers[found].astype(np.int32)


def _rest(logs: Tensor, matte: Tensor, depth: Tensor, numbers: Tensor, number: int) -> Tensor:
    """Excess brightness (1, 3, 1, 1) of a region that is lifted by a depth over its surroundings; 0 if that is not
    known."""
    own = numbers == number
    core = matte[0, 0] > CORE
    core = core if core.sum() >= LEAST_PX else own
    ring = (_widened(own, FAR_PX) - _widened(numbers > 0, NEAR_PX)) > 0
    if min(core.sum(), ring.sum()) < LEAST_PX:
        return torch.zeros_like(depth)
    inside, around = (logs[0][:, places].mean(1).view(1, 3, 1, 1) for places in (core, ring))
    return inside + depth - around


def _widened(x: Tensor, reach_px: int) -> Tensor:
    """Highest values of x (H, W) within a square, around the torus."""
    reach = [min(reach_px, side) for side in x.shape[::-1] for _ in range(2)]
    return max_pool2d(pad(x[None, None].float(), reach, mode="circular"), [2 * reach[2] + 1, 2 * reach[0] + 1], 1)[0, 0]


def depth_at_borders(logs: Tensor, matte: Tensor, recognised: Tensor) -> Tensor:
    """Depth (1, 3, 1, 1) of the shadows in the logarithms of a picture: by how much these change with the matte at its
    borders, in a least-squares fit that leans a little towards the depth that was recognised."""
    changes, depth = _differences(logs), recognised
    for _ in range(FITS):
        likely = depth.clamp_min(LEAST_DEPTH)
        rises = _differences(shadow_log(matte, likely) / likely)
        products = sum((change * rise).sum((2, 3), keepdim=True) for change, rise in zip(changes, rises, strict=True))
        squares = sum(rise.square().sum((2, 3), keepdim=True) for rise in rises)
        found = (LEAST_EDGES * recognised - products) / (LEAST_EDGES + squares)
        grey = found.mean(1, keepdim=True)
        depth = (grey + (found - grey).clamp(-MOST_TINT, MOST_TINT)).clamp(0, DEEPEST)
    return depth


def _differences(x: Tensor) -> list[Tensor]:
    """Differences of smoothed x (B, C, H, W) down and across, around the torus."""
    smooth = blur(x, EDGE_PX)
    return [smooth.roll(-2, axis) - smooth.roll(2, axis) for axis in (2, 3)]
