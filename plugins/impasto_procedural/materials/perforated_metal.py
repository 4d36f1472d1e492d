"""Perforated sheet metal: rows of round, square or long holes."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..metal import with_rust
from ..shaping import bump, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """A lattice of holes in a rolled sheet; what is behind them is dark and far below."""
    warp = canvas.sway("sway", 0.0, canvas.width_m)
    stagger, stretch = (0.5, (0.866, 1.0)) if p.pattern == "round" else (0.0, (1.0, 1.0))
    if p.pattern == "slots":
        stagger, stretch = 0.5, (0.6, 2.0)
    holes = canvas.cells("holes", p.size_m, jitter=0.0, warp=warp, stagger=stagger, stretch=stretch)
    radius_m = p.size_m * (0.12 + 0.3 * p.open)
    if p.pattern == "square":
        away_m = holes.y_m.abs().maximum(holes.x_m.abs())
    elif p.pattern == "slots":
        radius_m = 0.6 * radius_m
        away_m = (holes.y_m.square() + (holes.x_m.abs() - 0.55 * p.size_m).clamp_min(0).square()).sqrt()
    else:
        away_m = holes.from_center_m
    inside_m = away_m - radius_m
    soft_m = max(0.0003, 0.6 * canvas.texel_m)
    sheet = step(inside_m, -soft_m, soft_m)
    rolled = canvas.noise("rolled", 0.0012, octaves=3, gain=0.7, stretch=(1, 50))
    clouds = canvas.noise("clouds", canvas.width_m / 4, octaves=5)
    lines = step(canvas.noise("scratches", 0.0006, octaves=2, stretch=(1, 90)), 2.6 - 1.2 * p.scratches, 3.2)
    lines = lines * p.scratches
    height_m = 0.0005 * bump(inside_m.clamp_min(0), 0.1 * p.size_m) + 0.00005 * clouds + 0.000005 * rolled
    color = canvas.color(p.metal_color) * (1 + 0.03 * rolled + 0.03 * clouds + 0.1 * lines)
    gloss = p.roughness + 0.04 * rolled + 0.04 * clouds + 0.15 * lines
    metal = Drawing(color.clamp(0, 0.97), height_m - 0.00003 * lines, gloss, 1.0)
    metal = with_rust(canvas, metal, p.rust, step(inside_m, 0.1 * p.size_m, 0.0))
    dark = Drawing(canvas.color((0.09, 0.09, 0.09)) + 0 * rolled, 0 * rolled - 0.0035, 0.9)
    shade = mix(1.0, 0.75, step(inside_m, 0.03 * p.size_m, 0.0))
    return dark.under(metal.with_tint(shade), sheet)
