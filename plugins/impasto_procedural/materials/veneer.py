"""Veneer and plywood: thin leaves of wood, sliced or peeled off a trunk."""

from __future__ import annotations

import math

from torch import Tensor

from ..blocks import blocks
from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import mix, step
from ..wood import board_tint, grain_of, wood_color


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Leaves that meet without gaps: sliced ones with cathedrals, peeled ones with broad waves."""
    is_peeled = p.cut == "peeled"
    leaves = blocks(canvas, "staggered", canvas.width_m, (2.5 if is_peeled else 1) * p.leaf_m)
    wood = grain_of(canvas, leaves, 0.95 if is_peeled else 0.6, p.knots, 0.019 if is_peeled else 0.0075)
    light, late = canvas.color(p.color), canvas.color(p.late_color)
    flame = canvas.noise("flame", 0.03, octaves=3, stretch=(2.5, 0.5)) * canvas.noise("where", 0.25, octaves=2)
    color = wood_color(wood, light, mix(light, late, 0.55 if is_peeled else 1.0))
    if p.cut == "burl":
        color = _burl(canvas, light, late) * (1 + 0.04 * wood.fibres)
    color = color * board_tint(canvas, leaves, p.color_variation) * (1 + 0.035 * flame)
    seam = step(leaves.inside_m(), 0.0006, 0.0)
    raw = 1 - p.varnish
    height_m = raw * (0.00002 * wood.fibres - 0.00012 * wood.pores + 0.00003 * wood.late) - 0.00006 * seam
    height_m = height_m + 0.000015 * canvas.noise("waves", 0.15, octaves=2)
    roughness = mix(0.7, 0.16, p.varnish) + raw * (0.04 * wood.fibres + 0.1 * wood.pores)
    return Drawing(color * (1 - 0.3 * seam), height_m, roughness)


def _burl(canvas: Canvas, light: Tensor, late: Tensor) -> Tensor:
    """Linear colour (3, H, W) of a burl: rings in all directions around small eyes."""
    eyes = canvas.cells("eyes", 0.05, jitter=0.9, warp=canvas.sway("swirl", 0.02, 0.09, 4))
    flow = canvas.noise("flow", 0.14, octaves=5, gain=0.6)
    rings = (math.tau * (eyes.from_center_m / 0.02 + 1.7 * flow)).sin()
    is_eye = canvas.of_each("eye", eyes.number) < 0.6
    eye = step(eyes.from_center_m, 0.01, 0.001) * is_eye
    clouds = canvas.noise("clouds", 0.1, octaves=5, gain=0.65)
    return mix(light, late, (0.45 + 0.22 * rings + 0.22 * clouds + 0.6 * eye).clamp(0, 1.15))
