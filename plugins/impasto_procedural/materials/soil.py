"""Soil and mud: clods, crumbs and stones, ploughed or with the tracks of tyres."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..scatter import scatter
from ..shaping import bump, gradient, mix, step

TRACK_M, TREAD_M = 0.32, 0.055
"""Width of a tyre, and distance of its blocks."""


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Crumbs of all sizes that fall together to clods; wheels press them flat, with the blocks of their tread."""
    ragged = canvas.sway("ragged", 0.22 * p.size_m, 0.5 * p.size_m, 5)
    clods = 0.0 * canvas.x_m
    for index, size in enumerate((1.0, 0.5, 0.24, 0.11)):
        cells = canvas.cells(f"clods {index}", size * p.size_m, warp=ragged)
        presence = step(canvas.of_each(f"kept {index}", cells.number), 0.25, 0.75)
        clods = clods + size**0.9 * bump(cells.to_border_m, 0.4 * size * p.size_m) * presence
    crumbs = canvas.noise("crumbs", 0.08 * p.size_m, octaves=4, gain=0.75)
    lumps = canvas.noise("lumps", 2 * p.size_m, octaves=4)
    clouds = canvas.high_pass(canvas.noise("clouds", 0.25, octaves=6, gain=0.6), 0.5)
    pressed, print_ = _tracks(canvas, p) if p.tracks else (0.0 * lumps, 0.0 * lumps)
    loose = 1 - 0.85 * pressed
    count = canvas.count(0.4, horizontal=False)
    phase = canvas.y_m / canvas.height_m * count + 0.05 * lumps + 0.10 * clouds
    ridge = (0.5 + 0.5 * (math.tau * phase).cos()) ** 0.8
    relief = p.clods * loose * (0.5 * clods - 0.4) + 0.10 * loose * lumps + 0.04 * crumbs
    relief = relief + p.furrows * ridge * (0.4 + 0.8 * p.clods * clods)
    height_m = (
        p.size_m * (0.55 * relief + 2.2 * p.furrows * ridge) - 0.035 * p.tracks * pressed + 0.016 * p.tracks * print_
    )
    depth = step(clods + 0.2 * crumbs, 0.9, 0.1)
    shade = 0.55 + 0.13 * crumbs + 0.10 * clouds - 0.35 * depth * p.clods * loose + 0.22 * p.furrows * (ridge - 0.5)
    light = canvas.color(p.color)
    dark = canvas.color(p.second_color)
    color = gradient(shade, [dark * 0.7, dark, light, light * 1.35]) * (1 - 0.22 * pressed * (1 - print_))
    soil = Drawing(color, height_m, 0.94 - 0.12 * pressed + 0.02 * crumbs)
    return _stones(canvas, p, soil, crumbs) if p.stones else soil


def _tracks(canvas: Canvas, p: Look) -> tuple[Tensor, Tensor]:
    """Masks (H, W) of what wheels have pressed, and of the ridges between the blocks of their tread."""
    sway = canvas.sway("track", 0.02, 0.6, 4)
    count = max(1, round(canvas.width_m / 0.8))
    place = ((canvas.x_m + sway[1]) / canvas.width_m * count).remainder(1) - 0.5
    across = place * canvas.width_m / count / (TRACK_M / 2)
    pressed = step(across.abs() + 0.05 * canvas.noise("track edge", 0.03, octaves=4), 1.08, 0.9)
    blocks_ = canvas.count(TREAD_M, horizontal=False)
    along = canvas.y_m / canvas.height_m * blocks_ + 0.55 * across.abs() + 0.03 * canvas.noise("slip", 0.05, octaves=3)
    along = along + 0.5 * (across > 0).to(along.dtype)
    ridge = step((along.remainder(1) - 0.5).abs(), 0.22, 0.1).maximum(step(across.abs(), 0.12, 0.05))
    worn = step(canvas.noise("worn", 0.2, octaves=3), -1.6, -0.3)
    return pressed, pressed * ridge * worn * step(across.abs(), 1.0, 0.85)


def _stones(canvas: Canvas, p: Look, soil: Drawing, crumbs: Tensor) -> Drawing:
    count = canvas.pieces(260 * p.stones, 6_000)
    flat = 0.8 + 0.7 * canvas.uniform("flat", count)

    def dome(y: Tensor, x: Tensor, number: Tensor) -> Tensor:
        lump = 0.12 * (5 * y.atan2(x) + 30 * flat[number]).sin()
        square = (y * flat[number]).square() + x.square() + lump * (x.square() + y.square())
        return (0.010 * (1 - square).clamp_min(0).sqrt()).where(square < 1, square.new_full((), -math.inf))

    found = scatter(canvas, "stones", count, 0.011, dome, spread=0.75)
    number = found.number.clamp_min(0)
    value = 0.55 + 0.8 * canvas.uniform("stone value", count)[number]
    color = canvas.color((0.50, 0.46, 0.41)) * value * (1 + 0.06 * crumbs)
    color = mix(color, soil.color, 0.35)
    level_m = canvas.blur(soil.height_m, 0.02)
    stone = Drawing(color, level_m + found.height_m - 0.003, 0.8)
    return soil.under(stone, step(stone.height_m - soil.height_m, 0.0, 0.001) * (found.number >= 0))
