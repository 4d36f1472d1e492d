"""Mud that has dried and cracked."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..damage import cracks
from ..drawing import Drawing
from ..shaping import bump, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Plates of dried mud, each tilted and curled."""
    fine = canvas.noise("fine", 0.004, octaves=3, gain=0.75)
    clouds = canvas.noise("clouds", 0.4, octaves=7, gain=0.6)
    sway = [0.09 * p.plate_m * canvas.noise(f"sway {axis}", p.plate_m, octaves=6, gain=0.58) for axis in "yx"]
    plates = canvas.cells("plates", p.plate_m, jitter=1.0, warp=(sway[0], sway[1]))
    each = lambda name: canvas.of_each(name, plates.number)  # noqa: E731
    width_m = p.crack_m * (0.55 + 0.5 * each("width")) * (1 + 0.25 * clouds).clamp_min(0.3)
    inside_m = plates.to_border_m - 0.5 * width_m + 0.0009 * fine
    split = cracks(canvas, "fine cracks", 0.34 * p.plate_m, 0.30 * p.crack_m, 0.8 * p.fine_cracks)
    rim_m = 0.16 * p.plate_m * (0.7 + 0.6 * each("rim"))
    rim = (-inside_m.clamp_min(0) / (rim_m * (1 + 0.5 * clouds).clamp(0.3, 2))).exp()
    lean = (each("lean y") - 0.5) * plates.y_m + (each("lean x") - 0.5) * plates.x_m
    crumbs = step(fine + 0.4 * clouds, 2.0 - 1.2 * p.crumbs, 3.2 - 1.2 * p.crumbs)
    soil = canvas.noise("soil", 0.03, octaves=5, gain=0.75)
    pits = step(canvas.noise("rain", 0.012, octaves=2), 1.3, 2.4)
    height_m = (
        p.curl * p.plate_m * (0.09 * rim * (0.4 + each("curl")) + 0.10 * lean)
        + 0.10 * p.depth_m * (each("stands out") - 0.5)
        - 0.35 * p.depth_m * (1 - bump(inside_m.clamp_min(0), 0.5 * p.crack_m))
        + 0.0018 * clouds
        + 0.00022 * fine
        + 0.0012 * p.crumbs * crumbs
        - 0.0006 * pits
        - 0.30 * p.depth_m * split
    )
    value = 1 + p.color_variation * (0.25 * (each("value") - 0.5) + 0.2 * clouds) + 0.07 * fine + 0.08 * soil
    dry = step(0.6 * rim + 0.18 * clouds + 0.2 * (each("dry") - 0.5), 0.1, 1.1)
    color = mix(canvas.color(p.color), canvas.color(p.rim_color), dry) * value
    color = color * (1 - 0.55 * split) * (1 - 0.12 * pits) * (1 - 0.18 * crumbs * p.crumbs)
    top = Drawing(color, height_m, p.roughness + 0.08 * dry - 0.04 * clouds + 0.02 * fine)
    return _earth(canvas, p).under(top, step(inside_m, -0.001, 0.0012))


def _earth(canvas: Canvas, p: Look) -> Drawing:
    lumps = canvas.noise("earth", 0.012, octaves=4, gain=0.7)
    color = canvas.color(p.crack_color) * (1 + 0.22 * lumps).clamp_min(0.3)
    return Drawing(color, -p.depth_m + 0.003 * p.crumbs * lumps, 0.95)
