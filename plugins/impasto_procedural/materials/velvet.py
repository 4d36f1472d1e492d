"""Velvet: a short dense pile that is light or dark with the way that it lies."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Pile that lies in patches with soft borders and sharp folds: it shines where it points away."""
    bend = canvas.sway("bend", 0.03, 0.08, 4)
    lie = canvas.warp(canvas.noise("lie", 0.045, octaves=5, gain=0.6, stretch=(1.8, 1)), *bend)
    lie = canvas.high_pass(lie, 0.12)
    fold = 1 - canvas.warp(canvas.noise("fold", 0.05, octaves=3, gain=0.5), *bend).abs()
    pile = canvas.noise("pile", 0.0014, octaves=2, gain=0.8, stretch=(1.8, 1))
    strands = canvas.noise("strands", 0.004, octaves=3, gain=0.7, stretch=(5, 1))
    count = canvas.count(0.006)
    wave = (6.2832 * count * canvas.x_m / canvas.width_m + 0 * pile).cos()
    sheen = p.crushed * (0.55 * lie + 0.35 * fold * lie.sign() * 0.6) + 0.10 * strands + 0.05 * pile
    shade = 0.46 + 0.2 * sheen + 0.2 * p.ribs * wave
    base = canvas.color(p.color)
    pale = base * 1.5 + 0.06
    color = gradient(shade, [base * 0.28, base * 0.62, base, pale, pale * 1.35])
    height_m = 0.0003 * p.crushed * lie + 0.0001 * pile + 0.00008 * strands + 0.0009 * p.ribs * wave
    return Drawing(color, height_m, p.roughness - 0.08 * p.crushed * sheen + 0.02 * pile)
