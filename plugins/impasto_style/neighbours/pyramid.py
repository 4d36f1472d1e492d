"""A picture as what each octave adds, so that a step changes wide and fine forms alike (Burt & Adelson 1983)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn.functional import interpolate

LEAST_PX = 8
"""The coarsest level's shorter side is less than twice this."""


def split(x: Tensor) -> list[Tensor]:
    """(1, 3, H, W) as levels, fine to coarse, each about half as large; the last is a small picture."""
    levels = []
    while min(x.shape[2:]) >= 2 * LEAST_PX:
        smaller = _resize(x, [side // 2 for side in x.shape[2:]])
        levels.append(x - _resize(smaller, x.shape[2:]))
        x = smaller
    return [*levels, x]


def join(levels: Sequence[Tensor]) -> Tensor:
    """The picture (1, 3, H, W) of its levels."""
    x = levels[-1]
    for level in levels[-2::-1]:
        x = level + _resize(x, level.shape[2:])
    return x


def _resize(x: Tensor, size: Sequence[int]) -> Tensor:
    return interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)
