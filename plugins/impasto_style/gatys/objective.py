"""How far a picture is from what a task asks for at one size, and which way is better."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ..encoders import Encoder
from ..task import Region, Task
from .statistics import Distance, Statistic, exact
from .tiling import TILE_PX, Canvas, Parts, Tile, loss_and_gradient


@dataclass(frozen=True)
class Terms:
    """What a loss is made of. style: the weight of each layer. smoothness: a loss of the pixels (1, 3, H, W) alone."""

    statistic: Statistic
    style: Mapping[str, float]
    content: float
    smoothness: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Goal:
    """What a region shall be like at a layer: how far it is from that, and what that counts.

    shares: of each position of the layer (h, w) in the region; None: it is everywhere.
    """

    layer: str
    shares: Tensor | None
    distance: Distance
    weight: float


class Objective:
    """Called with a picture (1, 3, H, W): its loss (), and the loss' gradient (1, 3, H, W).

    tick: called for every tile, so that a job can be cancelled. tile_px: a larger picture is seen in tiles.
    """

    def __init__(
        self, task: Task, encoder: Encoder, terms: Terms, tick: Callable[[], None], tile_px: int = TILE_PX
    ) -> None:
        self.terms, self.tick = terms, tick
        layers = (*terms.style, *([encoder.content_layer] if terms.content else []))
        self.canvas = Canvas((task.picture.shape[2], task.picture.shape[3]), encoder, layers, tile_px)
        with torch.no_grad():
            self.goals = self._goals(task)
            self.content = {tile: self._content(task.picture, tile) for tile in self.canvas.tiles if terms.content}

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        places = [self.terms.statistic.places(self.canvas.grid(goal.layer), goal.shares) for goal in self.goals]
        loss, gradient = loss_and_gradient(x, self.canvas.tiles, partial(self._parts, places), self._loss)
        x = x.detach().requires_grad_()
        roughness = self.terms.smoothness(x)
        return loss + exact(roughness.detach()), gradient + torch.autograd.grad(roughness, x)[0]

    def _parts(self, places: Sequence[Tensor | None], seen: Tensor, tile: Tile) -> Parts:
        """Of a tile: a summary for each goal, and its part of the content's loss."""
        self.tick()
        features = self.canvas.features(seen, tile)
        parts = [
            _summary(self.canvas, self.terms.statistic, features, tile, goal.layer, goal.shares, where)
            for goal, where in zip(self.goals, places, strict=True)
        ]
        if self.terms.content:
            layer = self.canvas.encoder.content_layer
            height, width = self.canvas.grid(layer)
            difference = (features[layer] - self.content[tile]).float()
            parts.append(exact(difference.square().sum() / (len(difference) * height * width)))
        return parts

    def _loss(self, parts: Sequence[Parts]) -> Tensor:
        """The weighted sum of all terms, from the parts of all tiles."""
        columns = list(zip(*parts, strict=True))
        losses = [
            goal.weight * exact(goal.distance(self.terms.statistic.together(column)))
            for goal, column in zip(self.goals, columns, strict=False)
        ]
        if self.terms.content:
            losses.append(self.terms.content * torch.stack(columns[-1]).sum())
        return torch.stack(losses).sum()

    def _content(self, picture: Tensor, tile: Tile) -> Tensor:
        """The features (C, h, w) of a tile that the picture's shapes are kept by."""
        return self.canvas.features(tile.of(picture), tile)[self.canvas.encoder.content_layer]

    def _goals(self, task: Task) -> list[Goal]:
        """One for each region and layer. The picture's own statistics are those of its region."""
        plain = self.canvas.encoder.with_padding("reflect")
        used = [any(region.weights[index] for region in task.regions) for index in range(len(task.sources))]
        styles = [
            self._sums(source, plain, {}) if is_used and index else {}
            for index, (source, is_used) in enumerate(zip(task.sources, used, strict=True))
        ]
        goals = []
        for region in task.regions:
            shares, part = self._shares(region)
            if part == 0:
                continue
            own = self._sums(task.sources[0], self.canvas.encoder, shares) if region.weights[0] else {}
            for layer, weight in self.terms.style.items():
                pairs = zip([own, *styles[1:]], region.weights, strict=True)
                sums, mix = zip(*((source[layer], of_source) for source, of_source in pairs if of_source), strict=True)
                distance = self.terms.statistic.towards(sums, mix)
                goals.append(Goal(layer, shares.get(layer), distance, weight * part))
        return goals

    def _shares(self, region: Region) -> tuple[dict[str, Tensor], float]:
        """A region's mask at each layer (h, w), the mean over what lies under a position; its part of the picture."""
        if region.mask is None:
            return {}, 1.0
        shares = {}
        for layer in self.terms.style:
            height, width = self.canvas.grid(layer)
            stride = self.canvas.encoder.layers[layer].stride
            shares[layer] = avg_pool2d(region.mask, stride, ceil_mode=True)[0, 0, :height, :width]
        return shares, float(region.mask.mean())

    def _sums(self, source: Tensor, encoder: Encoder, shares: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The summary of a whole source (1, 3, h, w) at each layer."""
        statistic = self.terms.statistic
        canvas = Canvas((source.shape[2], source.shape[3]), encoder, tuple(self.terms.style), self.canvas.tile_px)
        places = {layer: statistic.places(canvas.grid(layer), shares.get(layer)) for layer in canvas.layers}
        parts: dict[str, list[Tensor]] = {layer: [] for layer in canvas.layers}
        for tile in canvas.tiles:
            self.tick()
            features = canvas.features(tile.of(source), tile)
            for layer in canvas.layers:
                parts[layer].append(
                    _summary(canvas, statistic, features, tile, layer, shares.get(layer), places[layer])
                )
        return {layer: statistic.together(found) for layer, found in parts.items()}


def _summary(
    canvas: Canvas,
    statistic: Statistic,
    features: Mapping[str, Tensor],
    tile: Tile,
    layer: str,
    shares: Tensor | None,
    places: Tensor | None,
) -> Tensor:
    """Of a tile at a layer; shares (h, w) and places (n,) are those of the whole."""
    rows, columns = canvas.window(tile, layer)
    if places is not None:
        row, column = places // canvas.grid(layer)[1], places % canvas.grid(layer)[1]
        here = (row >= rows.start) & (row < rows.stop) & (column >= columns.start) & (column < columns.stop)
        places = (row[here] - rows.start) * (columns.stop - columns.start) + column[here] - columns.start
    return statistic.summary(features[layer], None if shares is None else shares[rows, columns], places)
