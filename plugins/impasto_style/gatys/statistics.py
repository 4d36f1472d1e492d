"""What is compared between pictures: statistics of a network's features, and how far two sets of them are apart.

Every statistic is a summary that can be made of parts of a picture and put together, which lets it be as large as it
likes. Sources are mixed as raw moments or sorted projections: the mix is that of a picture made of parts of all,
which mixed covariances would not be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from impasto.context import Context
from impasto.losses import ordered

Distance = Callable[[Tensor], Tensor]
"""From the summary of a picture to a loss."""

NOISE = 1e-5
"""Added to each variance, in parts of the mean one: what never varies has no direction to be matched in."""
CHUNK = 512
"""Positions that are summed up in single precision; a longer sum would depend on how a picture is cut into tiles."""
SAMPLES, DIRECTIONS = 4096, 32
"""Positions and projections that the sliced distance looks at, each time anew."""


class Statistic(Protocol):
    """How features are summed up, and how summaries are compared."""

    def places(self, grid: tuple[int, int], shares: Tensor | None) -> Tensor | None:
        """Positions to look at next (n,), counted row by row in a layer's grid (h, w); None: everywhere."""

    def summary(self, features: Tensor, shares: Tensor | None, places: Tensor | None) -> Tensor:
        """Of a part's features (C, h, w), each position as much as its share (h, w) says."""

    def together(self, parts: Sequence[Tensor]) -> Tensor:
        """The summary of a whole, from its parts'."""

    def towards(self, sources: Sequence[Tensor], weights: Sequence[float]) -> Distance:
        """The distance to a mix of summaries; the weights add up to 1."""


class RawMoments:
    """Sums over positions of (1, f) (1, f)ᵀ: (C + 1, C + 1) with the weight of all, first and second moments in it."""

    def places(self, grid: tuple[int, int], shares: Tensor | None) -> None:
        return None

    def summary(self, features: Tensor, shares: Tensor | None, places: Tensor | None) -> Tensor:
        rows = _rows(features)
        rows = torch.cat([rows.new_ones(len(rows), 1), rows], 1)  # (n, C + 1)
        weighted = rows if shares is None else rows * shares.reshape(-1, 1)
        chunks = zip(weighted.split(CHUNK), rows.split(CHUNK), strict=True)
        return torch.stack([exact(left.T @ right) for left, right in chunks]).sum(0)

    def together(self, parts: Sequence[Tensor]) -> Tensor:
        return torch.stack(list(parts)).sum(0)

    @staticmethod
    def mixed(sources: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Moments for each unit of weight, mixed."""
        return torch.stack(
            [weight * source / source[0, 0] for source, weight in zip(sources, weights, strict=True)]
        ).sum(0)


class GaussianMoments(RawMoments):
    """Wasserstein-2 distance between Gaussians of these means and covariances, squared, for each channel.

    |m - m'|² + tr(S + S' - 2 (R S R)^½) with R = S'^½ (Givens & Shortt 1984). The root's trace is the sum of the roots
    of eigenvalues, whose gradient is cheap and steady, where iterations for the root are neither.
    """

    def towards(self, sources: Sequence[Tensor], weights: Sequence[float]) -> Distance:
        mean, covariance = _mean_and_covariance(self.mixed(sources, weights))
        noise = (NOISE * covariance.diagonal().mean() + 1e-12) * torch.eye(len(mean)).to(covariance)
        values, vectors = torch.linalg.eigh(covariance + noise)
        values = values.clamp_min(noise[0, 0])
        root, trace = (vectors * values.sqrt()) @ vectors.T, values.sum()

        def distance(made: Tensor) -> Tensor:
            made_mean, made_covariance = _mean_and_covariance(made)
            made_covariance = made_covariance + noise
            product = root @ made_covariance @ root
            squares = torch.linalg.eigvalsh((product + product.T) / 2).clamp_min(1e-2 * noise[0, 0] ** 2)
            bures = trace + made_covariance.trace() - 2 * squares.sqrt().sum()
            return ((made_mean - mean).square().sum() + bures) / len(mean)

        return distance


class GramMoments(RawMoments):
    """Squared difference of Gram matrices (Gatys et al. 2016, eq. 4), in parts of the target's, times its mean square.

    In this unit, that of squared activations, it stands beside the other distances with the same weights.
    """

    def towards(self, sources: Sequence[Tensor], weights: Sequence[float]) -> Distance:
        gram = self.mixed(sources, weights)[1:, 1:]
        scale = gram.diagonal().mean() / gram.square().sum().clamp_min(1e-12)
        return lambda made: scale * (made[1:, 1:] / made[0, 0] - gram).square().sum()


class ClassicGram(RawMoments):
    """Mean squared difference of the Gram matrices of features that are multiplied by `scale`."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def towards(self, sources: Sequence[Tensor], weights: Sequence[float]) -> Distance:
        gram = self.mixed(sources, weights)[1:, 1:]
        return lambda made: (self.scale**2 * (made[1:, 1:] / made[0, 0] - gram)).square().mean()


class Sliced:
    """Sliced Wasserstein-2 distance, squared: compares sorted projections on random directions (Heitz et al. 2021)."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def places(self, grid: tuple[int, int], shares: Tensor | None) -> Tensor:
        count = min(SAMPLES, grid[0] * grid[1])
        draws = torch.from_numpy(self.context.rng.random(count))
        if shares is None:
            return (draws * (grid[0] * grid[1])).long().to(self.context.device)
        cumulated = shares.double().flatten().cumsum(0).cpu()
        found = torch.searchsorted(cumulated, draws * cumulated[-1], right=True).clamp_max(len(cumulated) - 1)
        return found.to(self.context.device)

    def summary(self, features: Tensor, shares: Tensor | None, places: Tensor | None) -> Tensor:
        return _rows(features)[places]  # (n, C)

    def together(self, parts: Sequence[Tensor]) -> Tensor:
        return torch.cat(list(parts))

    def towards(self, sources: Sequence[Tensor], weights: Sequence[float]) -> Distance:
        def distance(made: Tensor) -> Tensor:
            directions = normalize(self.context.noise(DIRECTIONS, made.shape[1]))
            wanted = [
                weight * _quantiles(directions @ source.T, len(made))
                for source, weight in zip(sources, weights, strict=True)
            ]
            return (ordered(directions @ made.T) - torch.stack(wanted).sum(0)).square().mean()

        return distance


def _rows(features: Tensor) -> Tensor:
    """(C, h, w) as float32 (h w, C)."""
    return features.permute(1, 2, 0).reshape(-1, len(features)).float()


def exact(x: Tensor) -> Tensor:
    """In double precision, where covariances keep their small eigenvalues; on the CPU where the device has none."""
    return x.to("cpu" if x.device.type == "mps" else x.device, torch.float64)


def _mean_and_covariance(moments: Tensor) -> tuple[Tensor, Tensor]:
    """(C,) and (C, C) from raw moments (C + 1, C + 1)."""
    moments = moments / moments[0, 0]
    mean = moments[0, 1:]
    return mean, moments[1:, 1:] - torch.outer(mean, mean)


def _quantiles(values: Tensor, count: int) -> Tensor:
    """`count` evenly spread quantiles of each row of values (n, m)."""
    values = ordered(values)
    return (
        values if values.shape[1] == count else interpolate(values[None], count, mode="linear", align_corners=True)[0]
    )
