"""Roofs of clay tiles or slates, in rows that overlap."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Literal

from torch import Tensor

from ..blocks import places_between
from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, mix, step

Kind = Literal["pantile", "barrel", "flat", "scallop", "slate", "shakes"]

COVER = 0.30
"""Half the width of the upper half pipes in the middle of their visible part, in tiles; they taper."""


@dataclass(frozen=True)
class Shingles:
    """The tile of each texel, (H, W): its number, and place: −0.5 to 0.5 across, 0 to 1 down its visible part.

    inside_m: distance to its lower edge and, for flat tiles, to its sides.
    """

    number: Tensor
    across: Tensor
    down: Tensor
    inside_m: Tensor


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Tiles, each with its own colour, on the row below."""
    fine = canvas.noise("fine", 0.006, octaves=3, gain=0.7)
    clouds = canvas.noise("clouds", 0.12, octaves=5, gain=0.6)
    tiles = _shingles(canvas, p, fine)
    each = lambda name: canvas.of_each(name, tiles.number)  # noqa: E731
    lean = p.irregular * (0.03 * (each("lean") - 0.5) * tiles.across + 0.010 * (each("lifted") - 0.5) * tiles.down)
    edge = bump(tiles.inside_m.clamp_min(0), 0.5 * p.thickness_m)
    rough_m = (0.0011 * clouds + 0.0003 * fine) if p.kind == "slate" else (0.0004 * clouds + 0.00015 * fine)
    fibres = canvas.noise("fibres", 0.011, octaves=5, gain=0.75, stretch=(28, 1)) if p.kind == "shakes" else 0 * fine
    rough_m = rough_m + 0.0007 * fibres
    height_m = p.thickness_m * (tiles.down + 0.35 * edge) + lean + rough_m + _profile_m(p, tiles)
    gap = step(tiles.inside_m, 0.0, -0.0015)
    height_m = height_m - gap * p.thickness_m
    color = (
        _color(canvas, p, tiles, fine, clouds)
        * (1 + 0.16 * fibres).clamp_min(0.2)
        * (1 - 0.75 * gap)
        * (1 - 0.5 * (-tiles.down.clamp_min(0) / 0.09).exp())
        * _hollow(p, tiles)
    )
    roughness = p.roughness + 0.05 * clouds + 0.03 * fine - 0.10 * (p.kind == "slate")
    return Drawing(color, height_m, roughness)


def _shingles(canvas: Canvas, p: Look, fine: Tensor) -> Shingles:
    """The uppermost tile of each texel: of three rows, the first whose lower edge is not passed."""
    rows = canvas.count(p.row_m, horizontal=False, multiple_of=2)
    columns = canvas.count(p.tile_m)
    high, wide = canvas.height_m / rows, canvas.width_m / columns
    v = (canvas.y_m / high + 0.37).expand(canvas.size_px)
    ragged = p.chips * 0.007 * step(canvas.noise("chips", 0.05, octaves=4), 0.2, 2.4) + 0.0003 * fine
    is_flat = p.kind in ("flat", "scallop", "slate", "shakes")
    moved = 0.62 * (canvas.uniform("split", rows, columns) - 0.5) if p.kind == "shakes" else None
    tile: tuple[Tensor, ...] = ()
    for behind in (1, 0, -1):
        row = v.floor() + behind
        u = (canvas.x_m / wide + 0.09 + (0.5 * row.remainder(2) if is_flat else 0.0)).expand(canvas.size_px)
        column = u.floor()
        across, half = u - column - 0.5, u.new_full((), 0.5)
        if moved is not None:  # split boards of uneven width
            column, across, half = places_between(u, partial(_joint, moved, row.long() % rows))
        cover = _cover(v - row)
        is_cover = (across.abs() < cover).to(v.dtype) * (p.kind == "barrel")
        if p.kind == "barrel":
            column = column + (across > cover)  # a pan lies between two covers
            across = across.where(is_cover > 0, across - 0.5 * across.sign())
        number = 2 * (row.long() % rows * columns + column.long() % columns) + is_cover.long()
        slid = p.irregular * 0.10 * canvas.of_each("slid", number) + 0.25 * is_cover
        low = 0.35 * (1 - (1 - (1.9 * across).square()).clamp_min(0).sqrt()) if p.kind == "scallop" else 0.0
        down = v - row
        lower_m = (1 + slid - low - down) * high - ragged
        side_m = (half - across.abs()) * wide - 0.0015 - ragged if is_flat else lower_m + 1.0
        found = number, across, down, lower_m.minimum(side_m)
        is_here = lower_m > 0
        tile = tuple(new.where(is_here, old) for new, old in zip(found, tile, strict=True)) if tile else found
    return Shingles(*tile)


def _joint(moved: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """Shift (H, W) of the joint before a column of a row; moved: (rows, columns), the shifts of all joints."""
    return moved[row, column.long() % moved.shape[1]]


def _profile_m(p: Look, tiles: Shingles) -> Tensor | float:
    """Height of the tile's section across."""
    if p.kind == "pantile":
        turn = 2 * math.pi * (tiles.across - 0.24)
        roll = 0.5 + 0.5 * (turn + 0.35 * turn.sin()).cos()
        return 0.25 * p.tile_m * roll + 0.9 * p.thickness_m * tiles.across  # laid over the next tile's edge
    if p.kind == "barrel":
        cover = (1 - (tiles.across / _cover(tiles.down)).square()).clamp_min(0).sqrt()
        pan = 1 - (1 - (tiles.across / 0.30).square()).clamp_min(0).sqrt()
        is_cover = tiles.number.remainder(2).to(cover.dtype)
        return p.tile_m * mix(0.15 * pan, 0.12 + 0.24 * cover, is_cover)
    return 0.0


def _hollow(p: Look, tiles: Shingles) -> Tensor | float:
    """Brightness of what lies in the hollows of half pipes and pantiles, where soot gathers."""
    if p.kind == "pantile":
        turn = 2 * math.pi * (tiles.across - 0.24)
        return 1 - 0.35 * (0.5 - 0.5 * (turn + 0.35 * turn.sin()).cos()).square()
    if p.kind != "barrel":
        return 1.0
    is_cover = tiles.number.remainder(2).to(tiles.down.dtype)
    beside = (tiles.across / _cover(tiles.down)).abs().clamp(0, 1) ** 4
    return mix(0.55 + 0.0 * beside, 1 - 0.35 * beside, is_cover)


def _color(canvas: Canvas, p: Look, tiles: Shingles, fine: Tensor, clouds: Tensor) -> Tensor:
    each = lambda name: canvas.of_each(name, tiles.number)  # noqa: E731
    other = step(each("shade") + 0.10 * clouds, 1 - 0.8 * p.color_variation, 1.2 - 0.5 * p.color_variation)
    color = mix(canvas.color(p.color), canvas.color(p.second_color), other * (p.color_variation > 0))
    value = 1 + p.color_variation * (0.55 * (each("value") - 0.5) + 0.09 * clouds) + 0.06 * fine
    warm = 0.20 * p.color_variation * (each("warmth") - 0.5)
    color = color * value * (1 + warm * (canvas.color((1, 0.5, 0)) - canvas.color((0, 0.4, 1))))
    stains = canvas.noise("stains", 0.35, octaves=6, gain=0.62)
    streaks = canvas.noise("streaks", 0.02, octaves=3, stretch=(8, 1))
    soot = step(stains + 0.35 * streaks + 0.8 * (tiles.down - 0.5) + 0.6 * (each("soot") - 0.5), -0.4, 2.2)
    bleached = step(-stains - 0.4 * clouds, 0.4, 2.4)
    color = mix(color, color.mean((1, 2), keepdim=True) * 0.5 + 0.16, 0.4 * p.age * bleached)
    if p.kind == "shakes":  # old wood is silver
        grey = canvas.color((0.57, 0.555, 0.53)) * (0.75 + 0.5 * each("grey")) * (1 + 0.1 * clouds)
        color = mix(color, grey, (1.3 * p.age - 0.35 + 0.35 * each("silver")).clamp(0, 0.95))
    spalled = p.chips * step(canvas.noise("spalls", 0.05, octaves=5) + 0.5 * fine, 2.6, 3.0)
    color = mix(color, canvas.color(p.color) * 1.35, 0.7 * spalled)
    color = mix(color, canvas.color((0.19, 0.17, 0.15)), 0.75 * p.age * soot)
    spots = step(canvas.noise("lichen", 0.03, octaves=4, gain=0.6) + 0.2 * stains, 3.0 - 1.6 * p.age, 3.3 - 1.6 * p.age)
    return mix(color, canvas.color((0.62, 0.61, 0.50)) * (1 + 0.1 * fine), 0.75 * spots * (p.age > 0))


def _cover(down: Tensor) -> Tensor:
    """Half the width of the upper half pipes, in tiles, wider at their lower end; down: place along them."""
    return COVER * (0.86 + 0.28 * down)
