"""An encoder as a chain of operations with named layers, so that it can be truncated, tiled and made periodic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, max_pool2d, pad

from impasto.errors import ParameterError

from .tiles import Tile, Tiling

Pooling = Literal["max", "average"]

COLORS = 3
TILE_PX = 1024
"""Side of a tile without its halo. A picture up to this size is one tile."""
BLOCK_PX = 256
"""Side of the blocks over which sums are computed first. Tiles consist of whole blocks."""
AVERAGE_GAIN = 1.25
"""Factor of average pooling, by which activations stay near those of max pooling, as in the training."""


@dataclass(frozen=True)
class LayerInfo:
    """Channels, stride and reach of a layer. reach_px: pixels on each side that a feature depends on."""

    channels: int
    stride: int
    reach_px: int


@dataclass(frozen=True)
class Convolution:
    """A convolution with weight (O, I, k, k) and bias (O,), then a ReLU unless `is_linear`. name: name of both.

    layer: name of the output, or "" if nothing uses it. All operations have a layer.
    """

    name: str
    layer: str = ""
    stride: int = 1
    is_linear: bool = False

    def tensor_names(self) -> tuple[str, ...]:
        """Names of the weights that the operation needs."""
        return f"{self.name}.weight", f"{self.name}.bias"

    def apply(self, x: Tensor, encoder: Encoder) -> Tensor:
        """Features (B, C, H, W), from the features of the previous operation."""
        weight, bias = (encoder.tensors[name] for name in self.tensor_names())
        if weight.shape[2] == 1 and weight.shape[1] == COLORS:  # rounding of a matrix product depends on its size
            y = sum((weight[:, i] * x[:, i, None] for i in range(COLORS)), bias[:, None, None])
        elif weight.shape[2] == 1:  # PyTorch is slow at 1x1 convolutions of few channels
            y = (weight[:, :, 0, 0] @ x.flatten(2) + bias[:, None]).unflatten(2, x.shape[2:])
        else:
            y = conv2d(pad_by_reach(x, weight.shape[2] // 2, encoder.seamless), weight, bias, self.stride)
        return y if self.is_linear else y.relu_()

    def after(self, before: LayerInfo, encoder: Encoder) -> LayerInfo:
        """Properties of the output, from the properties of the input."""
        channels, _, side, _ = encoder.tensors[f"{self.name}.weight"].shape
        return LayerInfo(channels, before.stride * self.stride, before.reach_px + before.stride * (side // 2))

    def length(self, before: int) -> int:
        """Height or width of the output, from the height or width of the input."""
        return -(-before // self.stride)


@dataclass(frozen=True)
class Fire:
    """SqueezeNet's module: a 1x1 convolution, then a 1x1 and a 3x3 convolution in parallel (Iandola et al. 2016)."""

    name: str
    layer: str = ""

    def _parts(self) -> tuple[Convolution, Convolution, Convolution]:
        squeeze, narrow, wide = (Convolution(f"{self.name}.{part}") for part in ("squeeze", "expand1x1", "expand3x3"))
        return squeeze, narrow, wide

    def tensor_names(self) -> tuple[str, ...]:
        return tuple(name for part in self._parts() for name in part.tensor_names())

    def apply(self, x: Tensor, encoder: Encoder) -> Tensor:
        squeeze, narrow, wide = self._parts()
        squeezed = squeeze.apply(x, encoder)
        return torch.cat([narrow.apply(squeezed, encoder), wide.apply(squeezed, encoder)], 1)

    def after(self, before: LayerInfo, encoder: Encoder) -> LayerInfo:
        _, narrow, wide = (part.after(before, encoder) for part in self._parts())
        return replace(wide, channels=narrow.channels + wide.channels)

    def length(self, before: int) -> int:
        return before


@dataclass(frozen=True)
class Pool:
    """A pooling that halves the size, by windows of 2x2 or overlapping windows of 3x3."""

    side: int = 2
    layer: str = ""

    def tensor_names(self) -> tuple[str, ...]:
        return ()

    def apply(self, x: Tensor, encoder: Encoder) -> Tensor:
        if min(x.shape[2:]) < 2:
            raise ParameterError("the picture is too small for this network", "make it larger, at least 16 px a side")
        if self.side == 3:
            x = pad_by_reach(x, 1, encoder.seamless)
        if encoder.pooling == "max":
            return max_pool2d(x, self.side, 2)
        return AVERAGE_GAIN * avg_pool2d(x, self.side, 2)

    def after(self, before: LayerInfo, encoder: Encoder) -> LayerInfo:
        return LayerInfo(before.channels, 2 * before.stride, before.reach_px + before.stride)

    def length(self, before: int) -> int:
        return before // 2 if self.side == 2 else -(-before // 2)


Operation = Convolution | Fire | Pool


@dataclass(frozen=True)
class Architecture:
    """A chain of operations, the normalisation of its input (sRGB in [0, 1]), and the layers for style and content.

    style_layers: fine to coarse, from full resolution on. content_layer: layer for the picture's shapes. style_scales,
    content_scale: magnitudes of the features of these layers relative to VGG19's, by which losses are normalised.
    """

    operations: tuple[Operation, ...]
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    style_layers: tuple[str, ...]
    content_layer: str
    style_scales: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0)
    content_scale: float = 1.0


@dataclass(frozen=True, eq=False)
class Encoder:
    """Features of pictures by layer name. Weights are frozen; gradients reach the picture.

    seamless: pad pictures circularly, so that features are seamless as well; otherwise, by reflection.
    """

    architecture: Architecture
    tensors: Mapping[str, Tensor]
    seamless: bool = False
    pooling: Pooling = "max"

    @property
    def style_layers(self) -> tuple[str, ...]:
        """The default layers for a style's statistics, fine to coarse."""
        return self.architecture.style_layers

    @property
    def content_layer(self) -> str:
        """The default layer for a picture's content."""
        return self.architecture.content_layer

    @cached_property
    def layers(self) -> dict[str, LayerInfo]:
        """Properties of each named layer, in the order of the chain."""
        found, info = {}, LayerInfo(channels=3, stride=1, reach_px=0)
        for operation in self.architecture.operations:
            info = operation.after(info, self)
            if operation.layer:
                found[operation.layer] = info
        return found

    def grid(self, layer: str, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) of a layer's features, for a picture's (height, width) in pixels."""
        height, width = size
        for operation in self.architecture.operations:
            height, width = operation.length(height), operation.length(width)
            if operation.layer == layer:
                break
        return height, width

    def for_pictures(self, seamless: bool) -> Encoder:
        """The same weights with another padding."""
        return replace(self, seamless=seamless)

    def to(self, dtype: torch.dtype) -> Encoder:
        """The same weights in another precision. Features have the same precision."""
        return replace(self, tensors={name: tensor.to(dtype) for name, tensor in self.tensors.items()})

    def __call__(self, x: Tensor, layers: Sequence[str] = ()) -> dict[str, Tensor]:
        """(B, 3, H, W), sRGB in [0, 1] -> features (B, C, h, w) of `layers`, by default the style layers."""
        wanted = set(layers or self.style_layers)
        if unknown := sorted(wanted - self.layers.keys()):
            message = "this network has no layer {}"
            raise ParameterError(message, "its layers: {}", ", ".join(unknown), ", ".join(self.layers))
        found: dict[str, Tensor] = {}
        x = self._normalise(x)
        for operation in self.architecture.operations:
            x = operation.apply(x, self)
            if operation.layer in wanted:
                found[operation.layer] = x
            if len(found) == len(wanted):
                break
        return found

    def _normalise(self, x: Tensor) -> Tensor:
        """(B, 3, H, W), normalised for the first convolution, in the weights' precision and the fastest memory format.

        On a CPU, it is the contiguous format. With others, rounding of gradients depends on the size of a picture.
        """
        mean, deviation = (
            x.new_tensor(values)[:, None, None] for values in (self.architecture.mean, self.architecture.deviation)
        )
        dtype = next(iter(self.tensors.values())).dtype
        layout = torch.channels_last if x.is_cuda else torch.contiguous_format
        return ((x - mean) / deviation).to(dtype).contiguous(memory_format=layout)


@dataclass(frozen=True)
class TiledLayers:
    """Layers of an encoder on a picture of `size` (height, width), in tiles of about `tile_px`."""

    size: tuple[int, int]
    encoder: Encoder
    names: tuple[str, ...]
    tile_px: int = TILE_PX

    @cached_property
    def tiling(self) -> Tiling:
        """Tiles aligned to blocks. Tiles smaller than a block are aligned to the stride of the coarsest layer."""
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
        """Positions (m,) in a tile of those places (n,) of a layer's grid that are inside it, and their indices (m,).

        Positions and places count row by row. A tile that wraps around a seamless picture may hold a place repeatedly.
        """
        rows, columns = self.window(tile, name)
        here, order = (rows * self.grid(name)[1] + columns).flatten().to(places.device).sort()
        first, last = (torch.searchsorted(here, places, right=is_right) for is_right in (False, True))
        counts = last - first
        which = torch.arange(len(places), device=places.device).repeat_interleave(counts)
        among = torch.arange(len(which), device=places.device) - (counts.cumsum(0) - counts)[which]
        return order[first[which] + among], which


def pad_by_reach(x: Tensor, reach: int, seamless: bool) -> Tensor:
    """(B, C, H, W), padded by `reach`. The edge is repeated if a reflection would be larger than the picture."""
    least = min(x.shape[2:])
    mode = "circular" if seamless and least >= reach else "reflect" if least > reach else "replicate"
    return pad(x, (reach,) * 4, mode=mode) if reach else x
