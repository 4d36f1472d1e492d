"""Wicker, cane webbing and mats: split rattan, woven around stakes, in octagons, or in flat strips."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient, mix, step
from ..yarn import roundness


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Strands that bend around stakes; or pairs of strips with others across both ways and diagonals between."""
    sway = canvas.sway("sway", 0.02 * p.irregular * p.size_m, p.size_m)
    layers = {"wicker": _wicker, "cane": _cane, "mat": _mat}[p.weave](canvas, p, sway)
    top = layers[0]
    for layer in layers[1:]:
        top = layer.where(layer[:1] > top[:1], top)
    up, across, number, along_x = top
    is_strand = step(up, -0.5, -0.45)
    value = canvas.uniform("value", 4096)[number.long().remainder(4096)]
    fibres = mix(
        canvas.noise("upright", 0.0008, octaves=3, gain=0.75, stretch=(30, 1)),
        canvas.noise("level", 0.0008, octaves=3, gain=0.75, stretch=(1, 30)),
        along_x,
    )
    stain = canvas.noise("stain", 0.02, octaves=4, gain=0.6)
    shade = 0.62 + p.color_variation * (0.6 * (value - 0.5) + 0.1 * stain) + 0.07 * fibres
    shade = shade + 0.5 * (up - 0.25).clamp(-0.5, 0.2) - 0.12 * across.square()
    light = canvas.color(p.color)
    color = gradient(shade, [canvas.color(p.second_color) * 0.6, canvas.color(p.second_color), light, light * 1.3])
    height_m = 0.25 * p.size_m * up.clamp_min(-0.5) + 0.00003 * fibres
    strand = Drawing(color, height_m, p.roughness + 0.05 * fibres)
    hole = Drawing(canvas.color((0.12, 0.09, 0.07)) + 0 * up, 0 * up - 0.2 * p.size_m, 0.95)
    return hole.under(strand, is_strand)


def _wicker(canvas: Canvas, p: Look, sway: tuple[Tensor, Tensor]) -> list[Tensor]:
    """Height in sizes, place across, number and direction (4, H, W) of stakes, and of the strands around them."""
    stakes = canvas.count(p.size_m, multiple_of=2)
    rows = canvas.count(0.28 * p.size_m, horizontal=False, multiple_of=2)
    u = (canvas.x_m + sway[1]) / canvas.width_m * stakes
    v = (canvas.y_m + sway[0]) / canvas.height_m * rows
    row = v.floor()
    wobble = 0.18 * p.irregular * canvas.noise("wobble", 0.5 * p.size_m, octaves=2, stretch=(0.3, 2))
    across = 2 * (v - row - 0.5 + wobble) / 0.96
    side = (math.pi * (u + row)).cos()  # over a stake, and under the next one
    strand = 0.20 * side + 0.34 * roundness(across) - 0.05 - (across.abs() > 1).to(u.dtype)
    stake = 2 * (u + 0.5 - (u + 0.5).floor() - 0.5 + 0 * v) / 0.3
    post = 0.22 * roundness(stake) - (stake.abs() > 1).to(u.dtype)
    one = v.new_ones(canvas.size_px)
    number = row.remainder(rows) + 31
    return [
        canvas.stack((strand, across, number * one, one)),
        canvas.stack((post, stake, u.floor().remainder(stakes) * one, 0 * one)),
    ]


def _cane(canvas: Canvas, p: Look, sway: tuple[Tensor, Tensor]) -> list[Tensor]:
    """Layers of cane: strips in pairs, upright and level, and diagonal strips in both directions."""
    columns = canvas.count(0.5 * p.size_m)
    rows = canvas.count(0.5 * p.size_m, horizontal=False)
    u = (canvas.x_m + sway[1]) / canvas.width_m * columns
    v = (canvas.y_m + sway[0]) / canvas.height_m * rows
    one = v.new_ones(canvas.size_px)
    layers = []
    weave = (math.tau * u).cos() * (math.tau * v).cos()
    for index, (place, half, rise, along_x) in enumerate(((v, 0.075, 0.10 * weave, 1), (u, 0.075, -0.10 * weave, 0))):
        for offset in (-0.115, 0.115):
            near = (place - offset + 0.5).remainder(1) - 0.5
            across = near / half
            up = 0.10 + rise + 0.06 * roundness(across) - (across.abs() > 1).to(u.dtype)
            number = (place - offset + 0.5).floor().remainder(64) + 100 * index + 37 * offset
            layers.append(canvas.stack((up, across * one, number.abs() * one, along_x * one)))
    for index, place in enumerate((u + v, u - v)):
        near = (place + 0.5 + 0.5).remainder(1) - 0.5
        across = near / 0.11
        up = 0.02 + 0.07 * index + 0.06 * roundness(across) - (across.abs() > 1).to(u.dtype)
        number = (place + 1).floor().remainder(64) + 300 + 100 * index
        layers.append(canvas.stack((up, across, number, 0.5 * one)))
    return layers


def _mat(canvas: Canvas, p: Look, sway: tuple[Tensor, Tensor]) -> list[Tensor]:
    """Layers of a mat: flat strips both ways, each over two and under two others, in steps."""
    columns, rows = (canvas.count(0.4 * p.size_m, horizontal=is_x, multiple_of=4) for is_x in (True, False))
    wobble = 0.06 * p.irregular * canvas.noise("wobble", 2 * p.size_m, octaves=2)
    u = (canvas.x_m + sway[1]) / canvas.width_m * columns + wobble
    v = (canvas.y_m + sway[0]) / canvas.height_m * rows + wobble
    column, row = u.floor(), v.floor()
    layers = []
    for along_x, place, first, along, crossed in ((1, v, row, u, column), (0, u, column, v, row)):
        across = 2 * (place - first - 0.5) / 0.94
        sides = [((crossed + step_ + first).remainder(4) > 1.5).to(u.dtype) for step_ in (-1, 0, 1)]
        t = along - crossed
        near = mix(sides[1], sides[0], step(t, 0.25, -0.25)) + mix(0 * t, sides[2] - sides[1], step(t, 0.75, 1.25))
        over = near if along_x else 1 - near
        up = 0.16 * over + 0.05 * (1 - across**4) - (across.abs() > 1).to(u.dtype)
        number = first.remainder(rows if along_x else columns) + 613 * along_x
        layers.append(canvas.stack((up, 0.5 * across, number + 0 * t, along_x + 0 * t)))
    return layers
