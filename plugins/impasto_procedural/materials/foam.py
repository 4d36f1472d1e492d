"""Foam: open pores in a soft or a hard matrix, from a sponge to pumice."""

from __future__ import annotations

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Pores of three sizes, each a bowl with a thin rim."""
    torn = [0.10 * p.irregular * p.pore_m * canvas.noise(f"torn {axis}", 0.7 * p.pore_m, octaves=3) for axis in "yx"]
    deep_m, rim = _pores(canvas, p, 1.0, 1.0, (torn[0], torn[1]))
    for scale in (0.5, 0.24):
        other_m, other_rim = _pores(canvas, p, scale, p.sizes, (torn[0], torn[1]))
        deep_m, rim = deep_m.maximum(other_m), rim.maximum(other_rim)
    swell = canvas.noise("swell", canvas.width_m / 4, octaves=4)
    skin = canvas.noise("skin", 0.12 * p.pore_m, octaves=2, gain=0.8)
    height_m = 0.04 * p.pore_m * swell + 0.012 * p.pore_m * skin + 0.03 * p.pore_m * rim - p.depth * deep_m
    inside = (deep_m / (0.45 * p.pore_m)).clamp(0, 1).sqrt()
    color = mix(canvas.color(p.color), canvas.color(p.pore_color), inside * (0.4 + 0.6 * p.depth))
    color = color * (1 + 0.05 * skin + 0.05 * swell + 0.10 * rim)
    return Drawing(color, height_m, p.roughness + 0.03 * skin)


def _pores(canvas: Canvas, p: Look, scale: float, share: float, torn: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Depth in metres, and 1 on the rim of the pores, of one size."""
    size_m = scale * p.pore_m
    cells = canvas.cells(f"pores {scale}", 1.05 * size_m, jitter=0.8, warp=torn)
    random = canvas.of_each(f"radius {scale}", cells.number)
    is_there = canvas.of_each(f"there {scale}", cells.number) < 0.25 + 0.75 * p.open * share
    radius_m = size_m * (0.22 + 0.26 * p.open * (1 - 0.6 * p.sizes * random))
    inside = 1 - cells.from_center_m / radius_m
    bowl = inside.clamp_min(0)
    deep_m = radius_m * (1 - (1 - bowl).square()).clamp_min(0).sqrt() * 0.9
    there = is_there.to(bowl.dtype)
    return deep_m * there, step(inside, -0.35, -0.05) * step(inside, 0.12, 0.0) * there
