"""Inputs of the network: the picture in the style's colours, and noise at several scales."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from impasto.numerics.resampling import bilinear_resize

from ..patches.recoloring import recolor
from ..shared.task import Region
from .network import STRIDE

SIZES = (2, 2, 4, 16)
"""Scale of each noise channel in the network's coarsest pixels: from strokes to patches of colour."""


def in_palette(x: Tensor, style: Tensor, seamless: bool = False) -> Tensor:
    """x (1, 3, H, W) in [0, 1], recoloured to the palette of the style (1, 3, h, w) as `patches-style` does it."""
    return recolor(x, (style,), (Region(None, (1.0,)),), seamless)


def noise_input(size_px: tuple[int, int], draw: Callable[[int, int, int], Tensor]) -> Tensor:
    """Noise (1, 4, H / 4, W / 4) for pictures of (height, width), which tiles.

    draw(channel, height, width): standard normal noise (1, 1, height, width).
    """
    grid = size_px[0] // STRIDE, size_px[1] // STRIDE
    cells = [[max(1, round(side / size)) for side in grid] for size in SIZES]
    return torch.cat([bilinear_resize(draw(channel, *shape), grid) for channel, shape in enumerate(cells)], 1)
