"""Moss: cushions of star-shaped shoots, or a carpet of feathery fronds."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient, mix, step
from ..strands import strands

LEAVES = 7
"""Leaves of a shoot seen from above."""
PINNAE = 20
"""Leaves along each side of a frond."""


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Shoots on round cushions: light tips above dark depths, with stalks and dry parts."""
    cushion, patches = _cushions(canvas, p)
    level, tip, tone = _stars(canvas, p) if p.kind == "star" else _fronds(canvas, p)
    height_m = p.height_m * cushion + level * 0.3 * p.shoot_m
    grows = patches + 1.3 * cushion + 0.5 * (level - 0.5)
    cover = step(grows, 2.9 - 4.0 * p.cover, 3.1 - 4.0 * p.cover) if p.cover < 1 else level * 0 + 1
    fine = canvas.noise("fine", 0.0012, octaves=2)
    shades = [canvas.color(p.color) * factor for factor in (0.25, 0.85, 1.4)]
    shade = 0.16 + 0.66 * level + 0.32 * (cushion - 0.6) + 0.16 * (tone - 0.5) + 0.05 * patches + 0.02 * fine
    color = gradient(shade, [*shades, canvas.color(p.tip_color)])
    color = mix(color, canvas.color(p.tip_color) * (0.9 + 0.3 * tone), (0.8 * tip * (0.4 + 0.6 * tone)).clamp(0, 1))
    if p.dry:
        is_dry = step(tone + 0.22 * canvas.noise("dry", 0.07, octaves=4), 1.12 - p.dry, 1.3 - p.dry)
        color = mix(color, canvas.color(p.dry_color) * (0.3 + 0.9 * level), is_dry)
    moss = Drawing(color, height_m, 0.78 - 0.1 * tip)
    return _with_stalks(canvas, p, _ground(canvas, p).under(moss, cover), cover)


def _cushions(canvas: Canvas, p: Look) -> tuple[Tensor, Tensor]:
    """Height of the cushions from 0 to about 1, and large patches with deviation 1, (H, W)."""
    sway = [0.22 * p.cushion_m * canvas.noise(f"sway {k}", p.cushion_m, octaves=3) for k in "yx"]
    domes = canvas.cells("cushions", p.cushion_m, warp=(sway[0], sway[1]))
    size = 0.55 + 0.45 * canvas.of_each("size", domes.number)
    waves = canvas.noise("waves", 0.5 * p.cushion_m, octaves=3)
    inside = (domes.to_border_m / (0.42 * p.cushion_m)).clamp(0, 1)
    cushion = 0.15 + 0.85 * size * inside * (2 - inside) + 0.1 * waves
    return cushion, canvas.noise("patches", 0.12, octaves=5, gain=0.6)


def _stars(canvas: Canvas, p: Look) -> tuple[Tensor, Tensor, Tensor]:
    """Height (0 to 1), tips (a mask) and a random tone of the uppermost of two layers of shoots, (H, W)."""
    lower, upper = (_shoots(canvas, p, layer) for layer in ("lower", "upper"))
    above = upper[0] > 0.8 * lower[0]
    level, tip, tone = (over.where(above, below) for over, below in zip(upper, lower, strict=True))
    return level, tip, tone


def _shoots(canvas: Canvas, p: Look, layer: str) -> tuple[Tensor, Tensor, Tensor]:
    """Height, tips and tone of shoots beside each other, each a star of pointed leaves around a bud."""
    shoots = canvas.cells(layer, p.shoot_m, jitter=0.9)
    tone = canvas.of_each(f"{layer} tone", shoots.number)
    away = shoots.from_center_m / (p.shoot_m * (0.62 + 0.3 * tone))
    turn = shoots.y_m.atan2(shoots.x_m) * LEAVES + 40 * tone
    leaf = 0.5 + 0.5 * (turn + 1.2 * away).cos()
    height = (0.15 + 0.85 * leaf) * (1 - away).clamp(0, 1).sqrt() * (0.55 + 0.45 * tone)
    return height * (1 - 0.25 * step(away, 0.18, 0.0)), step(away, 0.32, 0.05), tone


def _fronds(canvas: Canvas, p: Look) -> tuple[Tensor, Tensor, Tensor]:
    """Height, tips and tone as `_stars` gives them, of fronds with leaves along both sides."""
    length_m = 5 * p.shoot_m
    count = canvas.pieces(2.4 / (length_m * p.shoot_m), 20_000)
    fronds = strands(
        canvas, "fronds", count, length_m=length_m, width_m=1.3 * p.shoot_m, rise_m=(0.0, 1.0), bend=0.2, taper=0.9
    )
    tone = canvas.uniform("frond tone", count)[fronds.number.clamp_min(0)]
    side = fronds.across.abs()
    leaf = 0.5 + 0.5 * (math.tau * (PINNAE * fronds.along - 1.6 * side)).cos()
    stem = step(side, 0.16, 0.04)
    is_frond = (fronds.number >= 0).to(tone.dtype)
    level = is_frond * (0.25 + 0.55 * fronds.height_m.clamp(0, 1)) * (0.4 + 0.6 * leaf.maximum(stem))
    below = 0.16 + 0.07 * canvas.noise("below", 0.0022, octaves=2, gain=0.8)
    level = level.maximum(below)
    return level, is_frond * step(fronds.along, 0.6, 1.0) * leaf.maximum(stem), tone


def _with_stalks(canvas: Canvas, p: Look, drawing: Drawing, cover: Tensor) -> Drawing:
    """The drawing with stalks above it; a capsule sits at each tip."""
    count = min(20_000, round(2_600 * p.stalks * canvas.width_m * canvas.height_m))
    if not count:
        return drawing
    stalks = strands(
        canvas, "stalks", count, length_m=0.02, width_m=0.0009, rise_m=(0.004, 0.012), bend=0.06, taper=-1.2
    )
    there = (stalks.number >= 0) * cover
    color = gradient(
        stalks.along, [canvas.color(c) for c in ((0.30, 0.22, 0.08), (0.50, 0.22, 0.10), (0.58, 0.38, 0.16))]
    )
    round_ = 1 - 0.5 * stalks.across.square()
    return drawing.under(Drawing(color * round_, drawing.height_m + stalks.height_m * 0.35, 0.5), there)


def _ground(canvas: Canvas, p: Look) -> Drawing:
    crumbs = canvas.noise("soil", 0.012, octaves=6, gain=0.68)
    color = canvas.color(p.ground_color) * (0.85 + 0.25 * crumbs).clamp_min(0.15)
    return Drawing(color, -0.003 + 0.0016 * crumbs, 0.94)
