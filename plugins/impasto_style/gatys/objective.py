"""How far a picture is from what a task asks for at one size, and which way is better."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from impasto.device import release_memory

from ..shared.encoder import Encoder
from ..shared.task import Region, Task
from .statistics import Distance, Statistic, exact
from .tiling import BLOCK_PX, TILE_PX, Canvas, Tile

Places: TypeAlias = Sequence[Tensor | None]
"""For each goal the places (n,) of its layer's grid that are looked at; None: all."""
LEAST_TO_RELEASE_PX = 640
"""Features of a picture with a longer side leave much memory behind."""


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
            self.content = self._content(task.picture) if terms.content else None

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        statistic, tiles = self.terms.statistic, self.canvas.tiles
        places = [statistic.places(self.canvas.grid(goal.layer), goal.shares) for goal in self.goals]
        x = x.detach().requires_grad_()
        if len(tiles) == 1:
            loss = self._loss(self._together([self._parts(x, tiles[0], places)], tiles, places))
            gradient = torch.autograd.grad(loss, x)[0]
        else:
            loss, gradient = self._in_tiles(x.detach(), tiles, places)
        if max(self.canvas.size) > LEAST_TO_RELEASE_PX:
            release_memory()
        roughness = self.terms.smoothness(x)
        return loss.detach() + exact(roughness.detach()), gradient + torch.autograd.grad(roughness, x)[0]

    def _in_tiles(self, x: Tensor, tiles: Sequence[Tile], places: Places) -> tuple[Tensor, Tensor]:
        """The loss of all summaries of a picture (1, 3, H, W), and its gradient.

        Summaries need two passes: the first makes them, the loss says how each should change, and the second, which
        holds the features of one tile at a time, passes that on to the pixels. There all that sees a pixel of a tile
        is looked at together, so that its gradient is summed up as it is for a whole: were it not, rounding would
        grow from step to step until one could see it.
        """
        with torch.no_grad():
            parts = [self._parts(tile.of(x), tile, places) for tile in tiles]
        wholes = [whole.requires_grad_() for whole in self._together(parts, tiles, places)]
        loss = self._loss(wholes)
        slopes = torch.autograd.grad(loss, wholes)
        gradient = torch.empty_like(x)
        for tile in tiles:
            around = self.canvas.surroundings(tile)
            seen = around.of(x).requires_grad_()
            parts_around = self._parts(seen, around, places)
            torch.autograd.backward(parts_around, self._slopes(slopes, parts_around, around, places))
            assert seen.grad is not None
            rows, columns = tile.rows, tile.columns
            top, left = rows.start - around.rows.low, columns.start - around.columns.low
            inner = seen.grad[..., top : top + rows.end - rows.start, left : left + columns.end - columns.start]
            gradient[..., rows.start : rows.end, columns.start : columns.end] = inner
        return loss, gradient

    def _parts(self, seen: Tensor, tile: Tile, places: Places) -> list[Tensor]:
        """Of a tile: a summary for each goal, and its part of the content's loss."""
        self.tick()
        features = self.canvas.features(seen, tile)
        parts = [
            _summary(self.canvas, self.terms.statistic, features, tile, goal.layer, goal.shares, chosen)
            for goal, chosen in zip(self.goals, places, strict=True)
        ]
        if self.content is not None:
            layer = self.canvas.encoder.content_layer
            difference = exact(features[layer] - self.content[:, *self.canvas.window(tile, layer)])
            parts.append(difference.square().sum() / self.content.numel())
        return parts

    def _together(self, parts: Sequence[Sequence[Tensor]], tiles: Sequence[Tile], places: Places) -> list[Tensor]:
        """What the parts of all tiles are together."""
        columns = list(zip(*parts, strict=True))
        wholes = [
            self.terms.statistic.together(column, [_seen(self.canvas, tile, goal.layer, chosen) for tile in tiles])
            for goal, chosen, column in zip(self.goals, places, columns, strict=False)
        ]
        return [*wholes, *(torch.stack(column).sum() for column in columns[len(wholes) :])]

    def _slopes(self, wholes: Sequence[Tensor], parts: Sequence[Tensor], tile: Tile, places: Places) -> list[Tensor]:
        """The gradients with respect to a tile's parts, from those with respect to the wholes."""
        slopes = [
            self.terms.statistic.slope(whole, _seen(self.canvas, tile, goal.layer, chosen)).expand_as(part)
            for goal, chosen, whole, part in zip(self.goals, places, wholes, parts, strict=False)
        ]
        return [*slopes, *wholes[len(slopes) :]]

    def _loss(self, wholes: Sequence[Tensor]) -> Tensor:
        """The weighted sum of all terms."""
        losses = [goal.weight * exact(goal.distance(whole)) for goal, whole in zip(self.goals, wholes, strict=False)]
        return torch.stack([*losses, *(self.terms.content * whole for whole in wholes[len(losses) :])]).sum()

    def _content(self, picture: Tensor) -> Tensor:
        """The features (C, h, w) that the picture's shapes are kept by."""
        layer = self.canvas.encoder.content_layer
        height, width = self.canvas.grid(layer)
        content = picture.new_empty(self.canvas.encoder.layers[layer].channels, height, width)
        for tile in self.canvas.tiles:
            found = self.canvas.features(tile.of(picture), tile)[layer]
            content[:, *self.canvas.window(tile, layer)] = found.to(content.dtype)
        return content

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
        all_places = {layer: statistic.places(canvas.grid(layer), shares.get(layer)) for layer in canvas.layers}
        parts: dict[str, list[Tensor]] = {layer: [] for layer in canvas.layers}
        for tile in canvas.tiles:
            self.tick()
            features = canvas.features(tile.of(source), tile)
            for layer in canvas.layers:
                part = _summary(canvas, statistic, features, tile, layer, shares.get(layer), all_places[layer])
                parts[layer].append(part)
        return {
            layer: statistic.together(found, [_seen(canvas, tile, layer, all_places[layer]) for tile in canvas.tiles])
            for layer, found in parts.items()
        }


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
    here = None if shares is None else shares[canvas.window(tile, layer)]
    found = None if places is None else canvas.find(tile, layer, places)[0]
    block = max(1, BLOCK_PX // canvas.encoder.layers[layer].stride)
    return statistic.summary(features[layer], here, found, block)


def _seen(canvas: Canvas, tile: Tile, layer: str, places: Tensor | None) -> Tensor | None:
    """Which of the places (n,) of the whole lie in a tile."""
    return None if places is None else canvas.find(tile, layer, places)[1]
