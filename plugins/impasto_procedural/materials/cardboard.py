"""Cardboard: brown paper with the flutes of its corrugated core."""

from __future__ import annotations

import math

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import mix, step
from ..strands import strands


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Fibres and specks of pulp over flutes; bare flutes are the waves of the core itself."""
    sway = canvas.sway("sway", 0.03 * p.size_m, 6 * p.size_m)
    count = canvas.count(p.size_m)
    wave = (math.tau * (canvas.x_m + sway[1]) / canvas.width_m * count).cos()
    bare = step(p.flutes + 0 * wave, 0.35, 1.0)
    pulp = canvas.noise("pulp", 0.006, octaves=5, gain=0.7)
    clouds = canvas.noise("clouds", 0.07, octaves=5, gain=0.6)
    fibres = strands(
        canvas, "fibres", canvas.pieces(60_000, 60_000), length_m=0.004, width_m=0.00022, rise_m=(0, 0.0001), bend=0.35
    )
    is_fibre = (fibres.number >= 0).to(wave.dtype)
    tone = canvas.uniform("fibre", int(fibres.number.max()) + 2)[fibres.number.clamp_min(0)] - 0.5
    folds = canvas.noise("folds", 0.09, octaves=3, gain=0.5)
    crease = p.creases * step(folds.abs(), 0.035, 0.0) * step(clouds, 1.2 - 1.6 * p.creases, 2.0 - 1.6 * p.creases)
    stain = p.stains * step(clouds, 0.6, 1.8)
    value = 1 + 0.06 * pulp + 0.4 * tone * is_fibre + 0.03 * clouds + (0.13 * p.flutes + 0.22 * bare) * wave
    color = canvas.color(p.color) * value * (1 - 0.16 * stain - 0.25 * crease)
    color = mix(color, canvas.color(p.color) * 1.35, 0.5 * step(crease, 0.3, 0.9))
    height_m = (0.0003 * p.flutes + 0.30 * p.size_m * bare) * wave + 0.00001 * pulp + 0.2 * fibres.height_m
    return Drawing(color, height_m - 0.0006 * crease, p.roughness + 0.03 * pulp - 0.1 * stain)
