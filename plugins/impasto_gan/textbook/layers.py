"""Layers of the textbook generators on a torus, whose output tiles at any size."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from ..resizing import resized_torus

Noise = Callable[..., Tensor]
"""`noise(*shape)`: standard normal noise of that shape."""


def convolution(inputs: int, outputs: int, kernel: int = 3) -> nn.Conv2d:
    """A convolution with circular padding."""
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode="circular")


def level_sizes(size: tuple[int, int], count: int) -> list[tuple[int, int]]:
    """`count` sizes up to `size`, each half the next (rounded up), coarsest first."""
    sizes = [size]
    while len(sizes) < count:
        sizes.insert(0, (-(-sizes[0][0] // 2), -(-sizes[0][1] // 2)))
    return sizes


def upsample(x: Tensor, size: tuple[int, int]) -> Tensor:
    """x (B, C, h, w) -> (B, C, *size), bilinear on the torus, for any size."""
    height, width = x.shape[2:]
    if size == (height, width):
        return x
    if size == (2 * height, 2 * width):  # the usual case, five times as fast
        x = interpolate(pad(x, (1, 1, 1, 1), mode="circular"), scale_factor=2, mode="bilinear", align_corners=False)
        return x[:, :, 2:-2, 2:-2]
    return resized_torus(x, size)


def cut(x: Tensor, size_px: int, random: torch.Generator) -> Tensor:
    """A random crop (B, C, size_px, size_px) of x, so that D cannot see that x tiles."""
    top, left = (int(torch.randint(side - size_px + 1, (), generator=random)) for side in x.shape[2:])
    return x[:, :, top : top + size_px, left : left + size_px]
