"""Travertine: limestone of springs, in bands, with the holes of gas and roots."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Wavy bands of cream and brown, along which holes open in rows."""
    sway = canvas.sway("sway", 0.35 * p.size_m, 5 * p.size_m, 5)
    sway = sway[0], 0 * sway[1]
    bands = canvas.warp(canvas.noise("bands", p.size_m, octaves=6, gain=0.72, stretch=(1, 24)), *sway)
    lines = canvas.warp(canvas.noise("lines", 0.25 * p.size_m, octaves=4, gain=0.7, stretch=(1, 14)), *sway)
    clouds = canvas.noise("clouds", 2 * p.size_m, octaves=6, gain=0.6, stretch=(1, 2))
    holes = canvas.warp(canvas.noise("holes", 0.2 * p.size_m, octaves=5, gain=0.62, stretch=(1, 3.2)), *sway)
    rows = step(lines + 0.7 * clouds, 0.2, 1.4)
    open_ = holes + 0.8 * rows
    hole = step(open_, 3.0 - 1.3 * p.pits, 3.2 - 1.3 * p.pits) * min(1.0, 8 * p.pits)
    rim = step(open_, 2.5 - 1.3 * p.pits, 3.1 - 1.3 * p.pits) * min(1.0, 8 * p.pits)
    fine = canvas.noise("fine", 0.03 * p.size_m, octaves=3, gain=0.8)
    shade = 0.62 + p.color_variation * (0.24 * bands + 0.16 * lines + 0.1 * clouds) + 0.02 * fine
    light = canvas.color(p.color)
    color = gradient(shade, [canvas.color(p.second_color), light * 0.78, light, light * 1.12])
    color = color * (1 - 0.5 * hole - 0.12 * rim)
    height_m = 0.0001 * (bands + fine * (1 - p.polish)) - 0.006 * hole * (0.7 + 0.1 * fine) - 0.0006 * rim
    return Drawing(color, height_m, 0.75 - 0.55 * p.polish + 0.3 * hole + 0.03 * fine)
