"""Means and covariances of features, and the linear map that gives features those of others.

Li et al. 2017, "Universal Style Transfer via Feature Transforms": whiten, then colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

RIDGE = 1e-3
"""Variance that both covariances get, in parts of their mean variance: what hardly varies is not blown up."""
TINY = 1e-9
"""Least variance."""


@dataclass
class Moments:
    """Weighted sums of features, of their products, and of the weights, so that tiles can be added up.

    In float64 on the CPU, wherever the features are: not every device has it, and these are small.
    """

    first: Tensor  # (C,)
    second: Tensor  # (C, C)
    weight: Tensor  # ()

    @classmethod
    def none(cls, channels: int) -> Moments:
        """Those of no features."""
        shapes = ((channels,), (channels, channels), ())
        return cls(*(torch.zeros(shape, dtype=torch.float64) for shape in shapes))

    def add(self, F: Tensor, weights: Tensor | None = None) -> None:
        """Count features (1, C, h, w), each as much as its weight (1, 1, h, w), or once."""
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
        """Whether no feature counts."""
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
    """The moments of features of which these shares have these moments; the shares add up to 1."""
    used = [(share, part) for share, part in parts if share and not part.is_empty]
    total = Moments.none(len(parts[0][1].first))
    for share, part in used:
        total.first += share * part.first / part.weight
        total.second += share * part.second / part.weight
        total.weight += share
    return total


def coloring(content: Moments, style: Moments, share: float = 1.0) -> tuple[Tensor, Tensor]:
    """A (C, C), b (C,): A @ F + b has the style's mean and covariance where F has the content's; a share of the way.

    A = Cs^½ Cc^-½. It departs more from the content than the optimal transport of Lu et al. 2019 and paints more of
    the style.
    """
    unit = torch.eye(len(content.first), dtype=torch.float64)
    if content.is_empty or style.is_empty:
        return unit.float(), torch.zeros_like(content.first).float()
    content_covariance, style_covariance = content.covariance, style.covariance
    variance = (content_covariance.trace() + style_covariance.trace()) / (2 * len(unit))
    ridge = (RIDGE * variance).clamp_min(TINY) * unit
    A = _power(style_covariance + ridge, 0.5) @ _power(content_covariance + ridge, -0.5)
    A = share * A + (1 - share) * unit
    b = share * style.mean + (1 - share) * content.mean - A @ content.mean
    return A.float(), b.float()


def _power(covariance: Tensor, exponent: float) -> Tensor:
    """Of a symmetric positive matrix (C, C)."""
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp_min(TINY) ** exponent) @ vectors.T
