"""Solar panels: silicon cells with silver lines, below glass."""

from __future__ import annotations

from ..blocks import blocks
from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Square cells with cut corners, fine fingers across and wide bars along, under one sheet of glass."""
    warp = canvas.sway("sway", 0.0, canvas.width_m)
    cells = blocks(canvas, "stack", p.size_m, p.size_m, warp=warp)
    soft_m = max(0.0003, 0.6 * canvas.texel_m)
    corner_m = 1.72 * cells.half_width_m - cells.y_m.abs() - cells.x_m.abs()
    inside_m = cells.inside_m(0.004).minimum(corner_m)
    cell = step(inside_m, -soft_m, soft_m)
    grains = canvas.cells("crystals", 0.07 * p.size_m, warp=canvas.sway("ragged", 0.01 * p.size_m, 0.05 * p.size_m))
    shade = canvas.of_each("crystal", grains.number) - 0.5
    value = 1 + 0.9 * p.crystals * shade + 0.22 * (canvas.of_each("value", cells.number) - 0.5)
    bars = ((cells.x_m / (2 * cells.half_width_m) + 0.5) * 3).remainder(1) - 0.5
    bar = step((bars.abs() * 2 * cells.half_width_m / 3), 0.0009 + soft_m, 0.0009)
    fingers = ((cells.y_m / (2 * cells.half_height_m) + 0.5) * 60).remainder(1) - 0.5
    pitch_m = p.size_m / 60
    finger = step(fingers.abs() * pitch_m, 0.0001 + soft_m, 0.0001) * min(1.0, 0.5 * pitch_m / soft_m) * 0.14
    dust = p.dust * (0.4 + 0.3 * canvas.high_pass(canvas.noise("dust", 0.08, octaves=7, gain=0.65), 0.2)).clamp(0, 1)
    silicon = canvas.color(p.color) * value * (1 - 0.15 * step(inside_m, 0.002, 0.0))
    silver = canvas.color((0.72, 0.73, 0.74))
    color = mix(canvas.color(p.second_color), mix(silicon, silver, bar.maximum(finger)), cell)
    color = mix(color, silver.mean() * 0.8 * canvas.color((1.0, 0.96, 0.9)), 0.45 * dust)
    height_m = 0.00006 * cell + 0.00003 * bar * cell + 0.00001 * shade * cell * p.crystals
    height_m = height_m + 0.00002 * canvas.noise("waves", 0.2, octaves=2)
    return Drawing(color, height_m, p.roughness + 0.5 * dust)
