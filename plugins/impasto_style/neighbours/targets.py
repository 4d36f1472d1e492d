"""What each cell's features shall be: the means of its nearest pieces of each source, by the regions' weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ..task import Task
from .cells import ALIGNMENT_PX, CELL_PX, Eye, Tile, pooled
from .coloring import in_colors_of
from .matching import collect_pieces, nearest
from .progress import Progress

if TYPE_CHECKING:
    from . import NeighboursParameters

UNSEEN = 1e-3
"""A source with less weight in a cell is not looked for there."""
SOUGHT = 2**13
"""Pieces are sought among so many, others each time: what does not fit its neighbours does not stay."""
TINY = 1e-6
FINE_STRIDE = 2
"""Layers up to this stride are detail."""

Group = tuple[int, ...]
"""Layers that find one piece together; the pixels are number 0."""


class Targets:
    """The features to paint towards at one size. The sides of the task's picture are multiples of `ALIGNMENT_PX`.

    `match` chooses them; then `gradient` says where they lie.
    """

    def __init__(self, task: Task, eye: Eye, parameters: NeighboursParameters, progress: Progress) -> None:
        self.task, self.eye, self.progress = task, eye, progress
        self.weights = _weights_of_sources(task)  # (S, 1, H, W)
        self.pieces = {
            index: collect_pieces(style, eye.for_styles(), parameters.rotations, progress.context.rng, progress.tick)
            for index, style in enumerate(task.sources)
            if index and self.weights[index].max() > UNSEEN
        }
        self.matches: dict[int, list[Tensor]] = {}
        self.layers: Group = tuple(range(len(eye.strides)))
        self.units = self._units()
        self.shares = [
            parameters.detail if layer and stride <= FINE_STRIDE else 1.0 for layer, stride in enumerate(eye.strides)
        ]

    def match(self, x: Tensor, preservation: float, shift: tuple[int, int], is_split: bool) -> None:
        """Find a piece for each cell, of the picture by a share in [0, 1], else of x (1, 3, H, W).

        shift: of the cells, in pixels. is_split: each layer finds its own piece; the first layer's brings the pixels.
        """
        self._shift_by(shift)
        groups = [self.layers[:2], *((layer,) for layer in self.layers[2:])] if is_split else [self.layers]
        x = self._shifted(x)
        for index, pieces in self.pieces.items():
            seen = x
            if preservation:
                weight = self._shifted(self.weights[index, None])
                seen = in_colors_of(self.task.sources[index], self.picture, weight)
            queries = self._queries([(x, 1 - preservation), (seen, preservation)], groups)
            chosen = self.progress.context.rng.permutation(len(pieces[0]))[:SOUGHT]
            some = torch.from_numpy(chosen).to(x.device)
            self.matches[index] = []
            for group, wanted in zip(groups, queries, strict=True):
                found = some[self._nearest(index, wanted, self._keys(pieces, group, some))]
                self.matches[index] += [found] * len(group)

    def gradient(self, x: Tensor) -> tuple[float, Tensor]:
        """Squared distance of the features of x (1, 3, H, W) to the targets, over all cells, and its gradient."""
        x = x.detach().requires_grad_()
        shifted, total = self._shifted(x), 0.0
        for tile in self.eye.tiles(shifted.shape[2:]):
            wanted = self._wanted(tile)
            distances = [
                share * unit**2 * (found - target).square().sum()
                for found, target, unit, share in zip(
                    self.eye.look(shifted, tile), wanted, self.units, self.shares, strict=True
                )
            ]
            loss = torch.stack(distances).sum()
            loss.backward()
            total += float(loss.detach())
            self.progress.tick()
        assert x.grad is not None
        return total, x.grad

    def _wanted(self, tile: Tile) -> list[Tensor]:
        """The targets (D, h, w) of a tile's cells, for the pixels and for each layer."""
        wanted = None
        if (own := tile.of_cells(self.cell_weights[0])).max() > 0:
            with torch.no_grad():
                wanted = [own * layer for layer in self.eye.look(self.picture, tile)]
        for index, pieces in self.pieces.items():
            weight = tile.of_cells(self.cell_weights[index])  # (h, w)
            parts = [
                weight * features[tile.of_cells(found)].movedim(2, 0)
                for features, found in zip(pieces, self.matches[index], strict=True)
            ]
            wanted = parts if wanted is None else [a.add_(b) for a, b in zip(wanted, parts, strict=True)]
        assert wanted is not None  # weights add up to 1
        return wanted

    @torch.no_grad()
    def _queries(self, mixture: Sequence[tuple[Tensor, float]], groups: Sequence[Group]) -> list[Tensor]:
        """What the cells of pictures (1, 3, H, W) are like, mixed by weight: (C, h, w) for each group.

        In half precision, since at large sizes this is the largest thing in memory.
        """
        mixture = [(picture, weight) for picture, weight in mixture if weight]
        size = self.cell_weights.shape[1:]
        channels = [sum(self.eye.channels[layer] for layer in group) for group in groups]
        queries = [self.picture.new_empty((count, *size), dtype=torch.float16) for count in channels]
        for tile in self.eye.tiles([side * CELL_PX for side in size]):
            self.progress.tick()
            looks = [[weight * layer for layer in self._pooled(picture, tile)] for picture, weight in mixture]
            layers = [torch.stack(parts).sum(0) for parts in zip(*looks, strict=True)]
            for kept, group in zip(queries, groups, strict=True):
                tile.of_cells(kept).copy_(torch.cat([layers[layer] for layer in group]))
        return queries

    def _pooled(self, picture: Tensor, tile: Tile) -> list[Tensor]:
        """Means (C, h, w) of the features of a tile's cells, in units."""
        return [
            unit * pooled(layer, stride)
            for layer, stride, unit in zip(self.eye.look(picture, tile), self.eye.strides, self.units, strict=True)
        ]

    def _keys(self, pieces: Sequence[Tensor], group: Group, chosen: Tensor) -> Tensor:
        """What the chosen pieces are found by (K, C): means of the features of a group of layers, in units."""
        means = [pooled(pieces[layer][chosen].T.float(), self.eye.strides[layer]) for layer in group]
        return torch.cat([self.units[layer] * mean for layer, mean in zip(group, means, strict=True)]).T

    def _nearest(self, index: int, queries: Tensor, keys: Tensor) -> Tensor:
        """Number (h, w) of the key (K, C) nearest to each of the queries (C, h, w) where a source is painted."""
        seen = (self.cell_weights[index] > UNSEEN).flatten().nonzero()[:, 0]
        found = seen.new_zeros(queries[0].numel())
        if len(seen):
            found[seen] = nearest(queries.flatten(1)[:, seen].T, keys, self.progress.tick)
        return found.view(queries.shape[1:])

    def _units(self) -> list[float]:
        """For the pixels and each layer, what gives features of the styles length 1; without any, the picture's."""
        styles = list(self.pieces.values())
        if not styles:
            tile = next(self.eye.tiles(self.task.picture.shape[2:]))
            styles = [[layer.flatten(1).T for layer in self.eye.look(self.task.picture, tile)]]
        lengths = [[float(layer.float().norm(dim=1).mean()) for layer in style] for style in styles]
        return [len(styles) / max(sum(layer), TINY) for layer in zip(*lengths, strict=True)]

    def _shift_by(self, shift: tuple[int, int]) -> None:
        """From now on the first cell's corner is there."""
        self.shift = shift
        self.picture = self._shifted(self.task.picture)
        self.cell_weights = avg_pool2d(self._shifted(self.weights), CELL_PX)[:, 0]  # (S, h, w)

    def _shifted(self, x: Tensor) -> Tensor:
        """The part of (B, C, H, W) that is covered by cells; all of it, moved around, where it tiles."""
        top, left = self.shift
        if self.task.seamless:
            return x.roll((-top, -left), (2, 3))
        height, width = (
            (side - by) // ALIGNMENT_PX * ALIGNMENT_PX for side, by in zip(x.shape[2:], self.shift, strict=True)
        )
        return x[:, :, top : top + height, left : left + width]


def _weights_of_sources(task: Task) -> Tensor:
    """How much each source counts at each pixel: (S, 1, H, W), from the weights of the regions."""
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
