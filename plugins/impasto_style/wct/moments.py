"""Means and covariances of features, and the linear map that matches features to others.

Li et al. 2017, "Universal Style Transfer via Feature Transforms": whiten, then colour.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..shared.statistics import RawMoments, mean_and_covariance

RIDGE = 1e-3
"""Variance added to both covariances, relative to their mean, so that whitening does not amplify noise."""
TINY = 1e-9
"""Smallest variance."""


def raw_moments(F: Tensor, weights: Tensor | None = None) -> Tensor:
    """Sums over positions of (1, f) (1, f)ᵀ, (C + 1, C + 1), as of `RawMoments`, which can be added over tiles.

    F (1, C, h, w), with weights (1, 1, h, w), by default 1. In float64 on the CPU, since not every device has float64,
    and they are small.
    """
    flat = F.permute(0, 2, 3, 1).flatten(0, 2)  # (N, C), a view where channels are last
    weighted = flat if weights is None else flat * weights.flatten()[:, None]
    moments = torch.empty(F.shape[1] + 1, F.shape[1] + 1, dtype=torch.float64)
    moments[0, 0] = len(flat) if weights is None else weights.sum()
    moments[0, 1:] = moments[1:, 0] = weighted.sum(0).cpu()
    moments[1:, 1:] = (weighted.T @ flat).cpu()
    return moments


def mix(parts: Sequence[tuple[float, Tensor]]) -> Tensor:
    """Raw moments of a mixture, from (weight, moments) of its parts; 0 if all are empty."""
    used = [(part, share) for share, part in parts if share and part[0, 0] > 0]
    return RawMoments.mixture(*zip(*used, strict=True)) if used else torch.zeros_like(parts[0][1])


def coloring(content: Tensor, style: Tensor, share: float = 1.0) -> tuple[Tensor, Tensor]:
    """A (C, C), b (C,) that map features with the content's moments to the style's, or a fraction of the way: A F + b.

    A = Cs^½ Cc^-½. It departs further from the content than the optimal transport of Lu et al. 2019, and shows more of
    the style. Both are raw moments (C + 1, C + 1).
    """
    identity = torch.eye(len(content) - 1, dtype=torch.float64)
    if content[0, 0] <= 0 or style[0, 0] <= 0:
        return identity.float(), torch.zeros(len(identity))
    (content_mean, content_covariance), (style_mean, style_covariance) = map(mean_and_covariance, (content, style))
    variance = (content_covariance.trace() + style_covariance.trace()) / (2 * len(identity))
    ridge = (RIDGE * variance).clamp_min(TINY) * identity
    A = _power(style_covariance + ridge, 0.5) @ _power(content_covariance + ridge, -0.5)
    A = share * A + (1 - share) * identity
    b = share * style_mean + (1 - share) * content_mean - A @ content_mean
    return A.float(), b.float()


def _power(covariance: Tensor, exponent: float) -> Tensor:
    """Power of a symmetric positive matrix (C, C)."""
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp_min(TINY) ** exponent) @ vectors.T
