"""The periodic "torus" generator for one material, and the discriminator that judges it patch by patch.

A spatial generator as in PSGAN (Bergmann et al. 2017): noise on a grid becomes texture, so that any grid makes any
size. Here the grid is a torus and every convolution wraps, so whatever comes out tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, pad

LOCAL_CHANNELS = 16
"""Noise drawn anew for each cell of the grid, which is 16 px wide: what lies where."""
BROAD_CHANNELS = 8
"""Noise on a grid four times coarser, blended between its cells: how the material drifts across the picture."""
BROAD_CELLS = 4
SLOPE = 0.2

Noise = Callable[..., Tensor]
"""`noise(*shape)`: standard normal noise of that shape."""


def upsample(x: Tensor, size: tuple[int, int]) -> Tensor:
    """x (B, C, h, w) -> (B, C, *size), bilinear on the torus, for any size."""
    height, width = x.shape[2:]
    if size == (2 * height, 2 * width):  # the usual case, five times as fast
        x = interpolate(pad(x, (1, 1, 1, 1), mode="circular"), scale_factor=2, mode="bilinear", align_corners=False)
        return x[:, :, 2:-2, 2:-2]
    return _upsample_axis(_upsample_axis(x, size[0], 2), size[1], 3)


def _upsample_axis(x: Tensor, size: int, axis: int) -> Tensor:
    cells = x.shape[axis]
    position = (torch.arange(size, device=x.device) + 0.5) * (cells / size) - 0.5
    before = position.floor()
    weight = (position - before).to(x.dtype).unflatten(0, (-1, 1) if axis == 2 else (1, -1))
    before = before.long()
    return x.index_select(axis, before % cells).lerp(x.index_select(axis, (before + 1) % cells), weight)


def _convolution(inputs: int, outputs: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode="circular")


class Stage(nn.Module):
    """One octave: convolution, a residual convolution that starts at zero, noise for its detail, and a head."""

    def __init__(self, inputs: int, width: int, channels: int) -> None:
        super().__init__()
        self.convolution = _convolution(inputs, width)
        self.residual = _convolution(width, width)
        self.detail = nn.Parameter(torch.full((width, 1, 1), 0.1))
        self.head = _convolution(width, channels, kernel=1)
        for tensor in (self.residual.weight, self.residual.bias):
            nn.init.zeros_(tensor)

    def forward(self, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, inputs, h, w), noise z (B, 1, h, w) -> features (B, width, h, w), maps (B, channels, h, w)."""
        x = leaky_relu(self.convolution(x) + self.detail * z, SLOPE)
        x = x + leaky_relu(self.residual(x), SLOPE)
        return x, self.head(x)


class TorusGenerator(nn.Module):
    """Noise on a torus -> maps (B, channels, H, W), standardised: mean 0 and deviation 1 of the training data."""

    def __init__(self, channels: int, widths: Sequence[int]) -> None:
        super().__init__()
        inputs = (LOCAL_CHANNELS + BROAD_CHANNELS, *widths)
        self.stages = nn.ModuleList(
            Stage(before, width, channels) for before, width in zip(inputs, widths, strict=False)
        )

    def forward(self, noise: Noise, batch: int, size_px: tuple[int, int], variation: float = 1.0) -> Tensor:
        """Draw the noise for pictures of `size_px`, coarsest first, and make them; `variation` scales the grid's."""
        sizes = [size_px]
        while len(sizes) < len(self.stages):
            sizes.insert(0, tuple(-(-side // 2) for side in sizes[0]))
        x = variation * self._grid(noise, batch, sizes[0])  # (B, 24, H/16, W/16)
        maps = 0.0
        for stage, size in zip(self.stages, sizes, strict=True):
            if size != x.shape[2:]:
                x, maps = upsample(x, size), upsample(maps, size)  # (B, width, h, w), (B, channels, h, w)
            x, more = stage(x, noise(batch, 1, *size))
            maps = maps + more
        return maps  # (B, channels, H, W)

    def _grid(self, noise: Noise, batch: int, size: tuple[int, int]) -> Tensor:
        local = noise(batch, LOCAL_CHANNELS, *size)
        broad = noise(batch, BROAD_CHANNELS, *(-(-side // BROAD_CELLS) for side in size))
        return torch.cat([local, upsample(broad, size)], 1)


class PatchDiscriminator(nn.Module):
    """Maps (B, channels, H, W) -> logits (B, 1, about H/8 - 5, about W/8 - 5), each of a patch of 40 px.

    No padding: it must not learn to tell a picture by its borders.
    """

    def __init__(self, channels: int, widths: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 3), nn.LeakyReLU(SLOPE)]
        for before, width in pairwise(widths):
            layers += [nn.Conv2d(before, width, 4, stride=2), nn.LeakyReLU(SLOPE)]
        layers += [nn.Conv2d(widths[-1], widths[-1], 3), nn.LeakyReLU(SLOPE), nn.Conv2d(widths[-1], 1, 1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """One logit for each place."""
        return self.layers(x)
