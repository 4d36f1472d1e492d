"""Knitted wool: rows of V-shaped stitches."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import mix, step
from ..yarn import roundness, twist

CABLE, TWIST = 12, 12
"""Stitches from cable to cable, and rows of a whole twist."""


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Columns of stitches; each stitch is two slanted legs that come out of the stitch below."""
    columns = canvas.count(p.stitch_m, multiple_of=CABLE if p.pattern == "cable" else 4)
    rows = canvas.count(
        0.78 * p.stitch_m, horizontal=False, multiple_of=2 * p.stripes or (TWIST if p.pattern == "cable" else 2)
    )
    sway = 0.10 * p.irregular
    u = canvas.x_m / canvas.width_m * columns + sway * canvas.noise("sway x", 4 * p.stitch_m, octaves=3)
    v = canvas.y_m / canvas.height_m * rows + sway * canvas.noise("sway y", 4 * p.stitch_m, octaves=3)
    rope_m = purl = 0 * u
    if p.pattern == "cable":
        u, rope_m, purl = _cables(canvas, p, u, v)
    column = u.floor()
    rib = ((column / 2).floor().remainder(2) if p.pattern == "ribbed" else 0 * column).mul(2).sub(1)
    legs = [_legs(canvas, p, u - column, v, column.long() % columns, (rows, columns), k) for k in (0, 1, 2)]
    height, shade, row = legs[0]
    for other in legs[1:]:
        is_higher = other[0] > height
        height, shade, row = (new.where(is_higher, old) for new, old in zip(other, (height, shade, row), strict=True))
    fuzz = canvas.noise("fuzz", 0.12 * p.stitch_m, octaves=3, gain=0.8)
    halo = canvas.noise("halo", 0.5 * p.stitch_m, octaves=4, gain=0.75, stretch=(1, 2))
    height_m = p.stitch_m * (0.30 * height + 0.02 * p.fuzz * fuzz + 0.01 * p.fuzz * halo)
    if p.pattern == "ribbed":
        across = ((u / 2) - (u / 2).floor() - 0.5).abs()
        height_m = height_m - 0.35 * p.stitch_m * step(-rib, -0.2, 0.2) * (0.5 - across).clamp(0, 0.5) * 2
    height_m = height_m + rope_m - 0.25 * p.stitch_m * purl
    if p.pattern == "garter":
        height_m = height_m + 0.25 * p.stitch_m * (math.pi * v).sin().square()
    color = canvas.color(p.color) + 0 * height
    if p.stripes:
        band = (row / p.stripes).floor().remainder(2)
        color = mix(color, canvas.color(p.second_color), band)
    value = canvas.uniform("value", rows * 2)[row.long() % rows] - 0.5
    color = color * shade * (1 - 0.3 * purl) * (1 + 0.10 * p.fuzz * fuzz + 0.06 * halo + 0.10 * value)
    color = mix(color, color * 0 + canvas.color(p.color) * 0.95, 0.12 * p.fuzz * (1 - p.stripes.bit_length() * 0.2))
    return Drawing(color, height_m, p.roughness + 0.03 * fuzz)


def _legs(
    canvas: Canvas, p: Look, place: Tensor, v: Tensor, column: Tensor, counts: tuple[int, int], k: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Height (0 to 1), shade and row of the stitch that begins k rows further down, (H, W)."""
    side = (place - 0.5).abs() * 2  # 0 in the middle of the stitch, 1 between stitches
    reach = 1.55  # rows that a leg covers
    row = (v + 0.55 * (1 - side)).floor() + 1 - k
    along = (row - v - 0.55 * (1 - side) + 0.55 * 1.0) / reach + 0.05
    middle = 0.54 - 0.34 * (along - 0.5)  # legs lean outwards at the top
    number = row.long() % counts[0] * counts[1] + column
    jitter = canvas.uniform("leg", counts[0] * counts[1])[number] - 0.5
    across = (side - middle - 0.06 * p.irregular * jitter) / (0.62 * p.thickness)
    body = roundness(across) * step(along, -0.05, 0.12) * step(along, 1.08, 0.85)
    mirrored = across * (place - 0.5).sign()
    plies = twist(2.2 * along * (place - 0.5).sign() + 0.3 * jitter, mirrored, 0.8, 3)
    arch = (math.pi * along.clamp(0, 1)).sin()
    height = (body * (1 - 0.16 * p.twist * (1 - plies)) * (0.6 + 0.4 * arch)).clamp_min(0)
    return height, (0.30 + 0.70 * body) * (1 - 0.30 * p.twist * (1 - plies)), row


def _cables(canvas: Canvas, p: Look, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Stitches' place across where ropes of three stitches cross; the ropes' height in metres; 1 between cables."""
    panel = (u / CABLE).floor()
    place = u / CABLE - panel - 0.5
    turn = 2 * math.pi * v / TWIST
    across, top = u, v.new_full(v.shape, -9.0) + 0 * u
    inside = 0 * u
    for side in (1, -1):
        offset = place - side * 0.135 * turn.sin()
        rope = offset / 0.165
        up = roundness(rope) + 0.7 * side * turn.cos() - 9.0 * (rope.abs() > 1)
        here = (rope.abs() < 1) & (up > top)
        stitches = panel * CABLE + 3 * (side > 0) + 1.5 * (rope + 1)
        across, top = stitches.where(here, across), up.where(here, top)
        inside = inside.maximum(here.to(u.dtype) * roundness(rope))
    is_rope = (top > -5).to(u.dtype)
    return across, 1.1 * p.stitch_m * is_rope * (0.5 * inside.sqrt() + 0.25 * top), 1 - is_rope
