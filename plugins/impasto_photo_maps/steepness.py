"""Steepness of relief under a known light: as steep as the picture's shading says, where it is shading.

The network finds the direction of slopes, and makes them the smaller the less sure it is. Brightness that goes with
colour is paint; the slopes that explain the rest of it are fitted to it. That the rest is shading is likely where it
varies along the light more than across it, as paint has no reason to.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .prior import Brightness

UNDIRECTED, DIRECTED = 0.0, 0.1
"""Values of `_along` between which brightness becomes shading."""
MOST_STEEPENED = 2.0
"""Largest factor, since shading that is many times as strong as the network's slopes is paint."""
LEAST_CORRELATION = 0.2
"""Correlation, of brightness with the shading of the slopes, below which they do not explain it."""


def fitted_steepness(slopes: Tensor, brightness: Brightness, toward: Tensor) -> float | None:
    """Factor by which slopes (2, H, W) become as steep as the picture's shading, or None if they do not explain it.

    Least squares: under a light half-way up, the logarithm of brightness is the slope towards it (Pentland 1990).
    toward: unit vector (2,), as `Brightness.slopes` has it.
    """
    if not slopes.any():
        return 1.0
    whole, unexplained = brightness.beside_color()
    x, y = toward.tolist()
    shading = y * slopes[1] - x * slopes[0]
    shading = shading - shading.mean()
    product = float((unexplained * shading).sum())
    if product < LEAST_CORRELATION * float(whole.norm() * shading.norm()):
        return None
    likelihood = min(max((_along(unexplained, toward) - UNDIRECTED) / (DIRECTED - UNDIRECTED), 0.0), 1.0)
    return min(product / float(shading.square().sum()), MOST_STEEPENED) ** likelihood


def _along(x: Tensor, toward: Tensor) -> float:
    """Share of the variation of x (H, W) along a direction, less that across it: from -1, all across, to 1, all along.

    The mean of the cosine of twice the angle between waves and direction, weighted by their energy.
    """
    height, width = x.shape
    window = torch.hann_window(height, device=x.device)[:, None] * torch.hann_window(width, device=x.device)
    energy = torch.fft.fft2(x * window).abs().square()
    up = -torch.fft.fftfreq(height, device=x.device)[:, None]
    right = torch.fft.fftfreq(width, device=x.device)
    angle = torch.atan2(up, right) - torch.atan2(toward[1], toward[0])
    return float((energy * torch.cos(2 * angle)).sum() / energy.sum().clamp_min(1e-12))
