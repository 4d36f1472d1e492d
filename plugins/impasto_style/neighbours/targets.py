"""Target features of a picture: for each cell, the weighted mean of its nearest neighbours in all sources.

If each layer has its own neighbour, neighbours contradict each other, and a compromise looks washed out. So the means
and covariances of all features are matched to the sources as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from ..shared.color.regions import in_colors_of
from ..shared.objective import StyleObjective, Terms
from ..shared.optimise import Objective
from ..shared.progress import WorkProgress
from ..shared.statistics import GaussianMoments
from ..shared.task import StyleTask
from ..shared.tiles import Tile
from .cells import ALIGNMENT_PX, CELL_PX, CellEncoder, pool
from .matching import collect_pieces, nearest
from .parameters import NeighboursParameters

UNSEEN = 1e-3
"""Weight of a source in a cell below which the cell ignores the source."""
CANDIDATES = 2**12
"""Size of the random sample of cells that is searched. Each match draws a new one, so that poor matches do not last."""
TINY = 1e-6
FINE_STRIDE = 2
"""Largest stride of layers that count as detail."""
MOMENTS = 60.0
"""Weight of the squared distance from means and covariances, relative to the distance from nearest neighbours."""

Group = tuple[int, ...]
"""Indices of layers that share one match; 0 stands for the pixels."""


class Targets(Objective):
    """Target features at one size. The sides of the task's picture are multiples of `ALIGNMENT_PX`.

    `match` chooses the targets.
    """

    def __init__(
        self, task: StyleTask, encoder: CellEncoder, parameters: NeighboursParameters, progress: WorkProgress
    ) -> None:
        self.task, self.encoder, self.progress = task, encoder, progress
        self.weights = _weights_of_sources(task)  # (S, 1, H, W)
        self.pieces = {
            index: collect_pieces(
                style, encoder.for_styles(), parameters.rotations, progress.context.rng, progress.advance
            )
            for index, style in enumerate(task.sources)
            if index and self.weights[index].max() > UNSEEN
        }
        self.matches: dict[int, list[Tensor]] = {}
        self.layers: Group = tuple(range(len(encoder.strides)))
        self.scales = self._scales()
        self.layer_weights = [
            parameters.detail if layer and stride <= FINE_STRIDE else 1.0
            for layer, stride in enumerate(encoder.strides)
        ]
        self.is_split = False
        self.wanted_of_all: list[Tensor] = []
        terms = Terms(GaussianMoments(), self._weights_of_moments(), content={}, smoothness=_no_smoothness)
        painted = tuple(region for region in task.regions if region.weights[0] < 1)
        self.moments = StyleObjective(
            replace(task, regions=painted), encoder.encoder, terms, progress.advance, encoder.tile_px
        )

    def match(self, x: Tensor, picture_share: float, shift: tuple[int, int], is_split: bool) -> None:
        """Find the nearest neighbour of each cell of a mix of the picture and x (1, 3, H, W).

        picture_share: weight of the picture in the mix, in [0, 1]. shift: shift of the cells in pixels. is_split: match
        the layers of each stride separately, and the pixels with those of the finest stride.
        """
        self._shift_by(shift)
        self.is_split = is_split
        groups = self._groups() if is_split else [self.layers]
        x = self._part_at_shift(x)
        for index, pieces in self.pieces.items():
            seen = x
            if picture_share:
                weight = self._part_at_shift(self.weights[index, None])
                seen = in_colors_of(self.task.sources[index], self.picture, weight)
            queries = self._queries([(x, 1 - picture_share), (seen, picture_share)], groups)
            chosen = self.progress.context.rng.permutation(len(pieces[0]))[:CANDIDATES]
            candidates = torch.from_numpy(chosen).to(x.device)
            self.matches[index] = []
            for group, wanted in zip(groups, queries, strict=True):
                found = candidates[self._nearest(index, wanted, self._keys(pieces, group, candidates))]
                self.matches[index] += [found] * len(group)
        tiles = self.encoder.tiling(self.picture).tiles
        # targets of many tiles would take much memory
        self.wanted_of_all = self._targets_of(tiles[0]) if len(tiles) == 1 else []

    def features(self, x: Tensor) -> Sequence[Tensor]:
        """Squared distance of the features of x (1, 3, H, W) from the targets, over all cells.

        If layers are matched separately, the statistics of `moments` follow.
        """
        distance = _Distance.apply(x, self)
        return [distance, *self.moments.features(x)] if self.is_split and self.pieces else [distance]

    def loss(self, x: Tensor, features: Sequence[Tensor]) -> Tensor:
        """The distance, plus the loss of the statistics, if any."""
        distance, *statistics = features
        return distance + self.moments.loss(x, statistics) if statistics else distance

    def distance_and_slope(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The distance, which is a sum over cells, and its gradient. Both are computed tile by tile."""
        shifted, total = self._part_at_shift(x), x.new_zeros((), dtype=torch.float64)
        slope = torch.empty_like(shifted)
        tiling = self.encoder.tiling(shifted)
        for tile in tiling.tiles:
            # All cells that see a pixel are evaluated together, so that its gradient is summed as without tiles.
            around = tiling.around(tile)
            seen = around.with_halo(shifted).detach().requires_grad_()
            targets = self.wanted_of_all or self._targets_of(around)
            with torch.enable_grad():
                layers = self.encoder.of_tile(seen, around)
                pairs = zip(layers, targets, self.scales, self.layer_weights, strict=True)
                distance = torch.stack(
                    [weight * scale**2 * (found - target).square().sum(0) for found, target, scale, weight in pairs]
                ).sum(0)
                (gradient,) = torch.autograd.grad(distance.sum(), seen)
            tile.put(slope, tile.inside(around, gradient))
            total += tile.inside(around.without_halo(), distance.detach(), CELL_PX).sum()
            self.progress.advance()
        return total, self._whole_from_part(slope, x)

    def _targets_of(self, tile: Tile) -> list[Tensor]:
        """The targets (D, h, w) of a tile's cells, for the pixels and for each layer."""
        wanted = None
        if (own := tile.on_grid(self.cell_weights[0], CELL_PX)).max() > 0:
            with torch.no_grad():
                wanted = [own * layer for layer in self.encoder.of_tile(tile.with_halo(self.picture), tile)]
        for index, pieces in self.pieces.items():
            weight = tile.on_grid(self.cell_weights[index], CELL_PX)  # (h, w)
            parts = [
                weight * features[tile.on_grid(found, CELL_PX)].movedim(2, 0)
                for features, found in zip(pieces, self.matches[index], strict=True)
            ]
            wanted = parts if wanted is None else [a.add_(b) for a, b in zip(wanted, parts, strict=True)]
        assert wanted is not None  # weights add up to 1
        return wanted

    @torch.no_grad()
    def _queries(self, mixture: Sequence[tuple[Tensor, float]], groups: Sequence[Group]) -> list[Tensor]:
        """Mean features (C, h, w) of each cell for each group, as a weighted mean over pictures (1, 3, H, W).

        They have half precision, because they take most of the memory at large sizes.
        """
        mixture = [(picture, weight) for picture, weight in mixture if weight]
        size = self.cell_weights.shape[1:]
        channels = [sum(self.encoder.channels[layer] for layer in group) for group in groups]
        queries = [self.picture.new_empty((count, *size), dtype=torch.float16) for count in channels]
        for tile in self.encoder.tiling(self.picture).tiles:
            self.progress.advance()
            looks = [[weight * layer for layer in self._cell_means(picture, tile)] for picture, weight in mixture]
            layers = [torch.stack(parts).sum(0) for parts in zip(*looks, strict=True)]
            for query, group in zip(queries, groups, strict=True):
                tile.on_grid(query, CELL_PX).copy_(torch.cat([layers[layer] for layer in group]))
        return queries

    def _cell_means(self, picture: Tensor, tile: Tile) -> list[Tensor]:
        """Scaled means (C, h, w) of the features of a tile's cells."""
        return [
            scale * pool(layer, stride)
            for layer, stride, scale in zip(
                self.encoder.of_tile(tile.with_halo(picture), tile), self.encoder.strides, self.scales, strict=True
            )
        ]

    def _keys(self, pieces: Sequence[Tensor], group: Group, chosen: Tensor) -> Tensor:
        """Keys (K, C) of the chosen cells: scaled mean features of a group of layers."""
        means = [pool(pieces[layer][chosen].T.float(), self.encoder.strides[layer]) for layer in group]
        return torch.cat([self.scales[layer] * mean for layer, mean in zip(group, means, strict=True)]).T

    def _nearest(self, index: int, queries: Tensor, keys: Tensor) -> Tensor:
        """Index (h, w) of the nearest key (K, C) of each query (C, h, w), in cells where the source is painted."""
        seen = (self.cell_weights[index] > UNSEEN).flatten().nonzero()[:, 0]
        found = seen.new_zeros(queries[0].numel())
        if len(seen):
            found[seen] = nearest(queries.flatten(1)[:, seen].T, keys, self.progress.advance)
        return found.view(queries.shape[1:])

    def _groups(self) -> list[Group]:
        """Groups of layers with the same stride. The pixels are in the group of the finest stride."""
        strides = (self.encoder.strides[1], *self.encoder.strides[1:])
        return [tuple(group) for _, group in groupby(self.layers, strides.__getitem__)]

    def _weights_of_moments(self) -> dict[str, float]:
        """Weight of each style layer, by which its Wasserstein-2 distance per channel becomes one over all features.

        The result is the least squared distance by which all features reach the moments, on the scale of the targets.
        """
        cells = self.weights[0].numel() / CELL_PX**2
        weights = {}
        for layer, name in enumerate(self.encoder.names, 1):
            if name in self.encoder.encoder.style_layers:
                places = cells * max(CELL_PX // self.encoder.strides[layer], 1) ** 2
                squared = self.scales[layer] ** 2 * self.encoder.channels[layer] * places
                weights[name] = MOMENTS * self.layer_weights[layer] * squared
        return weights

    def _scales(self) -> list[float]:
        """Factors that give features of the styles (or else of the picture) a mean length of 1: pixels, then layers."""
        styles = list(self.pieces.values())
        if not styles:
            tile = self.encoder.tiling(self.task.picture).tiles[0]
            seen = self.encoder.of_tile(tile.with_halo(self.task.picture), tile)
            styles = [[layer.flatten(1).T for layer in seen]]
        lengths = [[float(layer.float().norm(dim=1).mean()) for layer in style] for style in styles]
        return [len(styles) / max(sum(layer), TINY) for layer in zip(*lengths, strict=True)]

    def _shift_by(self, shift: tuple[int, int]) -> None:
        """Move the corner of the first cell by (down, right) pixels."""
        self.shift = shift
        self.picture = self._part_at_shift(self.task.picture)
        self.cell_weights = _means(self._part_at_shift(self.weights)[:, 0])  # (S, h, w)

    def _part_at_shift(self, x: Tensor) -> Tensor:
        """The part of (B, C, H, W) that cells cover. A seamless picture is rolled instead."""
        top, left = self.shift
        if self.task.seamless:
            return x.roll((-top, -left), (2, 3))
        height, width = (
            (side - by) // ALIGNMENT_PX * ALIGNMENT_PX for side, by in zip(x.shape[2:], self.shift, strict=True)
        )
        return x[:, :, top : top + height, left : left + width]

    def _whole_from_part(self, slope: Tensor, x: Tensor) -> Tensor:
        """Inverse of `_part_at_shift` for a gradient of a picture x (1, 3, H, W), with 0 outside."""
        top, left = self.shift
        if self.task.seamless:
            return slope.roll((top, left), (2, 3))
        padded = torch.zeros_like(x)
        padded[:, :, top : top + slope.shape[2], left : left + slope.shape[3]] = slope
        return padded


class _Distance(torch.autograd.Function):
    """The distance () of a picture x (1, 3, H, W) from targets."""

    @staticmethod
    def forward(context: Any, x: Tensor, targets: Targets) -> Tensor:
        distance, slope = targets.distance_and_slope(x)
        context.save_for_backward(slope)
        return distance

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient * context.saved_tensors[0], None


def _no_smoothness(x: Tensor) -> Tensor:
    """A smoothness term of 0 for (1, 3, H, W)."""
    return 0 * x.sum()


def _means(x: Tensor) -> Tensor:
    """Means over the cells, (S, H / 4, W / 4), of (S, H, W)."""
    return x.unflatten(2, (-1, CELL_PX)).unflatten(1, (-1, CELL_PX)).mean((2, 4))


def _weights_of_sources(task: StyleTask) -> Tensor:
    """Weight of each source at each pixel (S, 1, H, W), from the weights of the regions."""
    everywhere = torch.ones_like(task.picture[0, :1])
    weights = [
        sum(
            (
                region.weights[index] * (everywhere if region.mask is None else region.mask[0])
                for region in task.regions
            ),
            torch.zeros_like(everywhere),
        )
        for index in range(len(task.sources))
    ]
    return torch.stack(weights)
