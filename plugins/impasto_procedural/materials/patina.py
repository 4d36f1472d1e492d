"""Copper with verdigris: from bright spots to a full green patina."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Bare copper, brown oxide and chalky green, which follow each other outwards, and runs of both."""
    clouds = canvas.high_pass(canvas.noise("clouds", p.size_m, octaves=8, gain=0.66), 2.5 * p.size_m)
    spots = canvas.noise("spots", 0.09 * p.size_m, octaves=5, gain=0.7)
    runs = canvas.noise("runs", 0.1 * p.size_m, octaves=5, gain=0.68, stretch=(20, 1))
    grain = canvas.noise("grain", 0.0015, octaves=3, gain=0.75)
    age = clouds + 0.3 * spots + 0.6 * p.runs * runs + 4.2 * (p.cover - 0.5)
    brown, green = step(age, -1.4, -0.4), step(age, 0.0, 1.2)
    waves = p.dents * (
        0.0012 * canvas.noise("waves", 0.12, octaves=2) - 0.0010 * canvas.noise("dents", 0.04, octaves=2).clamp_min(1)
    )
    bare = Drawing(canvas.color(p.metal_color) * (1 + 0.05 * spots), waves, 0.32 + 0.05 * spots, 1.0)
    oxide_color = gradient(
        0.5 + 0.18 * clouds + 0.12 * spots,
        [canvas.color(p.second_color) * 0.6, canvas.color(p.second_color), canvas.color(p.metal_color) * 0.5],
    )
    oxide = Drawing(oxide_color, waves + 0.00001 * grain, 0.5 + 0.05 * spots, 0.75)
    chalk = canvas.color(p.color)
    shade = 0.5 + 0.13 * spots + 0.10 * runs * p.runs + 0.06 * grain + 0.10 * (age - 1.2).clamp(-1, 2)
    verdigris = gradient(
        shade, [mix(canvas.color(p.second_color), chalk, 0.45), chalk * 0.8, chalk, chalk * 1.3 + 0.04]
    )
    crust = Drawing(verdigris, waves + 0.0003 + 0.00006 * grain + 0.00008 * spots, p.roughness + 0.04 * grain, 0.0)
    return bare.under(oxide, brown).under(crust, green)
