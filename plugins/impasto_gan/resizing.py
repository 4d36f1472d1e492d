"""Bilinear resizing on a torus, to any size."""

from __future__ import annotations

import torch
from torch import Tensor


def resized_torus(x: Tensor, size: tuple[int, int]) -> Tensor:
    """x (B, C, h, w) -> (B, C, *size), bilinear and circular, for any size."""
    for axis, wanted in ((2, size[0]), (3, size[1])):
        length = x.shape[axis]
        position = (torch.arange(wanted, device=x.device) + 0.5) * (length / wanted) - 0.5
        before = position.floor()
        weight = (position - before).to(x.dtype).unflatten(0, (-1, 1) if axis == 2 else (1, -1))
        index = before.long()
        x = x.index_select(axis, index % length).lerp(x.index_select(axis, (index + 1) % length), weight)
    return x
