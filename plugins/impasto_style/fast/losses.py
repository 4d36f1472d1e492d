"""Losses of a repainted picture beside the discriminator's: where its colours are, and that they can be shown."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import avg_pool2d

PLACED_PX = 8
"""Side of the areas whose mean colours have to be where they are in the lesson; strokes may lie elsewhere."""


def placed_colors(pictures: Tensor, wanted: Tensor) -> Tensor:
    """Mean difference of the mean colours of areas, of pictures (B, 3, H, W)."""
    return (avg_pool2d(pictures, PLACED_PX) - avg_pool2d(wanted, PLACED_PX)).abs().mean()


def beyond_range(pictures: Tensor) -> Tensor:
    """Mean squared distance of values from [0, 1]."""
    return (pictures - pictures.clamp(0, 1)).square().mean()
