"""Scales of fish, snakes and dragons: overlapping rows of plates."""

from __future__ import annotations

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Rows of plates; each lies over the next row, from its root below the others to its free tip."""
    if p.shape == "plates":
        return _plates(canvas, p)
    columns = canvas.count(p.scale_m)
    rows = canvas.count(p.scale_m * (0.95 - 0.45 * p.overlap), horizontal=False, multiple_of=2)
    sway = 0.14 * p.irregular
    u = canvas.x_m / canvas.width_m * columns + sway * canvas.noise("sway x", 5 * p.scale_m, octaves=3)
    v = canvas.y_m / canvas.height_m * rows + sway * canvas.noise("sway y", 5 * p.scale_m, octaves=3)
    plates = [_plate(canvas, p, u, v, (rows, columns), up) for up in range(4)]  # those that reach down to here
    top = plates[0]
    for other in plates[1:]:
        top = other.where(other[:1] > top[:1], top)
    return _skin(canvas, p, *top)


def _plates(canvas: Canvas, p: Look) -> Drawing:
    """Squarish plates side by side, larger in bands, with grooves between them."""
    sway = canvas.sway("sway", 0.12 * p.scale_m, 1.5 * p.scale_m, 3)
    bulge = 0.5 * p.scale_m * canvas.noise("bands", 5 * p.scale_m)
    jitter = 0.1 + 0.5 * p.irregular
    plates = canvas.cells(
        "plates",
        p.scale_m,
        jitter=jitter,
        stretch=(1.1 - 0.4 * p.overlap, 1),
        warp=(sway[0] + bulge, sway[1]),
    )
    each = canvas.of_each("value", plates.number)
    dome = bump(plates.to_border_m.clamp_min(0), 0.3 * p.scale_m)
    clouds = canvas.noise("pattern", 6 * p.scale_m, octaves=3, gain=0.5) + 1.2 * (each - 0.5)
    spot = step(clouds, 1.8 - 3.4 * p.pattern, 2.2 - 3.4 * p.pattern) * (p.pattern > 0)
    top = mix(canvas.color(p.color), canvas.color(p.spot_color), spot) * (0.85 + 0.3 * each)
    skin = canvas.noise("skin", 0.15 * p.scale_m, octaves=3)
    wrinkles = canvas.noise("wrinkles", 0.3 * p.scale_m, octaves=3, stretch=(1, 3))
    color = mix(canvas.color(p.root_color) * 0.7, top * (1 + 0.06 * wrinkles), step(dome, 0.15, 0.75))
    height_m = p.scale_m * ((0.12 + 0.2 * p.lift) * dome + 0.012 * wrinkles + 0.004 * skin)
    return Drawing(color, height_m, mix(0.75, 0.25, p.shine) + 0.05 * skin + 0.2 * (1 - dome))


def _plate(canvas: Canvas, p: Look, u: Tensor, v: Tensor, counts: tuple[int, int], up: int) -> Tensor:
    """Height in metres, number, place along and across, distance to the rim (5, H, W) of plates `up` rows above."""
    row = v.floor() - up
    shifted = u - 0.5 * row.remainder(2)
    column = shifted.floor()
    x = 2 * (shifted - column) - 1  # across, −1 to 1
    number = row.long() % counts[0] * counts[1] + column.long() % counts[1]
    reach = 2.0 + 0.8 * p.overlap  # rows that a plate covers
    y = (v - row) / reach  # along, 0 at the root
    if p.shape == "pointed":
        half = (1 - y.clamp(0, 1) ** 1.7).clamp_min(0) ** 0.75 * 1.08
    else:
        half = (1 - (2 * y.clamp_min(0.5) - 1).square()).clamp_min(0).sqrt() * 1.04
    rim = (half - x.abs()).minimum(2.2 * (1 - y))
    one = lambda what: canvas.uniform(what, counts[0] * counts[1])[number] - 0.5  # noqa: E731
    tilt = p.irregular * (0.5 * one("tilt x") * x + 0.5 * one("tilt y") * y)
    arch = 1 - 0.55 * x.square()
    rise = (0.10 + 0.35 * p.lift) * y + 0.16 * arch + 0.12 * tilt
    if p.shape == "keeled":
        rise = rise + 0.14 * bump(1 - x.abs() * 5, 1.0) * (x.abs() < 0.2)
    thickness = 0.10 * bump(rim.clamp_min(0), 0.22)
    is_plate = step(rim, -0.02, 0.03)
    height_m = p.scale_m * (rise + thickness - 0.32 * (1 - is_plate) - 1.2 * (rim < -0.03).to(rim.dtype))
    fields = (height_m, number.to(rim.dtype), y, x, rim)
    return canvas.stack(fields)


def _skin(canvas: Canvas, p: Look, height_m: Tensor, number: Tensor, y: Tensor, x: Tensor, rim: Tensor) -> Drawing:
    each = canvas.of_each("value", number.long())
    clouds = canvas.high_pass(canvas.noise("pattern", 1.8 * p.scale_m, octaves=2, gain=0.4), 4.5 * p.scale_m)
    spot = step(clouds + 1.8 * (each - 0.5), 1.8 - 3.4 * p.pattern, 1.86 - 3.4 * p.pattern)
    tip = mix(canvas.color(p.color), canvas.color(p.spot_color), spot * (p.pattern > 0))
    root = mix(canvas.color(p.root_color), tip * 0.45, 0.5)
    color = gradient(0.15 + 0.8 * y, [root, tip, tip * 1.15])
    rings = (y * 26 + 3 * x.square()).sin()  # growth rings
    color = color * (0.85 + 0.3 * each) * (1 + 0.05 * rings) * (0.55 + 0.45 * step(rim, 0.0, 0.16))
    skin = canvas.noise("skin", 0.15 * p.scale_m, octaves=2)
    height_m = height_m + p.scale_m * (0.004 * rings + 0.003 * skin)
    return Drawing(color, height_m, mix(0.75, 0.25, p.shine) + 0.05 * skin + 0.04 * rings)
