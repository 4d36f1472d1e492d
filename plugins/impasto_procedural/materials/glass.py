"""Glass of windows and doors: fluted, hammered or frosted."""

from __future__ import annotations

import math

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, gradient, step

GROOVE = 0.15
"""Rounds the grooves between ribs."""


CLEAR = 0.95
"""Share of light that passes through; the rest is what lies on the glass."""


def draw(canvas: Canvas, p: Look) -> Drawing:
    """A pattern pressed into one side; its slopes are lighter and darker, as what is behind them is bent."""
    sway = canvas.sway("sway", 0.012 * p.size_m, 4 * p.size_m)
    fine = canvas.noise("fine", 0.0015, octaves=3, gain=0.8)
    waves = canvas.noise("waves", 2 * p.size_m, octaves=3)
    if p.pattern == "ribbed":
        phase = (canvas.x_m + sway[1]) / canvas.width_m * canvas.count(p.size_m)
        relief = ((math.pi * phase).sin().square() + GROOVE).sqrt()
        bend = (math.tau * phase + 0.4 + 0.15 * waves).sin()
    elif p.pattern == "hammered":
        cells = canvas.cells("dents", p.size_m, jitter=0.8, warp=canvas.sway("ragged", 0.06 * p.size_m, p.size_m))
        relief = bump(cells.to_border_m, 0.45 * p.size_m) * (0.7 + 0.5 * canvas.of_each("deep", cells.number))
        bend = (cells.y_m + 0.6 * cells.x_m) / (0.5 * p.size_m)
    else:
        relief = 0.25 * canvas.noise("frost", 0.1 * p.size_m, octaves=4, gain=0.7)
        bend = 0.5 * canvas.noise("clouds", 2 * p.size_m, octaves=5, gain=0.65)
    spots = canvas.cells("bubbles", 0.02, jitter=0.9)
    size_m = 0.0016 * canvas.of_each("size", spots.number) ** 2 + 0.0003
    is_bubble = (canvas.of_each("is", spots.number) < p.bubbles).to(relief.dtype)
    bubble = is_bubble * step((spots.from_center_m - size_m).abs(), 0.5 * size_m, 0.1 * size_m)
    base = canvas.color(p.color)
    shade = 0.5 + p.relief * (0.34 * bend + 0.12 * (relief - 0.5)) + 0.03 * waves + 0.2 * bubble
    color = gradient(shade, [base * 0.55, base * 0.85, base, base * 1.2])
    frosted = p.pattern == "frosted"
    height_m = p.size_m * (0.02 if frosted else 0.16) * p.relief * relief + 0.000006 * waves + 0.0000015 * fine
    roughness = p.roughness + (0.42 + 0.03 * fine if frosted else 0.0) + 0.1 * bubble
    return Drawing(color.clamp(0, 0.9), height_m, roughness, transmission=CLEAR - 0.3 * bubble)
