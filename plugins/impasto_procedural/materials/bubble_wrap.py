"""Bubble wrap: domes of air in clear film."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Bubbles in hexagonal order; popped ones are flat and wrinkled."""
    warp = canvas.sway("sway", 0.05 * p.size_m, 3 * p.size_m)
    cells = canvas.cells("bubbles", p.size_m, jitter=0.0, stagger=0.5, stretch=(0.866, 1), warp=warp)
    each = lambda name: canvas.of_each(name, cells.number)  # noqa: E731
    radius = cells.from_center_m / (0.42 * p.size_m)
    dome = (1 - radius.square()).clamp_min(0).sqrt()
    cap = dome.clamp_max(0.82) + 0.06 * dome
    wrinkles = canvas.noise("wrinkles", 0.25 * p.size_m, octaves=3, gain=0.6)
    ridges = 1 - 1.5 * wrinkles.abs()
    is_popped = (each("popped") < p.popped).to(dome.dtype)
    slack = 0.12 * (each("slack") - 0.3)
    folds = p.creases * canvas.noise("folds", 2 * p.size_m, octaves=4, gain=0.55, stretch=(1.5, 0.7))
    full = cap * (1 - slack) + 0.02 * p.creases * ridges * dome
    flat = 0.12 * step(radius, 1.05, 0.8) * (1 + 0.8 * ridges)
    height_m = 0.33 * p.size_m * mix(full, flat, is_popped) + 0.015 * p.size_m * folds * step(radius, 0.9, 1.1)
    rim = step((radius - 0.97).abs(), 0.16, 0.02)
    glint = step(radius, 0.62, 0.2) * (1 - is_popped)
    shade = 0.86 - 0.26 * rim + 0.10 * glint + 0.04 * folds + 0.06 * is_popped * ridges
    shade = shade - 0.16 * step((radius - 0.72).abs(), 0.2, 0.0) * (1 - is_popped)
    return Drawing(canvas.color(p.color) * shade, height_m, p.roughness + 0.10 * is_popped + 0.03 * folds.abs())
