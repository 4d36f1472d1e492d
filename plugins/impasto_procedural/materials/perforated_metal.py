"""Perforated sheet metal: rows of round, square or long holes; and chain-link wire."""

from __future__ import annotations

import math

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..metal import with_rust
from ..shaping import bump, mix, step


def _chain_link(canvas: Canvas, p: Look) -> Drawing:
    """Wires in zigzag, each hooked into the next one, before a dark ground."""
    columns, rows = canvas.count(p.size_m), canvas.count(p.size_m, horizontal=False)
    u, v = canvas.x_m / canvas.width_m * columns, canvas.y_m / canvas.height_m * rows
    thick = 0.10 - 0.06 * p.open
    top, side = (canvas.x_m.new_full(canvas.size_px, fill) for fill in (-1.0, 0.0))
    for sign in (1, -1):
        phase = (u + sign * v + 0.25).remainder(1) - 0.5
        across = phase / (1.41 * thick)
        over = sign * (math.tau * (u - sign * v)).sin()  # each wire crosses over one and under the next
        up = thick * (1 - across.square()).clamp_min(0).sqrt() + 0.6 * thick * over
        here = (across.abs() < 1) & (up > top)
        top, side = up.where(here, top), across.where(here, side)
    is_wire = (top > -0.9).to(side.dtype)
    grain = canvas.noise("zinc", 0.004, octaves=4, gain=0.7)
    color = canvas.color(p.metal_color) * (0.8 + 0.08 * grain) * (1 - 0.45 * side.square())
    wire = with_rust(canvas, Drawing(color, p.size_m * top, p.roughness + 0.15 + 0.05 * grain, 1.0), p.rust, side)
    ground = Drawing(canvas.color((0.13, 0.14, 0.13)) * (1 + 0.1 * grain), 0 * side - 0.25 * p.size_m, 0.95)
    return ground.under(wire, is_wire)


def draw(canvas: Canvas, p: Look) -> Drawing:
    """A lattice of holes in a rolled sheet; what is behind them is dark and far below."""
    if p.pattern == "chain-link":
        return _chain_link(canvas, p)
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
