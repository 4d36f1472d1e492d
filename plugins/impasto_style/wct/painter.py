"""Repaints a picture at one size in bounded memory: level by level, then in the sources' colours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, linear

from impasto.context import Context
from impasto.numerics.color_transport import ColorSample, color_table, look_up, sliced_transport
from impasto.texture import Maps

from ..shared.progress import WorkProgress
from ..shared.resampling import as_image, resize_picture, scaled_size
from ..shared.task import StyleTask
from ..shared.tiles import Tile, Tiling
from .coders import Coder
from .moments import coloring, mix, raw_moments
from .parameters import WctParameters

FINE = 3
"""Highest level for fine detail."""
NOISY = 4
"""Lowest level at which noise is added to the picture."""
NOISE = 0.02
"""Standard deviation of that noise."""
RESIDUAL = 0.7
"""Share of the decoders' reconstruction error that is added back, at the default preservation."""
ROTATIONS = 6
"""Number of random sets of axes along which colours are matched."""
PREVIEW_PX = 512


class WctPainter:
    """Paints a task at its own size."""

    def __init__(
        self, task: StyleTask, parameters: WctParameters, context: Context, progress: WorkProgress, tile_px: int
    ) -> None:
        self.task, self.parameters, self.context = task, parameters, context
        self.progress, self.tile_px = progress, tile_px
        self.noise = context.across_seams(context.noise(1, 1, *task.picture.shape[2:]).mul_(NOISE)).half()
        self.masks = [region.mask for region in task.regions]

    def painting(self, x: Tensor, coders: Sequence[Coder]) -> Tensor:
        """Repaint x, float16 (1, 3, H, W), with coders from coarse to fine, then in the sources' colours."""
        for coder in coders:
            x = self._painting_by(x, coder)
            self.context.preview(Maps.from_arrays({"base_color": as_image(_small(x))}))
            if self.context.is_stopped():
                break
        return self._in_palette(x)

    def _painting_by(self, x: Tensor, coder: Coder) -> Tensor:
        """A picture decoded from the features of `x` with the sources' moments."""
        x = self.context.across_seams(x)
        features = self._features(x, coder)
        maps = self._linear_maps(features)
        result = torch.empty_like(x)
        for tile, F in features:
            painted = coder.decode(self._mapped_features(F, maps, features, tile))
            self.progress.advance()
            lost = tile.with_halo(x) - coder.decode(F)
            painting = tile.inner(painted + self._residual_weight(tile) * lost).clamp(0, 1)
            tile.put(result, self._with_original(painting, tile))
            self.progress.advance(coder.level * painting.shape[2] * painting.shape[3])
        return result

    def _features(self, x: Tensor, coder: Coder) -> Features:
        """Features of a picture of the task's size."""
        noise = self.noise if coder.level >= NOISY else None
        return Features(coder, x, noise, self.tile_px, self.task.seamless, self.progress.advance)

    def _linear_maps(self, features: Features) -> list[tuple[Tensor, Tensor]]:
        """The map A (C, C), b (C,) of each region's features."""
        fraction = self._fraction(features.coder.level)
        pairs = zip(features.moments(self.masks), self._target_moments(features.coder), strict=True)
        return [coloring(found, wanted, fraction) for found, wanted in pairs]

    def _mapped_features(
        self, F: Tensor, maps: Sequence[tuple[Tensor, Tensor]], features: Features, tile: Tile
    ) -> Tensor:
        """The mapped features of a tile, blended by the masks where regions overlap."""
        parts = []
        for (A, b), mask in zip(maps, self.masks, strict=True):
            part = linear(F.permute(0, 2, 3, 1), A.to(F.device), b.to(F.device)).permute(0, 3, 1, 2)
            parts.append(part if mask is None else features.pooled_mask(mask, tile) * part)
        return sum(parts[1:], parts[0])

    def _target_moments(self, coder: Coder) -> list[Tensor]:
        """Target moments of each region's features; the picture's own moments are those inside the region."""
        parts: list[list[tuple[float, Tensor]]] = [[] for _ in self.masks]
        for index, source in enumerate(self.task.sources):
            weights = [region.weights[index] for region in self.task.regions]
            if not any(weights):
                continue
            if index == 0:
                found = self._features(source, coder).moments(self.masks)
            else:
                style = Features(coder, source, None, self.tile_px, False, self.progress.advance)
                found = style.moments([None]) * len(weights)
            for part, weight, moments in zip(parts, weights, found, strict=True):
                part.append((weight, moments))
        return [mix(part) for part in parts]

    def _fraction(self, level: int) -> float:
        """Fraction of the map to apply at a level. Preservation lowers it at coarse levels, which hold shapes."""
        if level <= FINE:
            return self.parameters.detail
        return max(self.parameters.preservation, 1.0) ** ((FINE - level) / 3)

    def _residual_weight(self, tile: Tile) -> Tensor:
        """Weight of the decoders' reconstruction error (1, 1, h, w); 1 where the picture is kept."""
        preserved = RESIDUAL * self.parameters.preservation
        usual = preserved / (preserved + 1 - RESIDUAL)
        return usual + (1 - usual) * self._blend([region.weights[0] for region in self.task.regions], tile)

    def _with_original(self, x: Tensor, tile: Tile) -> Tensor:
        """A painted tile x, with the original picture where nothing is painted."""
        weights = [float(region.weights[0] == 1) for region in self.task.regions]
        if not any(weights):
            return x
        picture = tile.inner(tile.with_halo(self.task.picture))
        return torch.lerp(x, picture, tile.inner(self._blend(weights, tile)))

    def _blend(self, values: Sequence[float], tile: Tile) -> Tensor:
        """Values of the regions, blended by their masks, (1, 1, h, w)."""
        shape = tile.rows.high - tile.rows.low, tile.columns.high - tile.columns.low
        total = torch.zeros(1, 1, *shape, device=self.noise.device)
        for mask, value in zip(self.masks, values, strict=True):
            total += value if mask is None else value * tile.with_halo(mask)
        return total

    def _in_palette(self, x: Tensor) -> Tensor:
        """`x` with the colours of each region distributed as in its sources; unpainted parts are unchanged."""
        picture, *styles = self.task.sources
        samples = [ColorSample.of(style) for style in styles]
        tables = []
        for region in self.task.regions:
            sources = [ColorSample.of(picture, region.mask), *samples]
            painted = ColorSample.of(x, region.mask)
            rotations = (torch.linalg.qr(self.context.noise(3, 3).cpu())[0] for _ in range(ROTATIONS))
            tables.append(sliced_transport(color_table(), painted, sources, region.weights, rotations))
        for tile in Tiling((x.shape[2], x.shape[3]), self.tile_px).tiles:
            colors = tile.with_halo(x).float()
            recolored = torch.zeros_like(colors)
            for table, mask in zip(tables, self.masks, strict=True):
                part = look_up(table, colors)
                recolored += part if mask is None else tile.with_halo(mask) * part
            tile.put(x, self._with_original(recolored.clamp(0, 1), tile))
            self.progress.advance()
        return x


def _small(x: Tensor) -> Tensor:
    """(1, 3, H, W), reduced to the size of a preview."""
    step = max(1, max(x.shape[2:]) // (2 * PREVIEW_PX))
    x = x[:, :, ::step, ::step].float()
    return resize_picture(x, scaled_size(x, min(1.0, PREVIEW_PX / max(x.shape[2:]))))


@dataclass
class Features:
    """Features of a picture (1, 3, H, W) with some noise (1, 1, H, W).

    Each pass over the tiles encodes them again, unless there is only one tile. before: called before a tile is encoded.
    """

    coder: Coder
    picture: Tensor
    noise: Tensor | None
    tile_px: int
    seamless: bool
    before: Callable[[], None]
    _kept: Tensor | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[tuple[Tile, Tensor]]:
        """Tiles, each with the features (1, C, h, w) of the tile and its halo."""
        stride = self.coder.stride
        tiles = Tiling(
            (self.picture.shape[2], self.picture.shape[3]),
            self.tile_px,
            self.coder.halo_px,
            self.seamless,
            alignment_px=stride,
            multiple_px=stride,
            has_halo_if_single=True,  # coders have no circular padding
        ).tiles
        for tile in tiles:
            if self._kept is not None:
                yield tile, self._kept
                continue
            self.before()
            x = tile.with_halo(self.picture).float()
            F = self.coder.encode(x if self.noise is None else x + tile.with_halo(self.noise))
            self._kept = F if len(tiles) == 1 else None
            yield tile, F

    def moments(self, masks: Sequence[Tensor | None]) -> list[Tensor]:
        """Raw moments (C + 1, C + 1) of the features in each mask (1, 1, H, W); None for everywhere."""
        parts = []
        for tile, F in self:
            weights = [
                None if mask is None else tile.inner(self.pooled_mask(mask, tile), self.coder.stride) for mask in masks
            ]
            parts.append([raw_moments(tile.inner(F, self.coder.stride), weight) for weight in weights])
        return [torch.stack(column).sum(0) for column in zip(*parts, strict=True)]

    def pooled_mask(self, mask: Tensor, tile: Tile) -> Tensor:
        """A mask (1, 1, H, W) in a tile and its halo, on the features' grid."""
        return avg_pool2d(tile.with_halo(mask), self.coder.stride)
