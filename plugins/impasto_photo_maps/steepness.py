"""Steepness of relief under a known light: as steep as the picture's shading says, where it is shading.

The network finds the direction of slopes and is too careful about how steep they are. Brightness that goes with colour
is paint; the slopes that explain the rest of it are fitted to it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .prior import BANDS, Brightness

UNLIKELY, LIKELY = 0.2, 0.35
"""Shares of the suggested slopes that the network takes for relief: below, nothing is fitted; above, all is."""
LEAST_CORRELATION = 0.2
"""Correlation, of brightness with the shading of the slopes, below which they do not explain it."""


def fitted_steepness(slopes: Tensor, brightness: Brightness, toward: Tensor) -> float | None:
    """Factor by which slopes (2, H, W) become as steep as the picture's shading, or None if they do not explain it.

    Least squares: under a light half-way up, the logarithm of brightness is the slope towards it (Pentland 1990).
    toward: unit vector (2,), as `Brightness.slopes` has it.
    """
    suggested = brightness.slopes(toward, torch.stack([torch.ones(BANDS), torch.zeros(BANDS)]).to(slopes))
    share = _energy(slopes) / _energy(suggested) if slopes.any() else 0.0
    likelihood = min(max((share - UNLIKELY) / (LIKELY - UNLIKELY), 0.0), 1.0)
    if likelihood == 0:
        return 1.0
    x, y = toward.tolist()
    shading = y * slopes[1] - x * slopes[0]
    shading = shading - shading.mean()
    whole, unexplained = brightness.beside_color()
    product = float((unexplained * shading).sum())
    if product < LEAST_CORRELATION * float(whole.norm() * shading.norm()):
        return None
    return (product / float(shading.square().sum())) ** likelihood


def _energy(slopes: Tensor) -> float:
    """Root of the mean square of slopes (2, H, W)."""
    return float(slopes.square().sum(0).mean().sqrt())
