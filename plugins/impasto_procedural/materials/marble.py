"""Slabs of marble, cut and polished."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Marble: folded bands with sharp and smoky veins."""
    folds = canvas.noise("folds", 1.3 * p.vein_m, octaves=8, gain=0.52)
    bends = canvas.noise("bends", 1.3 * p.vein_m, octaves=8, gain=0.52)
    reach_m = 0.55 * p.turbulence * p.vein_m
    clouds = canvas.noise("clouds", 0.7 * p.vein_m, octaves=8, gain=0.58)
    clouds = canvas.warp(clouds, reach_m * folds, reach_m * bends)
    main, rust = _main_veins(canvas, p, folds, bends, clouds)
    fine = _fine_veins(canvas, p, reach_m * folds, reach_m * bends)
    crystals = canvas.noise("crystals", 0.0025, octaves=2, gain=0.8)
    ground = [canvas.color(p.color) * 1.01, canvas.color(p.color), canvas.color(p.cloud_color)]
    color = gradient(0.42 + 0.26 * clouds + 0.25 * main, ground) * (1 + 0.012 * crystals)
    color = mix(color, canvas.color(p.accent_color), 0.55 * rust)
    color = mix(color, canvas.color(p.vein_color) * (1 + 0.10 * crystals), (0.9 * main).maximum(0.7 * fine).clamp(0, 1))
    height_m = -0.00004 * main - 0.00006 * fine + 0.000006 * crystals + 0.00002 * clouds
    roughness = mix(0.45, 0.06, p.polish) + (0.05 + 0.08 * (1 - p.polish)) * (main + fine) + 0.008 * clouds
    return Drawing(color, height_m, roughness)


def _main_veins(canvas: Canvas, p: Look, folds: Tensor, bends: Tensor, clouds: Tensor) -> tuple[Tensor, Tensor]:
    """Masks of the main veins and of the rust beside them: borders of bands in one direction, bent by folds."""
    turn = 0.5 * math.pi * p.direction
    across = round(canvas.width_m / p.vein_m * math.cos(turn))
    down = round(canvas.height_m / p.vein_m * math.sin(turn)) or 1 - min(1, across)
    phase = across * canvas.x_m / canvas.width_m + down * canvas.y_m / canvas.height_m
    phase = phase + p.turbulence * (0.75 * folds + 0.2 * clouds)
    from_middle = 2 * (phase - phase.floor() - 0.5).abs()  # 1 on veins
    strength = step(bends + 0.5 * clouds, -0.9, 1.0)
    width = (0.02 + 0.22 * p.softness) * (0.25 + strength)
    core = step(from_middle, 1 - 0.35 * width, 1.0) * strength
    smoke = (from_middle - 1).div(width).exp() * (0.35 + 0.65 * step(clouds, -1.0, 1.2))
    rust = step(from_middle, 1 - 2.0 * width, 1 - 0.3 * width) * step(folds - clouds, 0.6, 1.6)
    return p.veins * (0.75 * core + (0.25 + 0.45 * p.softness) * smoke * strength).clamp(0, 1), p.veins * rust


def _fine_veins(canvas: Canvas, p: Look, y_m: Tensor, x_m: Tensor) -> Tensor:
    """Mask of hair-thin veins along the zeros of warped noises."""
    total = 0 * y_m
    for index, size in enumerate((0.55, 0.25)):
        noise = canvas.warp(canvas.noise(f"fine {size}", size * p.vein_m, octaves=5, gain=0.45), y_m, x_m)
        where = canvas.noise(f"where {size}", 1.1 * p.vein_m, octaves=3)
        width = (0.02 + 0.05 * p.softness) * (1 + index)
        line = (-noise.abs() / width).exp()
        total = total.maximum(line * step(where, 1.4 - 2.2 * p.fine_veins, 2.8 - 2.2 * p.fine_veins))
    return total * p.fine_veins**0.5
