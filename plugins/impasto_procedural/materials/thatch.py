"""Thatch: rows of straw or reed that hang over each other."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient, mix, step
from ..strands import strands


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Straws in bundles, in rows whose lower ends stand off and cast a shadow."""
    rows = canvas.count(p.size_m, horizontal=False)
    sway = canvas.sway("sway", 0.05 * p.size_m, 0.5 * p.size_m, 5)
    straws_m = 0.012 * canvas.noise("ends", 0.01, octaves=3, gain=0.8)
    place = ((canvas.y_m + sway[0] + straws_m) / canvas.height_m * rows).remainder(1)  # 0 at the top of a row
    drawn = strands(
        canvas, "straws", canvas.pieces(11_000, 60_000), length_m=0.22, width_m=0.0055, rise_m=(0.002, 0.014),
        direction=0.75, spread=0.015 + 0.05 * p.irregular, bend=0.03, taper=0.3,
    )  # fmt: skip
    number = drawn.number.clamp_min(0)
    one = lambda name: canvas.uniform(name, int(drawn.number.max()) + 2)[number]  # noqa: E731
    bundles = canvas.noise("bundles", 0.06, octaves=4, gain=0.6, stretch=(4, 1))
    clouds = canvas.high_pass(canvas.noise("clouds", 0.25, octaves=5, gain=0.6), 0.5)
    round_ = (1 - drawn.across.square()).clamp_min(0).sqrt()
    shade = 0.55 + p.color_variation * (0.9 * (one("shade") - 0.5) + 0.08 * bundles) + 0.12 * (round_ - 0.5)
    light = canvas.color(p.color)
    color = gradient(shade, [canvas.color(p.second_color) * 0.7, canvas.color(p.second_color), light, light * 1.25])
    grey = color.mean(0, keepdim=True) * canvas.color((0.93, 0.92, 0.90)) * 0.95
    color = mix(color, grey, (p.age * (0.75 + 0.25 * clouds)).clamp(0, 1))
    under = step(place, 0.22, 0.0)  # in the shadow of the row above
    color = color * (1 - 0.55 * under) * (0.75 + 0.25 * step(drawn.height_m, 0.0, 0.006))
    height_m = (
        0.05 * p.size_m * 4 * (0.15 + 0.85 * place) * step(place, 1.0, 0.97) * 0.6 + drawn.height_m + 0.002 * bundles
    )
    return Drawing(color, height_m, 0.78 + 0.1 * (one("gloss") - 0.5))
