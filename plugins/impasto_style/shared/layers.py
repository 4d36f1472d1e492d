"""Layers of an encoder on a picture of any size, computed one tile at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from .encoder import Encoder
from .tiles import Tile, Tiling

TILE_PX = 1024
"""Side of a tile without its halo; a picture up to this size is one tile."""
BLOCK_PX = 256
"""Side of the blocks over which sums are computed first; tiles consist of whole blocks."""


@dataclass(frozen=True)
class TiledLayers:
    """Layers of an encoder on a picture of `size` (height, width), in tiles of about `tile_px`."""

    size: tuple[int, int]
    encoder: Encoder
    names: tuple[str, ...]
    tile_px: int = TILE_PX

    @cached_property
    def tiling(self) -> Tiling:
        """Tiles aligned to blocks or, if they are smaller, to the coarsest layer's stride."""
        reach_px = max(self.encoder.layers[name].reach_px for name in self.names)
        stride = max(self.encoder.layers[name].stride for name in self.names)
        return Tiling(
            self.size,
            self.tile_px,
            halo_px=-(-reach_px // stride) * stride,
            seamless=self.encoder.seamless,
            alignment_px=BLOCK_PX if self.tile_px >= BLOCK_PX else stride,
        )

    @property
    def tiles(self) -> list[Tile]:
        """Tiles that cover the picture once."""
        return self.tiling.tiles

    def grid(self, name: str) -> tuple[int, int]:
        """(h, w) of a layer's features of the whole picture."""
        return self.encoder.grid(name, self.size)

    def window(self, tile: Tile, name: str) -> tuple[Tensor, Tensor]:
        """Rows (h, 1) and columns (w,) of a layer's grid inside a tile."""
        stride = self.encoder.layers[name].stride
        places = []
        for span, side, length in zip((tile.rows, tile.columns), self.size, self.grid(name), strict=True):
            stop = -(-span.end // stride) if span.end > side else min(-(-span.end // stride), length)
            places.append(torch.arange(span.start // stride, stop) % length)
        return places[0][:, None], places[1]

    def features(self, x: Tensor, tile: Tile) -> dict[str, Tensor]:
        """Features (C, h, w) of a tile by layer, from the tile and its halo x (1, 3, H, W)."""
        found = {}
        for name, features in self.encoder(x, self.names).items():
            stride = self.encoder.layers[name].stride
            rows, columns = self.window(tile, name)
            top, left = ((span.start - span.low) // stride for span in (tile.rows, tile.columns))
            found[name] = features[0, :, top : top + len(rows), left : left + len(columns)]
        return found

    def find(self, tile: Tile, name: str, places: Tensor) -> tuple[Tensor, Tensor]:
        """Positions inside a tile (m,) of places (n,) of a layer's grid, and the indices of those places (m,).

        Both count row by row. A tile that wraps around a seamless picture may hold a place more than once.
        """
        rows, columns = self.window(tile, name)
        here, order = (rows * self.grid(name)[1] + columns).flatten().to(places.device).sort()
        first, last = (torch.searchsorted(here, places, right=is_right) for is_right in (False, True))
        counts = last - first
        which = torch.arange(len(places), device=places.device).repeat_interleave(counts)
        among = torch.arange(len(which), device=places.device) - (counts.cumsum(0) - counts)[which]
        return order[first[which] + among], which
