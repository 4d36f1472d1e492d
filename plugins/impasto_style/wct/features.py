"""Features of a picture of any size, tile by tile, and their moments over the whole picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ..shared.tiles import Tile, Tiling
from .coders import Coder
from .moments import raw_moments


@dataclass
class Features:
    """Features of a picture (1, 3, H, W) with some noise (1, 1, H, W).

    They are encoded again in each pass over the tiles, unless there is only one. before: called before each tile is
    encoded.
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
                None if mask is None else tile.inner(self.pooled(mask, tile), self.coder.stride) for mask in masks
            ]
            parts.append([raw_moments(tile.inner(F, self.coder.stride), weight) for weight in weights])
        return [torch.stack(column).sum(0) for column in zip(*parts, strict=True)]

    def pooled(self, mask: Tensor, tile: Tile) -> Tensor:
        """A mask (1, 1, H, W) in a tile and its halo, on the features' grid."""
        return avg_pool2d(tile.with_halo(mask), self.coder.stride)
