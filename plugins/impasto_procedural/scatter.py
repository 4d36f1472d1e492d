"""Pieces scattered on a surface, one over another: stones, lumps, chips, leaves, flakes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .canvas import Canvas

POINTS_AT_ONCE = 1 << 17
"""Number of points shaped at a time, so that all steps stay in the processor's cache."""
EVEN_STEPS = (0.7548776662466927, 0.5698402909980532)
"""Steps of an evenly spread sequence of points: powers of the plastic number (Roberts's R2 sequence)."""


@dataclass(frozen=True)
class ScatteredPieces:
    """The uppermost piece at each texel (H, W). number: from 0; −1 where there is none.

    height_m: of its surface; 0 where there is none. y, x: offset from its centre in radii, turned with the piece.
    """

    number: Tensor
    height_m: Tensor
    y: Tensor
    x: Tensor


def scatter(
    canvas: Canvas,
    name: str,
    count: int,
    radius_m: float,
    shape: Callable[[Tensor, Tensor, Tensor], Tensor],
    *,
    spread: float = 0.35,
    turn: float = 1.0,
    even: bool = False,
) -> ScatteredPieces:
    """`count` pieces with random places, angles and sizes. Each texel shows the highest piece.

    shape: heights in metres (N, P), −inf outside, of offsets y and x (N, P) in radii, and numbers (N, 1). spread: how
    much radii differ, from 0. turn: 1 for any direction, 0 for one. even: places that are spread evenly. Pieces wider
    than the tile are drawn as wide as it.
    """
    height, width = canvas.size_px
    radius_m = min(radius_m, 0.5 * min(canvas.width_m, canvas.height_m) / (1 + spread))
    u = lambda what: canvas.uniform(f"{name} {what}", count)[:, None]  # noqa: E731
    radius = radius_m * (1 - spread + 2 * spread * u("radius"))  # (N, 1)
    angle = 2 * math.pi * turn * (u("turn") - 0.5)
    y, x = _places(canvas, name, count, even)
    reach = math.ceil(radius_m * (1 + spread) / canvas.texel_m)
    window = torch.arange(-reach, reach + 1, device=canvas.device)
    down, right = (axis.reshape(1, -1) for axis in torch.meshgrid(window, window, indexing="ij"))
    top = torch.full((height * width,), -math.inf, device=canvas.device)
    numbers = torch.full((height * width,), -1, device=canvas.device)
    offsets = torch.zeros((2, height * width), device=canvas.device)
    for part in torch.arange(count, device=canvas.device).split(max(1, POINTS_AT_ONCE // down.numel())):
        row, column = y[part].round().long() + down, x[part].round().long() + right
        dy, dx = (row - y[part]) * canvas.texel_m, (column - x[part]) * canvas.texel_m
        cos, sin = angle[part].cos() / radius[part], angle[part].sin() / radius[part]
        v, w = dy * cos - dx * sin, dx * cos + dy * sin
        z = shape(v, w, part[:, None])
        index = (row.remainder_(height) * width).add_(column.remainder_(width))
        top.scatter_reduce_(0, index.view(-1), z.view(-1), "amax")
        wins = (z == top[index]).logical_and_(z > -math.inf).nonzero(as_tuple=True)
        places = index[wins]
        numbers[places] = part[wins[0]]
        offsets[0, places], offsets[1, places] = v[wins], w[wins]
    fields = (field.view(height, width) for field in (numbers, top.nan_to_num_(neginf=0.0), *offsets))
    return ScatteredPieces(*fields)


def _places(canvas: Canvas, name: str, count: int, even: bool) -> tuple[Tensor, Tensor]:
    """Random places y and x (N, 1) in texels; even places move by up to half the mean distance."""
    place = torch.stack([canvas.uniform(f"{name} {axis}", count) for axis in "yx"], 1)  # of the tile
    if even:
        steps = torch.arange(count, dtype=torch.float64)[:, None] * torch.tensor(EVEN_STEPS, dtype=torch.float64)
        place = (place[:1] + steps.to(canvas.device) + (place - 0.5) / math.sqrt(count)).remainder(1).to(place.dtype)
    return place[:, :1] * canvas.size_px[0] - 0.5, place[:, 1:] * canvas.size_px[1] - 0.5
