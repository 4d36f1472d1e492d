"""Means and covariances of features, and the linear map that gives features those of others.

Li et al. 2017, "Universal Style Transfer via Feature Transforms": whiten, then colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

RIDGE = 1e-3
"""Variance added to both covariances, relative to their mean, so that whitening does not amplify noise."""
TINY = 1e-9
"""Least variance."""


@dataclass
class Moments:
    """Weighted sums of features, of their products, and of the weights, which can be added over tiles.

    In float64 on the CPU, since not every device has float64, and they are small.
    """

    first: Tensor  # (C,)
    second: Tensor  # (C, C)
    weight: Tensor  # ()

    @classmethod
    def none(cls, channels: int) -> Moments:
        """Moments of no features."""
        shapes = ((channels,), (channels, channels), ())
        return cls(*(torch.zeros(shape, dtype=torch.float64) for shape in shapes))

    def add(self, F: Tensor, weights: Tensor | None = None) -> None:
        """Add features (1, C, h, w) with weights (1, 1, h, w), by default 1."""
        flat = F.permute(0, 2, 3, 1).flatten(0, 2)  # (N, C), a view where channels are last
        if weights is None:
            weighted, count = flat, flat.new_tensor(len(flat))
        else:
            weighted, count = flat * weights.flatten()[:, None], weights.sum()
        self.first += weighted.sum(0).cpu().double()
        self.second += (weighted.T @ flat).cpu().double()
        self.weight += count.cpu().double()

    @property
    def is_empty(self) -> bool:
        """Whether the total weight is 0."""
        return float(self.weight) <= 0

    @property
    def mean(self) -> Tensor:
        """(C,), float64."""
        return self.first / self.weight

    @property
    def covariance(self) -> Tensor:
        """(C, C), float64."""
        return self.second / self.weight - torch.outer(self.mean, self.mean)


def mixed(parts: Sequence[tuple[float, Moments]]) -> Moments:
    """Moments of a mixture, from (weight, moments) of its parts, whose weights add up to 1."""
    used = [(share, part) for share, part in parts if share and not part.is_empty]
    total = Moments.none(len(parts[0][1].first))
    for share, part in used:
        total.first += share * part.first / part.weight
        total.second += share * part.second / part.weight
        total.weight += share
    return total


def coloring(content: Moments, style: Moments, share: float = 1.0) -> tuple[Tensor, Tensor]:
    """A (C, C), b (C,) that map features with the content's moments to the style's, or a fraction of the way: A F + b.

    A = Cs^½ Cc^-½, which departs further from the content than the optimal transport of Lu et al. 2019, and has more of
    the style.
    """
    identity = torch.eye(len(content.first), dtype=torch.float64)
    if content.is_empty or style.is_empty:
        return identity.float(), torch.zeros_like(content.first).float()
    content_covariance, style_covariance = content.covariance, style.covariance
    variance = (content_covariance.trace() + style_covariance.trace()) / (2 * len(identity))
    ridge = (RIDGE * variance).clamp_min(TINY) * identity
    A = _power(style_covariance + ridge, 0.5) @ _power(content_covariance + ridge, -0.5)
    A = share * A + (1 - share) * identity
    b = share * style.mean + (1 - share) * content.mean - A @ content.mean
    return A.float(), b.float()


def _power(covariance: Tensor, exponent: float) -> Tensor:
    """Power of a symmetric positive matrix (C, C)."""
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp_min(TINY) ** exponent) @ vectors.T
