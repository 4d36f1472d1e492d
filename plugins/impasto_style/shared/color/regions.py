"""Recolouring of pictures to the palettes of styles, region by region, by linear transport."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from impasto.surface.palette import mix, palette_of, transport

from ..resampling import as_image, as_tensor
from ..task import StyleTask


def in_colors_of(style: Tensor, x: Tensor, weights: Tensor) -> Tensor:
    """x (1, 3, H, W) in the palette of a style (1, 3, h, w). weights: weights (1, 1, H, W) of the pixels of x."""
    pixels = as_image(x)
    move = transport(palette_of(pixels, as_image(weights)), palette_of(as_image(style)))
    return as_tensor(move.of(pixels), x.device)


def in_mixed_colors(x: Tensor, task: StyleTask) -> Tensor:
    """x (1, 3, H, W) with each region in the mixed palette of its sources. Regions without a style are unchanged.

    Unchanged regions have the picture's colours already, except near painted regions. Those pixels must have no effect.
    """
    pixels, picture = as_image(x), as_image(task.picture)
    used = [index for index in range(1, len(task.sources)) if any(region.weights[index] for region in task.regions)]
    styles = [palette_of(as_image(task.sources[index])) for index in used]
    result = np.zeros_like(pixels)
    for region in task.regions:
        mask = None if region.mask is None else as_image(region.mask)
        moved = pixels
        if region.weights[0] < 1:
            weights = [region.weights[index] for index in (0, *used)]
            wanted = mix([palette_of(picture, mask), *styles], weights)
            moved = transport(palette_of(pixels, mask), wanted).of(pixels)
        result += moved if mask is None else mask * moved
    return as_tensor(result, x.device)
