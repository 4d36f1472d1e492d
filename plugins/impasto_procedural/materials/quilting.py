"""Quilted upholstery: padding that is stitched or buttoned in diamonds, squares or channels."""

from __future__ import annotations

import math

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Pillows between seams of stitches; leather puckers along the seams."""
    sway = canvas.sway("sway", 0.02 * p.size_m, 0.7 * p.size_m)
    columns, rows = canvas.count(p.size_m), canvas.count(p.size_m * 1.25, horizontal=False)
    u = (canvas.x_m + sway[1]) / canvas.width_m * columns
    v = (canvas.y_m + sway[0]) / canvas.height_m * rows
    a, b = (u + v, u - v) if p.pattern == "diamond" else (u, v)
    if p.pattern == "channels":
        b = 0 * b + 0.5
    to_a, to_b = ((0.5 - (place.remainder(1) - 0.5).abs()) for place in (a, b))  # 0 on a seam, 0.5 between
    unit_m = p.size_m * (0.75 if p.pattern == "diamond" else 1.0)
    pillow = ((math.pi * a.remainder(1)).sin().clamp_min(0) * (math.pi * b.remainder(1)).sin().clamp_min(0)) ** 0.42
    seam_m = to_a.minimum(to_b) * unit_m
    along = v.where(to_a > to_b, u + v) if p.pattern != "diamond" else v
    stitches = canvas.height_m / rows / 0.006 if p.pattern != "diamond" else round(canvas.height_m / rows / 0.0045)
    stitch = step((math.tau * round(stitches) * along).cos(), -0.55, 0.1) * step(seam_m, 0.0016, 0.0008)
    pucker = canvas.noise("pucker", 0.006, octaves=3, gain=0.6) * step(seam_m, 0.32 * unit_m, 0.0)
    grain = canvas.cells("grain", 0.0022, jitter=0.9, warp=canvas.sway("ragged", 0.0004, 0.002))
    plate = bump(grain.to_border_m, 0.0008)
    folds = canvas.noise("folds", 0.03, octaves=4, gain=0.55, stretch=(0.7, 1.6))
    crease = p.creases * step(folds.abs(), 0.16, 0.0)
    corner_m = (to_a.square() + to_b.square()).sqrt() * unit_m
    button_m = 0.16 * p.size_m * p.buttons
    button = step(corner_m, button_m + 0.0005, button_m - 0.0005) if p.buttons else 0.0 * seam_m
    height_m = p.size_m * 0.22 * p.padding * pillow + 0.0005 * p.padding * pucker + 0.00009 * plate - 0.0004 * crease
    height_m = height_m - 0.0006 * step(seam_m, 0.0022, 0.0004) + 0.0006 * stitch
    dome = bump((button_m - corner_m).clamp_min(0), max(button_m, 1e-4))
    height_m = mix(height_m, 0.03 * p.size_m + 0.3 * button_m * dome, button)
    clouds = canvas.noise("clouds", 0.08, octaves=5, gain=0.6)
    color = canvas.color(p.color) * (0.86 + 0.14 * plate + 0.08 * clouds - 0.22 * crease)
    color = color * (0.55 + 0.45 * step(seam_m, 0.0, 0.12 * unit_m)) * (1 - 0.3 * button * (1 - dome))
    thread = stitch * (1 - button)
    color = mix(color, canvas.color(p.thread_color) * (0.9 + 0.1 * clouds), 0.95 * thread)
    return Drawing(color, height_m, mix(p.roughness + 0.12 * (1 - plate) + 0.03 * clouds, 0.8, thread))
