"""Plastic: moulded sheets with a fine grain, lines or gloss."""

from __future__ import annotations

import math

from ..blocks import blocks
from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """The grain of a mould, pressed in pebbles of two sizes, with flow lines and scratches."""
    warp = canvas.sway("ragged", 0.22 * p.size_m, p.size_m, 3)
    clouds = canvas.high_pass(canvas.noise("clouds", 0.02, octaves=6, gain=0.6), 0.04)
    fine = canvas.noise("fine", 0.0003, octaves=2, gain=0.8)
    if p.pattern == "grained":
        cells = canvas.cells("pebbles", p.size_m, warp=warp)
        small = canvas.cells("small pebbles", 0.5 * p.size_m, warp=warp)
        high = 0.6 + 0.4 * canvas.of_each("high", cells.number)
        relief = 0.75 * high * bump(cells.to_border_m, 0.4 * p.size_m) + 0.25 * bump(small.to_border_m, 0.2 * p.size_m)
    elif p.pattern == "lined":
        count = canvas.count(1.6 * p.size_m)
        relief = (
            0.5 + 0.5 * (math.tau * (canvas.x_m + canvas.sway("lines", 0.0, 1.0)[1]) / canvas.width_m * count).cos()
        )
    elif p.pattern == "bar":
        pieces = blocks(canvas, "stack", 1.5 * p.size_m, p.size_m)
        inside_m = pieces.inside_m(0.04 * p.size_m, 0.08 * p.size_m)
        panel = step(inside_m, 0.27 * p.size_m, 0.31 * p.size_m)
        relief = bump(inside_m.clamp_min(0), 0.16 * p.size_m) * (1 - 0.25 * panel) + 0.01 * canvas.noise("cast", 0.01)
    else:
        relief = 0.5 + 0.12 * canvas.noise("peel", 2 * p.size_m, octaves=2)
    lines = step(
        canvas.noise("scratches", 0.0003, octaves=2, stretch=(0.7, 60)),
        3.4 - 1.4 * p.scratches,
        3.9 - 1.4 * p.scratches,
    )
    lines = p.scratches * lines.maximum(
        step(
            canvas.noise("more scratches", 0.0003, octaves=2, stretch=(45, 0.8)),
            3.5 - 1.4 * p.scratches,
            4.0 - 1.4 * p.scratches,
        )
    )
    chalk = p.faded * (0.5 + 0.35 * clouds).clamp(0, 1)
    base = canvas.color(p.color)
    color = base * (0.84 + 0.16 * relief) * (1 + 0.02 * fine + 0.012 * clouds)
    color = color + (base.mean() * 0.5 + 0.35 - color) * (0.7 * chalk + 0.35 * lines).clamp(0, 1)
    height_m = 0.13 * p.size_m * p.relief * relief - 0.02 * p.size_m * lines + 0.000002 * fine
    return Drawing(color, height_m, p.roughness + 0.25 * chalk + 0.2 * lines + 0.02 * clouds - 0.04 * relief)
