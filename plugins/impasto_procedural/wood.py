"""The grain of wood on boards: growth rings cut lengthwise, fibres, pores and knots."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .blocks import Blocks
from .canvas import Canvas
from .shaping import mix, step

RING_M = 0.0058
"""Mean width of a growth ring."""
KNOTS = 3
"""Most knots of a board."""


@dataclass(frozen=True)
class Grain:
    """Grain at each texel (H, W). late: 0 in early wood, 1 at the end of a year's late wood.

    fibres, streaks: noise along the grain, fine and coarse, deviation 1. pores: 1 in pores. knot: 1 in knots, and
    rings of knots between 0 and 1.
    """

    late: Tensor
    fibres: Tensor
    streaks: Tensor
    pores: Tensor
    knot: Tensor


def grain_of(canvas: Canvas, boards: Blocks, figure: float, knots: float, ring_m: float = RING_M) -> Grain:
    """Grain of boards. figure: share of boards cut near the pith, which show cathedrals; others have straight lines.

    A board is a cut through a wavy, tapered cylinder of rings; the place in a ring is the fractional part of the
    distance from the pith in ring widths.
    """
    each = lambda name: canvas.of_each(name, boards.number)  # noqa: E731
    along_m, across_m = boards.along_m(), boards.across_m()
    slow_m, fine = _waves(canvas, boards)
    is_flat = step(each("cut"), figure, figure - 0.05) if figure else 0.0
    pith_m = mix(0.11 + 0.12 * each("side"), 0.05 * (each("side") - 0.5), is_flat)
    away, knot, ring_of_knot = _knots(canvas, boards, knots)
    side_m = across_m - pith_m + (0.3 + figure) * slow_m - away
    lean = (0.006 + 0.03 * figure) * (each("taper") - 0.5).mul(2)
    deep_m = 0.025 + (0.07 - 0.035 * is_flat) * each("pith") + lean * along_m + (0.4 + 1.2 * figure) * slow_m
    distance_m = (side_m.square() + deep_m.square()).sqrt()
    width_m = ring_m * (0.7 + 0.7 * each("growth"))
    phase = distance_m / width_m + 0.09 * fine
    late = _late_wood(canvas, phase, canvas.texel_m / width_m * (side_m / distance_m).abs())
    fibres, streaks, pores = _fibres(canvas, boards)
    pores = pores * (1 - 0.75 * late)
    return Grain(mix(late, ring_of_knot, knot), fibres, streaks, pores * (1 - knot), knot)


def _late_wood(canvas: Canvas, phase: Tensor, rings_per_texel: Tensor) -> Tensor:
    """Late wood (H, W) of rings of uneven width and darkness: it darkens slowly and ends sharply.

    Rings too fine for the texels are replaced by their mean.
    """
    phase = phase + 0.5 * (0.61 * phase).sin() + 0.2 * (1.7 * phase).sin()
    year = phase.floor()
    strength = 0.45 + 0.55 * canvas.uniform("years", 97)[year.long() % 97]
    part = phase - year
    end = rings_per_texel.clamp(0.06, 0.5)
    late = strength * step(part, 0.3, 0.92) * (1 - step(part, 1 - end, 1.0))
    return mix(0.25, late, step(rings_per_texel, 0.6, 0.3))


def _waves(canvas: Canvas, boards: Blocks) -> tuple[Tensor, Tensor]:
    """Sway of the trunk in metres, and fine waviness with deviation 1; each board uses another part of the noise."""

    slow_m = 0.004 * along_grain(canvas, boards, "sway", 0.14, octaves=2, gain=0.4, stretch=3)
    fine = along_grain(canvas, boards, "waviness", 0.012, octaves=2, stretch=9)
    shift_m = canvas.of_each("part of noise", boards.number) * canvas.width_m
    slow_m, fine = canvas.warp(torch.stack([slow_m, fine]), 3 * shift_m, 7 * shift_m)
    return slow_m, fine


def _fibres(canvas: Canvas, boards: Blocks) -> tuple[Tensor, Tensor, Tensor]:
    """Fibres and coarse streaks along the grain with deviation 1, and a mask of pores: short dark dashes."""
    fibres = along_grain(canvas, boards, "fibres", 0.0024, octaves=4, gain=0.8, stretch=36)
    streaks = along_grain(canvas, boards, "streaks", 0.02, octaves=3, gain=0.6, stretch=16)
    pores = step(along_grain(canvas, boards, "pores", 0.0014, stretch=14), 1.2, 2.4)
    return fibres, streaks, pores


def along_grain(
    canvas: Canvas, boards: Blocks, name: str, size_m: float, *, octaves: int = 1, gain: float = 0.5, stretch: float
) -> Tensor:
    """Noise with features of `size_m` across the boards, and `stretch` times as long along them."""
    noise = canvas.noise(name, size_m, octaves=octaves, gain=gain, stretch=(1, stretch))
    if not boards.is_upright.any():
        return noise
    upright = canvas.noise(f"{name} upright", size_m, octaves=octaves, gain=gain, stretch=(stretch, 1))
    return upright.where(boards.is_upright, noise)


def _knots(canvas: Canvas, boards: Blocks, amount: float) -> tuple[Tensor, Tensor, Tensor]:
    """Shift of rings around knots in metres (H, W), a mask of the knots, and the knots' own rings."""
    pushed_m = knot = rings = boards.x_m.new_zeros(())
    length_m = 2 * boards.half_width_m.maximum(boards.half_height_m)
    width_m = 2 * boards.half_width_m.minimum(boards.half_height_m)
    chance = 0.75 * amount * (length_m / 1.5).clamp_max(1)
    for index in range(KNOTS if amount else 0):
        each = lambda name, index=index: canvas.of_each(f"knot {index} {name}", boards.number)  # noqa: E731
        radius_m = 0.0045 + 0.012 * each("size").square()
        x_m = boards.along_m() - length_m * 0.9 * (each("along") - 0.5)
        y_m = boards.across_m() - width_m * 0.8 * (each("across") - 0.5)
        distance = ((0.75 * x_m).square() + y_m.square()).sqrt() / radius_m
        is_knot = (each("is there") < chance).to(x_m.dtype)
        near = is_knot * (-0.5 * ((x_m / (3.2 * radius_m)).square() + (y_m / (2.2 * radius_m)).square())).exp()
        pushed_m = pushed_m + y_m * near
        inside = is_knot * step(distance, 1.05, 0.9)
        knot = inside.maximum(knot)
        own = 0.45 + 0.3 * (distance * (radius_m * (2 * math.pi / 0.0024))).cos() + 1.1 * step(distance, 0.75, 1.0)
        rings = mix(rings, own, inside)
    return pushed_m, knot, rings


def wood_color(wood: Grain, early: Tensor, late: Tensor) -> Tensor:
    """Linear colour (3, H, W) of wood between the colours (3, 1, 1) of its early and late wood."""
    shade = (0.05 + 0.95 * wood.late + 0.05 * wood.fibres + 0.11 * wood.streaks + 0.35 * wood.pores).clamp(0, 1.3)
    color = mix(early, late, shade) * (1 + 0.045 * wood.fibres)
    return mix(color, mix(late * 0.7, late * 0.16, wood.late), 0.9 * wood.knot)


def wood_relief_m(wood: Grain, relief: float) -> Tensor:
    """Height of the grain in metres; relief: 0 sanded, 1 weathered, without the soft early wood."""
    grain_m = (0.0001 + 0.0009 * relief) * wood.late + (0.00003 + 0.00016 * relief) * wood.fibres
    return grain_m - (0.0001 + 0.0005 * relief) * wood.pores


def board_tint(canvas: Canvas, boards: Blocks, variation: float) -> Tensor:
    """Factor (3, H, W) of each board's colour, for its value and warmth."""
    each = lambda name: canvas.of_each(name, boards.number)  # noqa: E731
    value = 1 + variation * 0.75 * (each("value") - 0.5)
    warm = variation * 0.22 * (each("warmth") - 0.5)
    return value * (1 + warm * (canvas.color((1, 0.3, 0)) - canvas.color((0, 0.3, 1))))
