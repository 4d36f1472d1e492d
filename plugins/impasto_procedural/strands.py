"""Strands: thin curved pieces that lie or stand on a surface, such as blades, fibres, hairs and scratches."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .canvas import Canvas

STEP = 0.7
"""Distance between the points of a strand, in texels, small enough to leave no holes."""


@dataclass(frozen=True)
class Strands:
    """The uppermost strand at each texel (H, W). number: from 0; −1 where there is none.

    height_m: of its surface; 0 where there is none. along: 0 at the root, 1 at the tip. across: −1 to 1.
    """

    number: Tensor
    height_m: Tensor
    along: Tensor
    across: Tensor


def strands(
    canvas: Canvas,
    name: str,
    count: int,
    *,
    length_m: float,
    width_m: float,
    rise_m: tuple[float, float],
    direction: float = 0.0,
    spread: float = 1.0,
    bend: float = 0.5,
    taper: float = 1.0,
) -> Strands:
    """`count` curved strands at random places, drawn as points. Each texel shows the highest point.

    rise_m: height of the roots and of the tips, lowest strands and highest: (least, most). direction: in turns, 0 to
    the right, counter-clockwise; spread: 1 for any direction, 0 for one. bend: turns from root to tip. taper: 1 for
    pointed tips, 0 for blunt ones.
    """
    u = lambda what: canvas.uniform(f"{name} {what}", count)[:, None]  # noqa: E731
    length = length_m * (0.6 + 0.8 * u("length"))  # (N, 1)
    width = width_m * (0.7 + 0.6 * u("width"))
    texel_m = canvas.texel_m
    samples = max(3, math.ceil(1.4 * length_m / (STEP * texel_m)))
    t = torch.linspace(0, 1, samples, device=canvas.device)[None]  # (1, S)
    turn = 2 * math.pi * (direction + spread * (u("direction") - 0.5))
    angle = turn + 2 * math.pi * bend * (u("bend") - 0.5) * t  # (N, S)
    step = length / (samples - 1)
    x = u("x") * canvas.width_m + (angle.cos() * step).cumsum(1)
    y = u("y") * canvas.height_m - (angle.sin() * step).cumsum(1)
    lowest, highest = rise_m
    z = lowest + (highest - lowest) * u("rise") * (0.25 + 0.75 * (1 - (1 - t).square()))
    half = 0.5 * width * (1 - taper * t.square()).clamp_min(0.05)
    lanes = max(1, math.ceil(1.3 * width_m / (STEP * texel_m)))
    offsets = torch.linspace(-1, 1, lanes, device=canvas.device) if lanes > 1 else torch.zeros(1, device=canvas.device)
    return _splat(canvas, x, y, z, angle, half, offsets, t.expand(count, -1))


def _splat(
    canvas: Canvas, x: Tensor, y: Tensor, z: Tensor, angle: Tensor, half: Tensor, offsets: Tensor, t: Tensor
) -> Strands:
    """The highest point at each texel. Points (N, S) are widened to lanes at `offsets` (L,) of half their width."""
    height, width = canvas.size_px
    across = offsets[None, None]  # (1, 1, L)
    px = x[..., None] + angle.sin()[..., None] * half[..., None] * across
    py = y[..., None] + angle.cos()[..., None] * half[..., None] * across
    pz = z[..., None] - half[..., None] * (1 - (1 - across.square()).clamp_min(0).sqrt())
    columns = (px / canvas.texel_m).floor().long() % width
    rows = (py / canvas.texel_m).floor().long() % height
    index = (rows * width + columns).reshape(-1)
    flat = pz.reshape(-1)
    top = torch.full((height * width,), -math.inf, device=canvas.device).scatter_reduce_(0, index, flat, "amax")
    wins = flat == top[index]
    places = index[wins]

    def picture_of(values: Tensor, empty: float) -> Tensor:
        field = torch.full((height * width,), empty, device=canvas.device)
        field[places] = values.expand(px.shape).reshape(-1)[wins]
        return field.view(height, width)

    number = torch.arange(len(x), device=canvas.device, dtype=torch.float32)[:, None, None]
    return Strands(
        picture_of(number, -1.0).long(),
        top.view(height, width).nan_to_num(neginf=0.0),
        picture_of(t[..., None], 0.0),
        picture_of(across, 0.0),
    )
