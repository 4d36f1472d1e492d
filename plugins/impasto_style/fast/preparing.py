"""Inputs of the network: the picture in the style's colours, and noise of several sizes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from impasto.surface.palette import Palette, transport
from impasto.training.layers import resized

from .network import STRIDE

MEASURED_PX = 256
"""Most rows and columns of a picture by which its colours are measured."""
SIZES = (2, 2, 4, 16)
"""Sizes of the noise of each channel, relative to the network's coarsest pixels: strokes to patches of colour. Noise of
size 1 shows as a mesh of dots."""


def recolored(x: Tensor, style: Tensor) -> Tensor:
    """x (1, 3, H, W) in [0, 1] with the mean and covariance of the style's colours (1, 3, h, w).

    In sRGB, which is many times as fast as in Oklab; the network repaints the colours anyway.
    """
    move = transport(_colors_of(x), _colors_of(style))
    matrix, offset = (torch.from_numpy(array).to(x) for array in (move.matrix, move.offset))
    return (torch.einsum("bihw,io->bohw", x, matrix) + offset[:, None, None]).clamp(0, 1)


def noise_input(size_px: tuple[int, int], draw: Callable[[int, int, int], Tensor]) -> Tensor:
    """Noise (1, 4, H / 4, W / 4) for pictures of (height, width), which tiles.

    draw(channel, height, width): standard normal noise (1, 1, height, width).
    """
    grid = size_px[0] // STRIDE, size_px[1] // STRIDE
    cells = [[max(1, round(side / size)) for side in grid] for size in SIZES]
    return torch.cat([resized(draw(channel, *shape), grid) for channel, shape in enumerate(cells)], 1)


def _colors_of(x: Tensor) -> Palette:
    """Mean and covariance of the colours of (1, 3, H, W)."""
    rows, columns = (max(1, side // MEASURED_PX) for side in x.shape[2:])
    colors = x[0, :, ::rows, ::columns].flatten(1).double().cpu().numpy()
    return Palette(colors.mean(1), np.cov(colors, bias=True))
