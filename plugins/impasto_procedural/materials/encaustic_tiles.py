"""Encaustic cement tiles: patterns of coloured cement that continue from tile to tile."""

from __future__ import annotations

import math

from torch import Tensor

from ..blocks import Blocks, blocks
from ..canvas import Canvas, Cells, Look
from ..drawing import Drawing
from ..shaping import bump, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Ornaments with the symmetry of a square; the quarters in the corners of four tiles make another one."""
    warp = canvas.sway("sway", 0.0003, 0.1)
    tiles: Blocks | Cells = blocks(canvas, "stack", p.size_m, p.size_m, warp=warp)
    if p.shape == "hexagon":
        tiles = canvas.cells("tiles", p.size_m, jitter=0, stagger=0.5, stretch=(0.866, 1), warp=warp)
    each = lambda name: canvas.of_each(name, tiles.number)  # noqa: E731
    soft = max(0.006, 1.2 * canvas.texel_m / p.size_m)
    fine = canvas.noise("fine", 0.002, octaves=3, gain=0.75)
    clouds = canvas.high_pass(canvas.noise("clouds", 0.12, octaves=7, gain=0.65), 0.3)
    second, third = _pattern(p, tiles, 0.004 * canvas.noise("edge", 0.01, octaves=2))
    color = mix(canvas.color(p.color), canvas.color(p.second_color), step(second, -soft, soft))
    color = mix(color, canvas.color(p.third_color), step(third, -soft, soft))
    old = p.stains * (0.35 + 0.3 * clouds).clamp(0, 1)
    color = color * (1 + 0.05 * fine + 0.12 * (each("value") - 0.5))
    color = mix(color, color.mean((1, 2), keepdim=True), 0.55 * old) * (1 - 0.15 * old)
    inside_m = tiles.inside_m(0.0018, 0.001) if isinstance(tiles, Blocks) else tiles.to_border_m - 0.0009
    soft_m = max(0.0005, 0.8 * canvas.texel_m)
    face = step(inside_m, -soft_m, soft_m)
    lean = (each("lean y") - 0.5) * tiles.y_m + (each("lean x") - 0.5) * tiles.x_m
    height_m = (
        0.0007 * bump(inside_m.clamp_min(0), max(0.002, 2 * soft_m))
        + 0.006 * lean
        + 0.0004 * each("high")
        + 0.00002 * fine
    )
    tile = Drawing(color, height_m, p.roughness + 0.1 * old + 0.03 * fine)
    grout = Drawing(canvas.color(p.grout_color) * (1 + 0.08 * fine), -0.0012 + 0.0001 * fine, 0.93)
    return grout.under(tile, face)


def _pattern(p: Look, tiles: Blocks | Cells, edge: Tensor) -> tuple[Tensor, Tensor]:
    """Distances (H, W) into the parts of the second and of the third colour, in widths of a tile."""
    y, x = tiles.y_m.abs() / p.size_m + edge, tiles.x_m.abs() / p.size_m + edge  # 0 to 0.5
    high, low = y.maximum(x), y.minimum(x)
    away, corner = (y.square() + x.square()).sqrt(), ((0.5 - y).square() + (0.5 - x).square()).sqrt()
    ring = 0.032 - (corner - 0.30).abs()
    if p.pattern == "arcs":
        second = (0.05 - (corner - 0.40).abs()).maximum(0.16 - corner)
        return second.maximum(0.09 - away), ring.maximum(0.012 - (away - 0.12).abs())
    angle = y.atan2(x)
    if p.shape == "hexagon":  # a star of six rays, and rings around the corners of three tiles
        turn = tiles.y_m.atan2(tiles.x_m)
        edge_away = ((turn + math.pi / 6).remainder(math.pi / 3) - math.pi / 6).cos() * away
        tip = ((turn + math.pi / 3).remainder(math.pi / 3) - math.pi / 6).abs()
        star = 0.36 - away * (1 + 1.35 * tip)
        return star.maximum(0.026 - (edge_away - 0.42).abs()), (0.10 - away).maximum(away - 0.515)
    if p.pattern == "flower":
        petal = 0.13 + 0.15 * (4 * angle).cos().abs() ** 0.7 - away
        bud = 0.10 + 0.10 * (2 * (angle - math.pi / 4)).cos() ** 6 - away
        return petal.maximum(0.14 - corner).minimum(away - 0.05), ring.maximum(bud - 0.06).maximum(0.035 - away)
    star = (0.24 - (high * 0.9 + low * 0.42 - 0.0)).minimum(1.0 * (0.40 - high - low * 0.0))
    ray = (0.34 - high - 1.9 * low).maximum(0.30 - 0.7071 * (high + low) - 2.0 * 0.7071 * (high - low))
    second = ray.maximum(0.17 - corner).maximum(0.012 - (high - 0.455).abs())
    return second, (0.075 - away).maximum(0.075 - corner).maximum((star - 0.06).minimum(-ray - 0.02))
