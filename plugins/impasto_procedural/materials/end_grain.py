"""End grain: blocks of wood set upright, so that their growth rings show."""

from __future__ import annotations

from ..blocks import Blocks, blocks
from ..canvas import Canvas, Cells, Look
from ..damage import cracks
from ..drawing import Drawing
from ..shaping import bump, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Blocks in rows, each a cut across a trunk at another distance from its pith."""
    is_log = p.shape == "log"
    laid: Blocks | Cells
    if is_log:
        laid = canvas.cells(
            "logs", p.size_m, jitter=0.5, stagger=0.5, warp=canvas.sway("sway", 0.04 * p.size_m, p.size_m)
        )
        inside_m = laid.to_border_m.minimum(0.62 * p.size_m - laid.from_center_m) - 0.01 * p.size_m
    else:
        laid = blocks(canvas, "staggered", 1.08 * p.size_m, p.size_m, warp=canvas.sway("sway", 0.0008, 0.06))
        inside_m = laid.inside_m(0.0016, 0.003)
    each = lambda name: canvas.of_each(name, laid.number)  # noqa: E731
    wobble_m = 0.0014 * canvas.noise("wobble", 0.03, octaves=3)
    y_m = laid.y_m - (0.2 if is_log else 2.4) * p.size_m * (each("pith y") - 0.5) + wobble_m
    x_m = laid.x_m - (0.2 if is_log else 2.8) * p.size_m * (each("pith x") - 0.5) + wobble_m
    radius_m = (y_m.square() + (x_m * (1 + 0.2 * each("oval"))).square()).sqrt()
    ring = radius_m / (0.0040 + 0.0035 * each("growth")) + 0.5 * (70 * radius_m + 9 * each("years")).sin()
    part = ring - ring.floor()
    late = step(part, 0.25, 0.92) * step(part, 1.0, 0.93)
    fine = canvas.noise("pores", 0.0009, octaves=2, gain=0.8)
    rays = (y_m.atan2(x_m) * 170 + 40 * each("rays")).sin()
    crack = cracks(canvas, "checks", 0.5 * p.size_m, 0.0016, 0.55 * p.cracks, sway=0.1)
    value = 1 + p.color_variation * 0.7 * (each("value") - 0.5) + 0.05 * fine + 0.02 * rays
    shade = (0.1 + p.rings * 1.3 * late + 0.08 * fine).clamp(0, 1)
    color = mix(canvas.color(p.color), canvas.color(p.late_color), shade) * value
    color = color * (1 - 0.75 * crack) * (1 - 0.35 * step(inside_m, 0.004, 0.0))
    if is_log:  # bark
        bark = step(inside_m, 0.07 * p.size_m, 0.05 * p.size_m)
        color = mix(color, canvas.color((0.27, 0.2, 0.15)) * (1 + 0.25 * fine), bark)
    face = step(inside_m, -0.0003, 0.0005)
    lean = (each("lean y") - 0.5) * laid.y_m + (each("lean x") - 0.5) * laid.x_m
    height_m = 0.0012 * bump(inside_m.clamp_min(0), 0.003) + 0.0012 * each("high") + 0.012 * lean
    height_m = height_m + 0.00012 * p.rings * late + 0.00005 * fine - 0.0012 * crack
    gap = Drawing(
        canvas.color((0.13, 0.10, 0.08)) * (1 + 0.1 * fine),
        (-0.25 * p.size_m if is_log else -0.0025) + 0.0002 * fine,
        0.95,
    )
    return gap.under(Drawing(color, height_m, p.roughness + 0.05 * late + 0.02 * fine), face)
