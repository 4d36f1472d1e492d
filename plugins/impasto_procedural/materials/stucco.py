"""Render that was thrown or sprayed on a wall."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..damage import cracks
from ..drawing import Drawing
from ..scatter import scatter
from ..shaping import mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Lumps of mortar on a rough coat."""
    sand = canvas.noise("sand", 0.0018, octaves=2, gain=0.8)
    clouds = canvas.noise("clouds", 0.35, octaves=6, gain=0.6)
    finishes = {"rough-cast": _roughcast, "knockdown": _knockdown, "scraped": _grooves}
    relief_m = finishes[p.finish](canvas, p)
    crack = cracks(canvas, "cracks", 0.35, 0.003, 0.7 * p.cracks)
    height_m = relief_m + 0.00025 * p.sand * sand + 0.001 * clouds - 0.003 * crack
    depth = (canvas.blur(relief_m, p.lump_m) - relief_m) / (0.16 * p.lump_m)
    streaks = canvas.noise("streaks", 0.03, octaves=4, stretch=(9, 1))
    value = 1 + p.stains * (0.10 * clouds + 0.06 * streaks) + 0.05 * p.sand * sand
    color = canvas.color(p.color) * value * (1 - 0.16 * depth.clamp(-1.5, 2))
    dust = p.stains * step(depth + 0.3 * clouds, 0.0, 2.0)
    color = mix(color, color * canvas.color((0.72, 0.68, 0.64)), dust) * (1 - 0.6 * crack)
    return Drawing(color, height_m, p.roughness + 0.03 * sand * p.sand - 0.03 * clouds)


def _roughcast(canvas: Canvas, p: Look) -> Tensor:
    """Lumps of three sizes over each other, softened as wet mortar is."""
    base = canvas.noise("base", 0.5 * p.lump_m, octaves=3, gain=0.6)
    height_m = 0.05 * p.lump_m * p.relief * base
    for name, size, cover in (("spray", 0.3, 1.0), ("lumps", 0.6, 0.9), ("large lumps", 1.0, 0.5)):
        height_m = height_m.maximum(_lumps(canvas, p, name, size * p.lump_m, cover) + 0.6 * height_m)
    return canvas.blur(height_m, 0.035 * p.lump_m)


def _lumps(canvas: Canvas, p: Look, name: str, size_m: float, cover: float) -> Tensor:
    count = (0.1 + 1.5 * p.density) * cover * canvas.width_m * canvas.height_m / (math.pi * (size_m / 2) ** 2)
    count = min(60_000, max(1, round(count)))
    flat = canvas.uniform(f"{name} flat", count)
    skew = canvas.uniform(f"{name} skew", count) - 0.5

    def dome(y: Tensor, x: Tensor, number: Tensor) -> Tensor:
        square = (y * (1 + 0.5 * flat[number])).square() + (x + skew[number] * y * y).square()
        z = 0.35 * p.relief * size_m * (0.6 + 0.6 * flat[number]) * (1 - square)
        return z.where(square < 1, z.new_full((), -math.inf))

    return scatter(canvas, name, count, size_m / 2, dome, spread=0.4).height_m


def _knockdown(canvas: Canvas, p: Look) -> Tensor:
    """Blobs cut off at one height, with smooth tops."""
    blobs = canvas.noise("blobs", 2 * p.lump_m, octaves=5, gain=0.5)
    warp = 0.5 * p.lump_m * blobs
    blobs = canvas.warp(canvas.noise("splats", 2.4 * p.lump_m, octaves=4, gain=0.45), warp, -warp)
    top = step(blobs, 0.75 - 1.2 * p.density, 1.15 - 1.2 * p.density)
    tops = canvas.noise("tops", 3 * p.lump_m, octaves=3)
    return 0.2 * p.relief * p.lump_m * (top + 0.10 * tops * top + 0.12 * (1 - top) * blobs)


def _grooves(canvas: Canvas, p: Look) -> Tensor:
    """Grooves that grains left as they rolled under the float, mostly downwards."""
    grooves = canvas.noise("grooves", 0.5 * p.lump_m, octaves=2, stretch=(6, 1))
    sway = p.lump_m * canvas.noise("sway", 6 * p.lump_m, octaves=2)
    grooves = step(canvas.warp(grooves, 0.0, sway), 1.6 - 1.5 * p.density, 2.6 - 1.5 * p.density)
    grains = canvas.noise("grains", 0.25 * p.lump_m, octaves=2)
    return p.relief * p.lump_m * (0.03 * grains - 0.22 * grooves)
