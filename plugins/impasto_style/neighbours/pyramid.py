"""A picture as what each octave adds, so that a step changes wide and fine forms alike (Burt & Adelson 1983)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ..shared.resampling import resized_linear

LEAST_PX = 8
"""The coarsest level's shorter side is less than twice this."""


def split(x: Tensor, seamless: bool) -> list[Tensor]:
    """(1, 3, H, W) as levels, fine to coarse, each about half as large; the last is a small picture.

    seamless: it tiles, and so does what is painted on any level.
    """
    levels = []
    while min(x.shape[2:]) >= 2 * LEAST_PX:
        smaller = resized_linear(x, [side // 2 for side in x.shape[2:]], seamless)
        levels.append(x - resized_linear(smaller, x.shape[2:], seamless))
        x = smaller
    return [*levels, x]


def join(levels: Sequence[Tensor], seamless: bool) -> Tensor:
    """The picture (1, 3, H, W) of its levels."""
    x = levels[-1]
    for level in levels[-2::-1]:
        x = level + resized_linear(x, level.shape[2:], seamless)
    return x
