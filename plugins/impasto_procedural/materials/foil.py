"""Metal foil: thin gold, silver or coloured leaf, wrinkled or crumpled."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..crumple import crumple
from ..drawing import Drawing


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Bright facets between folds, with shallow dents."""
    facets, near = crumple(canvas, "foil", p.size_m)
    dents = canvas.noise("dents", 0.3 * p.size_m, octaves=3, gain=0.4)
    clouds = canvas.high_pass(canvas.noise("clouds", 0.06, octaves=6, gain=0.65), 0.1)
    grain = canvas.noise("grain", 0.001, octaves=3, gain=0.7, stretch=(1, 8))
    dull = p.tarnish * (0.4 + 0.4 * clouds).clamp(0, 1)
    color = canvas.color(p.metal_color) * (1 - 0.35 * dull) * (1 + 0.02 * grain - 0.10 * p.creases * near)
    height_m = p.size_m * (0.28 * p.creases * facets - 0.02 * p.dents * dents.clamp_min(0) ** 1.5)
    height_m = height_m + 0.000004 * grain
    return Drawing(color, height_m, p.roughness + 0.25 * dull + 0.08 * p.creases * near + 0.02 * grain, 1.0)
