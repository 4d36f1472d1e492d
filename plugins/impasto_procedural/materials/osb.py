"""Oriented strand board: large flat strands of wood, pressed in all directions."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..scatter import scatter
from ..shaping import gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Strands that lie over each other, each with the grain and colour of its own piece of wood."""
    count = canvas.pieces(14 / (p.size_m * p.size_m), 9_000)
    u = {name: canvas.uniform(name, count) for name in ("lift", "wide", "ragged", "tilt")}

    def strand(y: Tensor, x: Tensor, number: Tensor) -> Tensor:
        one = lambda name: u[name][number]  # noqa: E731
        half = 0.07 + 0.2 * one("wide")
        edge = 0.05 * (9 * y / half + 40 * one("ragged")).sin() + 0.03 * (23 * y / half).sin()
        inside = (half + 0.012 * (14 * x + 30 * one("ragged")).sin() - y.abs()).minimum(0.9 + edge - x.abs())
        up = 0.0012 * one("lift") + 0.0003 * one("tilt") * x
        return up.where(inside > 0, up.new_full((), -math.inf))

    strands = scatter(canvas, "strands", count, 0.5 * p.size_m, strand, turn=0.1 + 0.9 * p.irregular, even=True)
    number = strands.number.clamp_min(0)
    one = lambda name: canvas.uniform(name, count)[number]  # noqa: E731
    phase = 40 * one("phase")
    wander = 0.03 * (5 * strands.x + phase).sin() + 0.012 * (17 * strands.x + 2 * phase).sin()
    grain = (90 * (strands.y + wander) + phase).sin() + 0.7 * (171 * (strands.y + 0.6 * wander) + 3 * phase).sin()
    fine = canvas.noise("fine", 0.0015, octaves=2, gain=0.8)
    shade = 0.6 + p.color_variation * (one("shade") - 0.5) * 1.1 + 0.09 * grain + 0.03 * fine
    light = canvas.color(p.color)
    color = gradient(shade, [canvas.color(p.second_color) * 0.75, canvas.color(p.second_color), light, light * 1.22])
    below = canvas.blur(strands.height_m, 0.0025) - strands.height_m
    shadow = step(below, 0.00002, 0.0003)
    color = color * (1 - 0.4 * shadow) * mix(1.0, 0.5, (strands.number < 0).to(shadow.dtype))
    height_m = strands.height_m + 0.00004 * grain + 0.00002 * fine
    return Drawing(color, height_m, p.roughness + 0.04 * grain * 0.5 + 0.08 * shadow)
