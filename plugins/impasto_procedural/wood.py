"""The grain of wood on boards: growth rings cut lengthwise, fibres and knots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .shaping import step

if TYPE_CHECKING:
    from torch import Tensor

    from .blocks import Blocks
    from .canvas import Canvas

RING_M = 0.007
"""Mean width of a growth ring as it is cut."""


@dataclass(frozen=True)
class Grain:
    """Grain at each texel (H, W). ring: 0 in early wood, 1 at the end of late wood. late_first: 1 in soft early wood.

    fibres: fine noise along the grain, deviation 1. knot: 1 in knots.
    """

    ring: Tensor
    late_first: Tensor
    fibres: Tensor
    knot: Tensor


def grain_of(canvas: Canvas, boards: Blocks, figure: float, knots: float) -> Grain:
    """Grain of boards: each is a cut through rings at its own distance from the pith.

    The distance from the pith is that of a cut through a wavy cylinder; its fraction by the width of rings is the ring.
    """
    each = lambda name: canvas.of_each(name, boards.number)  # noqa: E731
    along, across = boards.along_m(), boards.across_m()
    shift_m = (each("part of noise") - 0.5) * canvas.width_m
    wave = canvas.noise("grain waves", 0.35, octaves=3, gain=0.4, stretch=(0.5, 1.6))
    wave = canvas.warped(wave, shift_m, 7.3 * shift_m)
    knot, pull_m = _knots(canvas, knots)
    from_pith_m = 0.02 + 0.10 * each("pith")
    side_m = across + (each("side") - 0.5) * 0.12 + 0.012 * figure * wave + pull_m
    taper = 0.02 * (each("taper") - 0.5) * along
    distance_m = (side_m.square() + (from_pith_m + taper + 0.010 * figure * wave).square()).sqrt()
    uneven = canvas.noise("ring widths", 0.09, octaves=2, stretch=(0.12, 8))
    phase = distance_m / RING_M + 0.35 * uneven
    ring = phase - phase.floor()
    late = step(ring, 0.25, 0.92) * step(ring, 1.0, 0.95)
    fibres = canvas.noise("fibres", 0.0035, octaves=3, gain=0.7, stretch=(1, 40))
    pores = step(canvas.noise("pores", 0.002, octaves=1, stretch=(1, 14)), 1.1, 2.2)
    return Grain((0.85 * late + 0.07 * fibres + 0.25 * pores).clamp(0, 1), 1 - late + pores, fibres, knot)


def _knots(canvas: Canvas, amount: float) -> tuple[Tensor, Tensor]:
    """Mask of the knots (H, W), and metres by which the rings swing out around them."""
    spots = canvas.cells("knots", 0.32, stretch=(0.8, 1.5))
    is_knot = (canvas.of_each("is knot", spots.number) < amount * 0.8).to(spots.x_m.dtype)
    radius_m = 0.006 + 0.014 * canvas.of_each("knot size", spots.number)
    distance = (spots.y_m.square() + (spots.x_m * 0.7).square()).sqrt() / radius_m
    knot = is_knot * step(distance, 1.05, 0.75)
    pull_m = is_knot * 1.4 * radius_m * (-0.5 * (distance / 1.7).square()).exp()
    return knot, pull_m * (spots.y_m > 0).to(pull_m.dtype).mul(2).sub(1)
