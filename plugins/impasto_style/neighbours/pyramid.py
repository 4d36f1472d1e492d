"""Laplacian pyramid of a picture, so that an optimiser's step changes coarse and fine shapes alike.

Burt & Adelson 1983.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ..shared.resampling import resized_linear

LEAST_PX = 8
"""Least shorter side of the coarsest level; it is less than twice this."""


def split(x: Tensor, seamless: bool) -> list[Tensor]:
    """Levels of (1, 3, H, W), fine to coarse, each about half as large; the last is the low-pass residual.

    seamless: the picture and all levels tile.
    """
    levels = []
    while min(x.shape[2:]) >= 2 * LEAST_PX:
        smaller = resized_linear(x, [side // 2 for side in x.shape[2:]], seamless)
        levels.append(x - resized_linear(smaller, x.shape[2:], seamless))
        x = smaller
    return [*levels, x]


def join(levels: Sequence[Tensor], seamless: bool) -> Tensor:
    """The picture (1, 3, H, W) from its levels; inverse of `split`."""
    x = levels[-1]
    for level in levels[-2::-1]:
        x = level + resized_linear(x, level.shape[2:], seamless)
    return x
