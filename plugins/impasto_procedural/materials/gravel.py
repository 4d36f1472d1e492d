"""Loose stones of several sizes."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..scatter import ScatteredPieces, scatter
from ..shaping import mix, step

FACETS = 6


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Stones that lie over each other, the larger on top, on earth."""
    grain = canvas.noise("grain", 0.0022, octaves=2, gain=0.8)
    mineral = canvas.noise("mineral", 0.25 * p.stone_m, octaves=5, gain=0.7)
    drawing = _earth(canvas, p, grain)
    for name, size, cover in (("grit", 0.22, 1.1 * p.sizes), ("small", 0.5, 1.2 * p.sizes), ("large", 1.0, 1.3)):
        size_m = size * p.stone_m
        count = round(p.cover**1.5 * cover * canvas.width_m * canvas.height_m / (0.55 * size_m**2))
        if count:
            drawing = _stones(canvas, p, drawing, name, size_m, min(count, 40_000), grain, mineral)
    depth_m = canvas.blur(drawing.height_m, 0.3 * p.stone_m) - drawing.height_m
    # dust and shade stay between the stones
    return drawing.with_tint(1 - 0.5 * step(depth_m, 0.0, 0.3 * p.stone_m))


def _stones(
    canvas: Canvas, p: Look, below: Drawing, name: str, size_m: float, count: int, grain: Tensor, mineral: Tensor
) -> Drawing:
    """Stones of one size, where they are higher than what is below."""
    stones = _ellipsoids(canvas, p, name, size_m, count)
    number = stones.number.clamp_min(0)
    one = lambda what: canvas.uniform(f"{name} {what}", count)[number]  # noqa: E731
    height_m = stones.height_m + (0.004 + 0.012 * p.angular) * size_m * mineral + 0.00006 * grain
    kind = one("kind")
    colors = [canvas.color(color) for color in (p.color, p.second_color, p.third_color)]
    color = colors[0].where(kind < 0.55, colors[1].where(kind < 0.8, colors[2]))
    bands = (6 * (stones.x * one("band x") + stones.y) + 1.5 * mineral).sin() * step(one("banded"), 0.8, 0.9)
    value = 1 + p.color_variation * (1.1 * (one("value") - 0.5) + 0.16 * mineral + 0.16 * bands) + 0.13 * grain
    dust = 0.35 * step(stones.height_m, 0.30 * size_m, 0.0)
    color = mix(color * value, canvas.color(p.earth_color), dust)
    stone = Drawing(color, height_m, p.roughness + 0.15 * (one("gloss") - 0.5) + 0.02 * grain + 0.1 * dust)
    mask = step(height_m - below.height_m, 0.0, 0.05 * size_m) * (stones.number >= 0)
    return below.under(stone, mask.to(height_m.dtype))


def _ellipsoids(canvas: Canvas, p: Look, name: str, size_m: float, count: int) -> ScatteredPieces:
    """Ellipsoids, cut by random planes, that lie at random heights."""
    planes = canvas.uniform(f"{name} planes", 3, FACETS, count)
    angle = 2 * math.pi * (planes[0] + canvas.x_m.new_tensor(range(FACETS))[:, None]) / FACETS
    slope = 0.15 + 2.2 * planes[1]
    top = (0.45 + 0.35 * planes[2]) * (1 + 0.6 * slope) + 2.5 * (1 - p.angular) ** 2
    along, down = slope * angle.cos(), slope * angle.sin()
    narrow = 1.05 + 0.5 * canvas.uniform(f"{name} narrow", count)
    rise = canvas.uniform(f"{name} rise", count)
    thick = size_m * (0.5 - 0.32 * p.flat) * (0.7 + 0.6 * canvas.uniform(f"{name} thick", count))

    def stone(y: Tensor, x: Tensor, number: Tensor) -> Tensor:
        square = (y * narrow[number]).square() + x.square()
        z = (1 - square).clamp_min(0).sqrt() * 1.02
        for k in range(FACETS):
            z = z.minimum(top[k][number] - along[k][number] * x - down[k][number] * y)
        lies = size_m * (0.75 * rise[number] - 0.3)
        return (thick[number] * z + lies).where((square < 1) & (z > 0), y.new_full((), -math.inf))

    return scatter(canvas, name, count, 0.55 * size_m, stone, spread=0.25, even=True)


def _earth(canvas: Canvas, p: Look, grain: Tensor) -> Drawing:
    lumps = canvas.noise("earth", 0.012, octaves=4, gain=0.65)
    color = canvas.color(p.earth_color) * (1 + 0.20 * grain + 0.14 * lumps).clamp_min(0.3)
    return Drawing(color, 0.0004 * grain + 0.001 * lumps - 0.08 * p.stone_m, 0.95)
