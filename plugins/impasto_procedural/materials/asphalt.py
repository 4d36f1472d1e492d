"""Rolled asphalt: stones in bitumen."""

from __future__ import annotations

from torch import Tensor

from ..blocks import uneven_blocks
from ..canvas import Canvas, Look
from ..damage import cracks, holes
from ..drawing import Drawing
from ..shaping import bump, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Stones of two sizes, flush with the bitumen that holds them."""
    clouds = canvas.high_pass(canvas.noise("clouds", 0.2, octaves=6, gain=0.62), 0.5)
    grain = canvas.noise("grain", 0.0016, octaves=2, gain=0.8)
    road = _stones(canvas, p, _stones(canvas, p, _bitumen(canvas, p, grain), 0.5, grain), 1.0, grain)
    crack = cracks(canvas, "cracks", 0.45, 0.009, 0.7 * p.cracks, sway=0.25)
    fine = cracks(canvas, "fine cracks", 0.13, 0.004, max(0.0, 0.8 * p.cracks - 0.2), sway=0.25)
    split = crack.maximum(0.8 * fine)
    oil = p.stains * step(canvas.noise("oil", 0.16, octaves=4), 1.5, 2.6)
    dust = p.stains * step(clouds + 0.4 * canvas.noise("dust", 0.05, octaves=4), 0.0, 2.2)
    value = (1 + p.color_variation * 0.10 * clouds) * (1 - 0.45 * oil) * (1 - 0.85 * split)
    color = mix(road.color * value, canvas.color((0.60, 0.57, 0.52)), 0.16 * dust)
    height_m = road.height_m + 0.0012 * clouds - 0.006 * split
    drawing = Drawing(color.clamp_min(0.005), height_m, road.roughness - 0.25 * oil + 0.05 * dust)
    return _repaired(canvas, p, drawing, grain) if p.repairs else drawing


def _repaired(canvas: Canvas, p: Look, road: Drawing, grain: Tensor) -> Drawing:
    """The road with squared patches of newer asphalt, and seams of tar around them and in old cracks."""
    sway = 0.012 * canvas.noise("cut", 0.2, octaves=3)
    squares = uneven_blocks(canvas, "patches", 0.55, 0.45, uneven=0.8, warp=(sway, sway))
    is_patch = (canvas.of_each("is patch", squares.number) < 0.2 + 0.35 * p.repairs).to(grain.dtype)
    inside_m = squares.inside_m(0.14)
    patch = is_patch * step(inside_m, -0.003, 0.003)
    sand = canvas.noise("patch sand", 0.004, octaves=3, gain=0.8)
    fresh = canvas.color(p.color) * (0.42 + 0.3 * canvas.of_each("fresh", squares.number)) * (1 + 0.22 * sand)
    road = road.under(Drawing(fresh.clamp_min(0.005), road.height_m.mean() + 0.003 + 0.0006 * sand, 0.85), patch)
    ragged_m = 0.006 * canvas.noise("tar", 0.03, octaves=3)
    around = is_patch * step((inside_m + ragged_m).abs(), 0.017, 0.013)
    seam = around.maximum(step(cracks(canvas, "sealed", 0.7, 0.034, 0.8 * p.repairs, sway=0.2), 0.05, 0.3))
    tar = Drawing(canvas.color((0.085, 0.085, 0.09)) + 0 * grain, road.height_m + 0.002, 0.25 + 0.02 * grain)
    return road.under(tar, seam)


def _bitumen(canvas: Canvas, p: Look, grain: Tensor) -> Drawing:
    """Bitumen with sand in it, and holes where it does not fill the gaps."""
    sand = canvas.noise("sand", 0.003, octaves=3, gain=0.8)
    open_ = holes(canvas, "gaps", 0.9 * p.stone_m, 0.42 * p.stone_m, 1 - p.smoothness)
    color = canvas.color(p.color) * (1 + 0.16 * sand + 0.14 * grain).clamp_min(0.2) * (1 - 0.6 * open_)
    depth_m = 0.10 * p.stone_m * (0.5 + p.worn)
    height_m = 0.0003 * sand + 0.0001 * grain - depth_m * (1 - 0.4 * p.smoothness) - 0.22 * p.stone_m * open_
    return Drawing(color, height_m, p.roughness - 0.10 + 0.04 * sand)


def _stones(canvas: Canvas, p: Look, below: Drawing, size: float, grain: Tensor) -> Drawing:
    """Broken stones of one size, each bare or under bitumen."""
    size_m, name = size * p.stone_m, f"stones {size:g}"
    warp = [0.10 * size_m * canvas.noise(f"{name} {axis}", 0.5 * size_m, octaves=2) for axis in "yx"]
    cells = canvas.cells(name, size_m, jitter=0.95, warp=(warp[0], warp[1]))
    each = lambda what: canvas.of_each(f"{name} {what}", cells.number)  # noqa: E731
    gap_m = size_m * (0.06 + 0.20 * each("gap"))
    inside_m = cells.to_border_m - gap_m + 0.02 * size_m * grain
    top = bump(inside_m.clamp_min(0), 0.30 * size_m)
    lean = (each("lean y") - 0.5) * cells.y_m + (each("lean x") - 0.5) * cells.x_m
    height_m = 0.10 * size_m * top + 0.10 * size_m * (each("high") - 0.6) + 0.15 * lean
    traffic = canvas.high_pass(canvas.noise("traffic", 0.12, octaves=4), 0.3)
    bare = step(1.1 * p.worn + 0.035 * traffic - each("bare"), -0.05, 0.12)
    shade = 1 + p.color_variation * 0.9 * (each("shade") - 0.5) + 0.10 * grain
    warm = canvas.color((1, 1, 1)) + 0.10 * p.color_variation * (each("warmth") - 0.5) * (
        canvas.color((1, 0.5, 0)) - canvas.color((0, 0.4, 1))
    )
    film = canvas.color(p.color) * (0.85 + 0.3 * each("film") + 0.12 * grain)
    film = mix(film, canvas.color(p.stone_color), 0.3 * p.worn * top)
    color = mix(film, canvas.color(p.stone_color) * shade * warm, bare * step(top, 0.2, 0.8))
    stone = Drawing(color, height_m, p.roughness + 0.06 * (each("gloss") - 0.5) - 0.05 * bare * top)
    is_stone = (each("is") < 0.85).to(top.dtype) * step(inside_m, 0.0, 0.06 * size_m)
    return below.under(stone, is_stone)
