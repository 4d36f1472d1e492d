"""Statistics of a network's features, and distances between them: Gaussian moments, Gram matrices, projections.

Statistics of tiles are combined, so that pictures may have any size. Sources are mixed by their raw moments or sorted
projections. Raw moments of a mixture are the mix of the moments of its parts, which is not true for covariances.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from impasto.context import Context
from impasto.numerics.statistics import sort_rows

Distance = Callable[[Tensor], Tensor]
"""A function from the statistic of a picture to a loss."""

NOISE = 1e-5
"""Number that is added to each variance, relative to their mean, so that covariances are invertible."""
CHUNK = 2**14
"""Number of positions that are summed at a time."""
SAMPLES, DIRECTIONS = 4096, 32
"""Number of random positions and projections of the sliced distance, drawn for each evaluation."""


class Statistic(ABC):
    """A statistic of features (C, h, w), and the distance between two such statistics."""

    def positions(self, grid: tuple[int, int], mask: Tensor | None) -> Tensor | None:
        """Positions (n,) for the next evaluation, counted row by row in a layer's grid (h, w); None for all."""
        return None

    @abstractmethod
    def tile_statistic(self, features: Tensor, mask: Tensor | None, positions: Tensor | None, block: int) -> Tensor:
        """Statistic of a tile's features (C, h, w), weighted by a mask (h, w). Sums are computed block by block."""

    @abstractmethod
    def picture_statistic(self, parts: Sequence[Tensor], seen: Sequence[Tensor | None]) -> Tensor:
        """Statistic of the picture, from the statistics of tiles. seen: indices (n,) of the positions in each tile."""

    def tile_gradient(self, gradient: Tensor, seen: Tensor | None) -> Tensor:
        """Gradient for the statistic of a tile, from the gradient for the picture. seen: positions in the tile."""
        return gradient

    @abstractmethod
    def distance_to(self, sources: Sequence[Tensor], weights: Sequence[float]) -> Distance:
        """Function for the distance from a mix of the sources' statistics. The sum of the weights is 1."""


class RawMoments(Statistic):
    """Sums over positions of (1, f) (1, f)ᵀ: (C + 1, C + 1), which hold the total weight, first and second moments."""

    def tile_statistic(self, features: Tensor, mask: Tensor | None, positions: Tensor | None, block: int) -> Tensor:
        return _Moments.apply(features, mask, block)  # (blocks, C + 1, C + 1)

    def picture_statistic(self, parts: Sequence[Tensor], seen: Sequence[Tensor | None]) -> Tensor:
        return torch.cat(list(parts)).sort(0).values.sum(0)  # sorted, so that it is independent of the blocks' order

    @staticmethod
    def mixture(sources: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Normalised moments, mixed by weight."""
        return torch.stack(
            [weight * source / source[0, 0] for source, weight in zip(sources, weights, strict=True)]
        ).sum(0)


class GaussianMoments(RawMoments):
    """Squared Wasserstein-2 distance between Gaussians with these means and covariances, per channel.

    |m - m'|² + tr(S + S' - 2 (R S R)^½) with R = S'^½ (Givens & Shortt 1984). The root's trace is the sum of the roots
    of the eigenvalues. Its gradient is cheap and stable, unlike the gradient of iterations for the root.
    """

    def distance_to(self, sources: Sequence[Tensor], weights: Sequence[float]) -> Distance:
        mean, covariance = mean_and_covariance(self.mixture(sources, weights))
        noise = (NOISE * covariance.diagonal().mean() + 1e-12) * torch.eye(len(mean)).to(covariance)
        values, vectors = torch.linalg.eigh(covariance + noise)
        values = values.clamp_min(noise[0, 0])
        root, trace = (vectors * values.sqrt()) @ vectors.T, values.sum()

        def distance(features: Tensor) -> Tensor:
            made_mean, made_covariance = mean_and_covariance(features)
            made_covariance = made_covariance + noise
            product = root @ made_covariance @ root
            squares = torch.linalg.eigvalsh((product + product.T) / 2).clamp_min(1e-2 * noise[0, 0] ** 2)
            bures = trace + made_covariance.trace() - 2 * squares.sqrt().sum()
            return ((made_mean - mean).square().sum() + bures) / len(mean)

        return distance


class GramMoments(RawMoments):
    """Squared difference of Gram matrices (Gatys et al. 2016, eq. 4), relative to the target, times its mean diagonal.

    The loss therefore scales with squared activations like other distances, and the same weights fit.
    """

    def distance_to(self, sources: Sequence[Tensor], weights: Sequence[float]) -> Distance:
        gram = self.mixture(sources, weights)[1:, 1:]
        scale = gram.diagonal().mean() / gram.square().sum().clamp_min(1e-12)
        return lambda moments: scale * (moments[1:, 1:] / moments[0, 0] - gram).square().sum()


class ClassicGram(RawMoments):
    """Mean squared difference of the Gram matrices of features multiplied by `scale`."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def distance_to(self, sources: Sequence[Tensor], weights: Sequence[float]) -> Distance:
        gram = self.mixture(sources, weights)[1:, 1:]
        return lambda moments: (self.scale**2 * (moments[1:, 1:] / moments[0, 0] - gram)).square().mean()


class Sliced(Statistic):
    """Squared sliced Wasserstein-2 distance, between sorted projections on random directions (Heitz et al. 2021)."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def positions(self, grid: tuple[int, int], mask: Tensor | None) -> Tensor:
        count = min(SAMPLES, grid[0] * grid[1])
        draws = torch.from_numpy(self.context.rng.random(count))
        if mask is None:
            return (draws * (grid[0] * grid[1])).long().to(self.context.device)
        cumulated = mask.double().flatten().cumsum(0).cpu()
        found = torch.searchsorted(cumulated, draws * cumulated[-1], right=True).clamp_max(len(cumulated) - 1)
        return found.to(self.context.device)

    def tile_statistic(self, features: Tensor, mask: Tensor | None, positions: Tensor | None, block: int) -> Tensor:
        return features.flatten(1).T[positions].float()  # (n, C)

    def picture_statistic(self, parts: Sequence[Tensor], seen: Sequence[Tensor | None]) -> Tensor:
        return torch.cat(list(parts))[torch.cat([positions for positions in seen if positions is not None]).argsort()]

    def tile_gradient(self, gradient: Tensor, seen: Tensor | None) -> Tensor:
        return gradient[seen]

    def distance_to(self, sources: Sequence[Tensor], weights: Sequence[float]) -> Distance:
        def distance(features: Tensor) -> Tensor:
            directions = normalize(self.context.noise(DIRECTIONS, features.shape[1]))
            wanted = [
                weight * _quantiles(directions @ source.T, len(features))
                for source, weight in zip(sources, weights, strict=True)
            ]
            return (sort_rows(directions @ features.T) - torch.stack(wanted).sum(0)).square().mean()

        return distance


class _Moments(torch.autograd.Function):
    """Raw moments of blocks in double precision, without holding all features in that precision.

    The sum of a block is the same, bit for bit, in every division of a picture into tiles.
    """

    @staticmethod
    def forward(context: Any, features: Tensor, mask: Tensor | None, block: int) -> Tensor:
        """(blocks, C + 1, C + 1) of features (C, h, w) weighted by a mask (h, w)."""
        context.save_for_backward(features, mask)
        context.block = block
        places, side = _blocks(features, block), len(features) + 1
        sums = torch.zeros(len(places), side, side, dtype=torch.float64, device=exact(features[:, :0]).device)
        for place, total in zip(places, sums, strict=True):
            for chunk, weights in _chunks(features[place], None if mask is None else mask[place[1:]]):
                total += exact((chunk if weights is None else chunk * weights) @ chunk.T)
        return sums

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """Gradient with respect to the features."""
        features, mask = context.saved_tensors
        result = torch.empty_like(features)
        for place, part in zip(_blocks(features, context.block), gradient + gradient.mT, strict=True):
            block, part = features[place], part.to(features)[1:]
            found = torch.addmm(part[:, :1], part[:, 1:], block.flatten(1)).view_as(block)
            result[place] = found if mask is None else found * mask[place[1:]].to(found)
        return result, None, None


def _blocks(features: Tensor, side: int) -> list[tuple[slice, slice, slice]]:
    """Slices that divide features (C, h, w) into squares. The last squares may be smaller."""
    tops, lefts = (range(0, length, side) for length in features.shape[1:])
    return [(slice(None), slice(top, top + side), slice(left, left + side)) for top in tops for left in lefts]


def _chunks(features: Tensor, mask: Tensor | None) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Chunks of positions: (1, f), (C + 1, n), and any weights (n,), in the precision above that of the features."""
    weights = () if mask is None else mask.flatten().split(CHUNK)
    for chunk, weight in zip_longest(features.flatten(1).split(CHUNK, 1), weights):
        values = exact(chunk) if features.dtype == torch.float32 else chunk.float()
        yield torch.cat([torch.ones_like(values[:1]), values]), None if weight is None else weight.to(values)


def exact(x: Tensor) -> Tensor:
    """x in double precision, which keeps small eigenvalues of covariances. It is on the CPU if the device lacks it."""
    return x.to("cpu" if x.device.type == "mps" else x.device, torch.float64)


def mean_and_covariance(moments: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (C,) and covariance (C, C) from raw moments (C + 1, C + 1)."""
    moments = moments / moments[0, 0]
    mean = moments[0, 1:]
    return mean, moments[1:, 1:] - torch.outer(mean, mean)


def _quantiles(values: Tensor, count: int) -> Tensor:
    """`count` evenly spaced quantiles of each row of values (n, m)."""
    values = sort_rows(values)
    return (
        values if values.shape[1] == count else interpolate(values[None], count, mode="linear", align_corners=True)[0]
    )
