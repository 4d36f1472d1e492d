"""Loss of a picture at one size: a style term on statistics of its features, a content term, and smoothness.

A picture in tiles needs two passes. The first measures the statistics, and the gradient of the loss with respect to the
statistics. The second computes the features of one tile at a time, and backpropagates that gradient to the pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from .encoder import BLOCK_PX, TILE_PX, Encoder, TiledLayers
from .optimise import Objective
from .statistics import Distance, Statistic, exact
from .task import Region, StyleTask
from .tiles import Tile

STYLE_WEIGHTS = (256.0, 64.0, 16.0, 4.0, 1.0)
"""Weights of the layers, fine to coarse, before normalisation: the defaults of crowsonkb 2021."""

Features = Mapping[str, Tensor]
"""Features of a tile (C, h, w), by layer."""
Positions = Sequence[Tensor | None]
"""Positions (n,) at which each statistic is measured; None for all positions."""


@dataclass(frozen=True)
class Terms:
    """Terms of a loss. style, content: weight of each layer. smoothness: a function of the pixels (1, 3, H, W)."""

    statistic: Statistic
    style: Mapping[str, float]
    content: Mapping[str, float]
    smoothness: Callable[[Tensor], Tensor]


def style_weights(encoder: Encoder) -> dict[str, float]:
    """Weight of each style layer of an encoder, divided by the scale of its activations."""
    layers, scales = encoder.style_layers, encoder.architecture.style_scales
    return {
        layer: weight / sum(STYLE_WEIGHTS) / scale**2
        for layer, weight, scale in zip(layers, STYLE_WEIGHTS, scales, strict=False)
    }


def squared_differences(weight: float, seamless: bool, x: Tensor) -> Tensor:
    """Weighted mean of squared differences of pixels (1, 3, H, W) to their right and lower neighbours."""
    if seamless:
        along_x, along_y = x.roll(-1, 3) - x, x.roll(-1, 2) - x
    else:
        along_x, along_y = x.diff(dim=3), x.diff(dim=2)
    return weight * (along_x.square().sum() + along_y.square().sum()) / x.numel()


@dataclass(frozen=True)
class Measure:
    """A statistic of a layer's features, measured tile by tile. mask: (h, w) on its grid; None for everywhere."""

    layers: TiledLayers
    name: str
    statistic: Statistic
    mask: Tensor | None

    def positions(self) -> Tensor | None:
        """Positions (n,) for this evaluation, counted row by row in the layer's grid; None for all."""
        return self.statistic.positions(self.layers.grid(self.name), self.mask)

    def of_tile(self, features: Features, tile: Tile, positions: Tensor | None) -> Tensor:
        """The statistic of a tile."""
        here = None if self.mask is None else self.mask[self.layers.window(tile, self.name)]
        found = None if positions is None else self.layers.find(tile, self.name, positions)[0]
        block = max(1, BLOCK_PX // self.layers.encoder.layers[self.name].stride)
        return self.statistic.tile_statistic(features[self.name], here, found, block)

    def of_picture(self, parts: Sequence[Tensor], positions: Tensor | None) -> Tensor:
        """Statistic of the picture, from the statistics of its tiles."""
        return self.statistic.picture_statistic(
            parts, [self._indices_inside(tile, positions) for tile in self.layers.tiles]
        )

    def tile_gradient(self, gradient: Tensor, tile: Tile, positions: Tensor | None) -> Tensor:
        """Gradient with respect to a tile's statistic, from the gradient with respect to the picture's statistic."""
        return self.statistic.tile_gradient(gradient, self._indices_inside(tile, positions))

    def _indices_inside(self, tile: Tile, positions: Tensor | None) -> Tensor | None:
        """Indices of the positions inside a tile; None for all."""
        return None if positions is None else self.layers.find(tile, self.name, positions)[1]


@dataclass(frozen=True)
class StyleTarget(Measure):
    """Distance between the statistics of a region and of the styles at a layer."""

    distance: Distance
    weight: float

    def loss(self, statistic: Tensor) -> Tensor:
        """The weighted loss () of the picture's statistic."""
        return self.weight * exact(self.distance(statistic))


@dataclass(frozen=True)
class ContentTarget:
    """Mean squared difference between features and those of the picture, `content` (C, h, w) (Gatys 2016, eq. 1)."""

    layers: TiledLayers
    name: str
    content: Tensor
    weight: float

    def positions(self) -> None:
        return None

    def of_tile(self, features: Features, tile: Tile, positions: Tensor | None) -> Tensor:
        difference = exact(features[self.name] - self.content[:, *self.layers.window(tile, self.name)])
        return difference.square().sum() / self.content.numel()

    def of_picture(self, parts: Sequence[Tensor], positions: Tensor | None) -> Tensor:
        return torch.stack(list(parts)).sum()

    def tile_gradient(self, gradient: Tensor, tile: Tile, positions: Tensor | None) -> Tensor:
        return gradient

    def loss(self, statistic: Tensor) -> Tensor:
        return self.weight * statistic


class StyleObjective(Objective):
    """Loss of a picture (1, 3, H, W): distance between statistics of its features and of the features of the sources.

    tick: called for every tile, so that a job can be cancelled. tile_px: larger pictures are processed in tiles.
    """

    def __init__(
        self, task: StyleTask, encoder: Encoder, terms: Terms, tick: Callable[[], None], tile_px: int = TILE_PX
    ) -> None:
        self.terms, self.tick = terms, tick
        content = {name: weight for name, weight in terms.content.items() if weight}
        names = tuple(dict.fromkeys([*terms.style, *content]))
        self.layers = TiledLayers((task.picture.shape[2], task.picture.shape[3]), encoder, names, tile_px)
        with torch.no_grad():
            self.targets: list[StyleTarget | ContentTarget] = [*self._style_targets(task)]
            for name, weight in content.items():
                self.targets.append(ContentTarget(self.layers, name, self._content(task.picture, name), weight))

    def features(self, x: Tensor) -> Sequence[Tensor]:
        """The statistic of each target."""
        positions = [target.positions() for target in self.targets]
        if len(self.layers.tiles) > 1:
            return _InTiles.apply(x, self, positions)
        return self._picture_statistics(x, self.targets, positions)

    def loss(self, x: Tensor, features: Sequence[Tensor]) -> Tensor:
        """The sum of all targets' losses and of the smoothness."""
        pairs = zip(self.targets, features, strict=True)
        distance = torch.stack([target.loss(statistic) for target, statistic in pairs]).sum()
        return distance + exact(self.terms.smoothness(x.view_as(x)))  # a view, so that its gradient is summed first

    def _tile_statistics(
        self, x: Tensor, tile: Tile, measures: Sequence[Measure | ContentTarget], positions: Positions
    ) -> list[Tensor]:
        """Each statistic of a tile, from the tile and its halo x (1, 3, H, W)."""
        self.tick()
        features = measures[0].layers.features(x, tile)
        return [measure.of_tile(features, tile, chosen) for measure, chosen in zip(measures, positions, strict=True)]

    def _picture_statistics(
        self, x: Tensor, measures: Sequence[Measure | ContentTarget], positions: Positions
    ) -> list[Tensor]:
        """Each statistic of a picture x (1, 3, H, W), tile by tile."""
        tiles = measures[0].layers.tiles
        parts = [self._tile_statistics(tile.with_halo(x), tile, measures, positions) for tile in tiles]
        columns = zip(measures, zip(*parts, strict=True), positions, strict=True)
        return [measure.of_picture(column, chosen) for measure, column, chosen in columns]

    def _content(self, picture: Tensor, name: str) -> Tensor:
        """Features (C, h, w) of the picture at a layer."""
        content = picture.new_empty(self.layers.encoder.layers[name].channels, *self.layers.grid(name))
        for tile in self.layers.tiles:
            found = self.layers.features(tile.with_halo(picture), tile)[name]
            content[:, *self.layers.window(tile, name)] = found.to(content.dtype)
        return content

    def _style_targets(self, task: StyleTask) -> list[StyleTarget]:
        """A target for each region and layer, weighted by area. As a source, the picture is measured in the region."""
        styles = self._statistics_of_styles(task)
        targets = []
        for region in task.regions:
            area = 1.0 if region.mask is None else float(region.mask.mean())
            if area == 0:
                continue
            masks = masks_on_layers(region, self.layers, tuple(self.terms.style))
            own = self._statistics(task.sources[0], self.layers.encoder, masks) if region.weights[0] else {}
            for name, weight in self.terms.style.items():
                pairs = zip([own, *styles[1:]], region.weights, strict=True)
                sources, mix = zip(*((source[name], share) for source, share in pairs if share), strict=True)
                distance = self.terms.statistic.distance_to(sources, mix)
                measure = (self.layers, name, self.terms.statistic, masks.get(name))
                targets.append(StyleTarget(*measure, distance, weight * area))
        return targets

    def _statistics_of_styles(self, task: StyleTask) -> list[dict[str, Tensor]]:
        """Statistics by source and layer; empty for the picture itself and for unused styles."""
        plain = self.layers.encoder.for_pictures(seamless=False)
        used = [any(region.weights[index] for region in task.regions) for index in range(len(task.sources))]
        return [
            self._statistics(source, plain, {}) if is_used and index else {}
            for index, (source, is_used) in enumerate(zip(task.sources, used, strict=True))
        ]

    def _statistics(self, source: Tensor, encoder: Encoder, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The statistic of a source (1, 3, h, w) at each layer."""
        statistic, names = self.terms.statistic, tuple(self.terms.style)
        layers = TiledLayers((source.shape[2], source.shape[3]), encoder, names, self.layers.tile_px)
        measures = [Measure(layers, name, statistic, masks.get(name)) for name in names]
        found = self._picture_statistics(source, measures, [measure.positions() for measure in measures])
        return dict(zip(names, found, strict=True))


class _InTiles(torch.autograd.Function):
    """Statistics of a picture x (1, 3, H, W) in several tiles, holding the features of only one tile in memory.

    All positions that see a pixel of a tile are evaluated together, so that the pixel's gradient is summed in the same
    order as for the whole picture. Otherwise, rounding errors would grow from step to step until they became visible.
    """

    @staticmethod
    def forward(context: Any, x: Tensor, objective: StyleObjective, positions: Positions) -> tuple[Tensor, ...]:
        context.save_for_backward(x)
        context.objective, context.positions = objective, positions
        return tuple(objective._picture_statistics(x, objective.targets, positions))

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        objective, (x,) = context.objective, context.saved_tensors
        result = torch.empty_like(x)
        for tile in objective.layers.tiles:
            around = objective.layers.tiling.around(tile)
            seen = around.with_halo(x).detach().requires_grad_()
            with torch.enable_grad():
                measured = objective._tile_statistics(seen, around, objective.targets, context.positions)
            tile_gradients = [
                target.tile_gradient(gradient, around, chosen).expand_as(part)
                for target, gradient, part, chosen in zip(
                    objective.targets, gradients, measured, context.positions, strict=True
                )
            ]
            (gradient,) = torch.autograd.grad(measured, seen, tile_gradients)
            tile.put(result, tile.inside(around, gradient))
        return result, None, None


def masks_on_layers(region: Region, layers: TiledLayers, names: Sequence[str]) -> dict[str, Tensor]:
    """The region's mask averaged on the grid of each layer (h, w); empty for a region without a mask."""
    if region.mask is None:
        return {}
    masks = {}
    for name in names:
        height, width = layers.grid(name)
        masks[name] = avg_pool2d(region.mask, layers.encoder.layers[name].stride, ceil_mode=True)[0, 0, :height, :width]
    return masks
