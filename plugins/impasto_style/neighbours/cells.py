"""Features of a picture's cells, which are squares of 4 px. A cell has all features of fine layers inside it.

Every pixel therefore affects the match and the painting. Features sampled once per cell would leave a visible grid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor
from torch.nn.functional import pad, pixel_unshuffle

from ..shared.encoder import Encoder
from ..shared.resampling import resize_picture, resized_linear
from ..shared.tiles import Tile, Tiling

CELL_PX = 4
ALIGNMENT_PX = 8
"""Unit of the sides of pictures: the stride of the coarsest layer."""
TILE_PX = 256
"""Largest side of the tiles of a large picture."""
MIDDLE = 0.5
"""Grey level subtracted from pixels."""


class CellEncoder:
    """Features of a picture's cells: their pixels, then the layers of a network up to the first of stride 8.

    Pictures larger than `tile_px` are encoded in tiles with a halo, which gives the same features.
    """

    def __init__(self, encoder: Encoder, tile_px: int = TILE_PX) -> None:
        self.encoder, self.tile_px, self.seamless = encoder, tile_px, encoder.seamless
        self.names = []
        for name, info in encoder.layers.items():
            self.names.append(name)
            if info.stride >= ALIGNMENT_PX:
                break
        self.strides = (1, *(encoder.layers[name].stride for name in self.names))
        self.channels = (3, *(encoder.layers[name].channels for name in self.names))
        last = encoder.layers[self.names[-1]]
        self.halo_px = math.ceil((last.reach_px + last.stride) / ALIGNMENT_PX) * ALIGNMENT_PX

    def for_styles(self) -> CellEncoder:
        """The encoder for pictures that are not seamless."""
        return CellEncoder(self.encoder.for_pictures(seamless=False), self.tile_px) if self.seamless else self

    def __call__(self, x: Tensor) -> list[Tensor]:
        """Features (D, H / 4, W / 4) of the cells of (1, 3, H, W), for the pixels and for each layer."""
        found = self.encoder(x, self.names)
        features = [x - MIDDLE, *(found[name].float() for name in self.names)]
        size = (x.shape[2] // CELL_PX, x.shape[3] // CELL_PX)
        return [
            _in_cells(layer, stride, size, self.seamless) for layer, stride in zip(features, self.strides, strict=True)
        ]

    def tiling(self, x: Tensor) -> Tiling:
        """The tiles of a picture (1, 3, H, W)."""
        return Tiling((x.shape[2], x.shape[3]), self.tile_px, self.halo_px, self.seamless, alignment_px=ALIGNMENT_PX)

    def of_tile(self, x: Tensor, tile: Tile) -> list[Tensor]:
        """Features (D, h / 4, w / 4) of the cells of a tile, from the tile and its halo x (1, 3, H, W)."""
        return [tile.inner(layer, CELL_PX) for layer in self(x)]


def align(x: Tensor, seamless: bool) -> Tensor:
    """(B, C, H, W) with sides that are multiples of `ALIGNMENT_PX`: resized if seamless, else with mirrored margins.

    Margins are at least `ALIGNMENT_PX` wide, so that cells shifted by less still cover the whole picture.
    """
    height, width = (math.ceil(side / ALIGNMENT_PX) * ALIGNMENT_PX for side in x.shape[2:])
    if seamless:
        return resized_linear(x, (height, width), seamless)
    right, bottom = width - x.shape[3] + ALIGNMENT_PX, height - x.shape[2] + ALIGNMENT_PX
    return pad(x, (ALIGNMENT_PX, right, ALIGNMENT_PX, bottom), mode="reflect")


def unalign(x: Tensor, size: Sequence[int], seamless: bool) -> Tensor:
    """Inverse of `align`: the picture at its (height, width) before."""
    if seamless:
        return resize_picture(x, size, seamless)
    return x[..., ALIGNMENT_PX : ALIGNMENT_PX + size[0], ALIGNMENT_PX : ALIGNMENT_PX + size[1]]


def pool(features: Tensor, stride: int) -> Tensor:
    """Means (C, …) over each cell of features (D, …) of a layer with this stride."""
    side = max(CELL_PX // stride, 1)
    return features.unflatten(0, (-1, side * side)).mean(1)


def _in_cells(features: Tensor, stride: int, size: tuple[int, int], seamless: bool) -> Tensor:
    """Features (1, C, h, w) of a layer as (D, *size): fine layers are stacked in cells, coarse ones interpolated."""
    if stride < CELL_PX:
        return pixel_unshuffle(features, CELL_PX // stride)[0]
    if stride > CELL_PX:
        return resized_linear(features, size, seamless)[0]
    return features[0]
