"""Motifs that are woven or printed: stripes, checks, tartan, houndstooth, dots, flowers, carpets and camouflage.

A motif is a colour for each texel, between a ground, a second and a third colour. Its period divides the canvas.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

from .canvas import Canvas
from .shaping import mix, step

Shares: TypeAlias = tuple[Tensor, Tensor]
"""Shares (H, W) of the second and of the third colour; the third lies on the second."""
_TABLE = tomllib.loads(Path(__file__).with_name("motifs.toml").read_text(encoding="utf-8"))
PETALS, DOTS, BLOSSOMS, SETT = (_TABLE[name] for name in ("petals", "dots", "blossoms", "sett"))
OGEE = 0.030
"""Half the width of the band around each ornament."""
RIM = 0.125
"""Width of a carpet's border, in widths of the carpet."""


def motif_color(canvas: Canvas, kind: str, size_m: float, colors: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Linear colour (3, H, W) of a motif whose period is about `size_m`."""
    second, third = MOTIFS[kind](canvas, size_m)
    return mix(mix(colors[0], colors[1], second), colors[2], third)


def _places(canvas: Canvas, size_m: float, multiple_of: int = 1) -> tuple[Tensor, Tensor, float]:
    """Place of each texel in periods, down (H, W) and right, and the width of a texel in periods."""
    rows = canvas.count(size_m, horizontal=False, multiple_of=multiple_of)
    columns = canvas.count(size_m, multiple_of=multiple_of)
    v = (canvas.y_m / canvas.height_m * rows).expand(canvas.size_px)
    u = (canvas.x_m / canvas.width_m * columns).expand(canvas.size_px)
    return v + 0.125, u + 0.125, columns / canvas.size_px[1]


def _within(place: Tensor, low: float, high: float, soft: float) -> Tensor:
    """1 where the fractional part of a place is between two values, with soft ends."""
    from_middle = ((place - 0.5 * (low + high) + 0.5).remainder(1) - 0.5).abs()
    half = 0.5 * (high - low)
    return step(from_middle, half + 0.5 * soft, half - 0.5 * soft)


def _stripes(canvas: Canvas, size_m: float) -> Shares:
    _, u, soft = _places(canvas, size_m)
    return _within(u, 0.0, 0.5, soft), 0 * u


def _checks(canvas: Canvas, size_m: float) -> Shares:
    """Gingham: stripes of both directions, half as strong where they do not cross."""
    v, u, soft = _places(canvas, size_m)
    return 0.5 * (_within(u, 0.0, 0.5, soft) + _within(v, 0.0, 0.5, soft)), 0 * u


def _tartan(canvas: Canvas, size_m: float) -> Shares:
    v, u, soft = _places(canvas, size_m)
    shares = []
    for number in (1, 2):
        bands = [(low, high) for low, high, kind in SETT if kind == number]
        ways = [sum((_within(way, low, high, soft) for low, high in bands), 0 * way) for way in (u, v)]
        shares.append(0.5 * (ways[0] + ways[1]))
    return shares[0], 0.9 * shares[1]


def _houndstooth(canvas: Canvas, size_m: float) -> Shares:
    """Four dark threads and four light ones in both directions, in a twill over two and under two."""
    v, u, _ = _places(canvas, size_m)
    row, column = (8 * v).floor(), (8 * u).floor()
    is_warp = (column + row).remainder(4) < 1.5
    dark = (column.remainder(8) < 3.5).where(is_warp, row.remainder(8) < 3.5)
    return dark.to(u.dtype), 0 * u


def _dots(canvas: Canvas, size_m: float) -> Shares:
    """Dots in rows, each shifted by half."""
    v, u, soft = _places(canvas, size_m)
    found = 0 * u
    for shift in (0.0, 0.5):
        y, x = (v + shift).remainder(1) - 0.5, (u + shift).remainder(1) - 0.5
        found = found.maximum(step((y.square() + x.square()).sqrt(), 0.19 + soft, 0.19 - 0.5 * soft))
    return found, 0 * u


def _flowers(canvas: Canvas, size_m: float) -> Shares:
    """Flowers with five petals, turned at random; their hearts and leaves have the third colour."""
    cells = canvas.cells("flowers", 0.55 * size_m, jitter=0.55)
    each = lambda name: canvas.of_each(f"flower {name}", cells.number)  # noqa: E731
    radius = cells.from_center_m / (0.55 * size_m * (0.30 + 0.16 * each("size")))
    angle = cells.y_m.atan2(cells.x_m) + math.tau * each("turn")
    soft = 3 * canvas.texel_m / size_m
    petals = step(radius - (0.62 + 0.36 * (2.5 * angle).cos().abs()), soft, -soft)
    veins = 0.25 * step((2.5 * angle).cos().abs(), 0.35, 0.1) * step(radius, 0.2, 0.5)
    leaf = (angle.remainder(math.tau / 3) - math.tau / 6).abs()
    leaves = step(leaf - 0.30 * (1.45 - radius).clamp_min(0) / (radius + 0.2), soft, -soft) * step(radius, 0.5, 0.6)
    leaves = leaves * step(radius, 1.45 + soft, 1.4) * step(cells.to_border_m, 0.0, 0.02 * size_m) * (1 - petals)
    heart = step(radius, 0.24 + soft, 0.24 - soft)
    return petals * (1 - veins), heart.maximum(leaves)


def _scroll(canvas: Canvas, size_m: float) -> Shares:
    """Flowers between thin tendrils that wind around them."""
    second, third = _flowers(canvas, size_m)
    waves = canvas.noise("tendrils", 0.35 * size_m)
    slope_m = torch.hypot(waves - waves.roll(1, 0), waves - waves.roll(1, 1)) / canvas.texel_m
    half_m = max(0.016 * size_m, canvas.texel_m)
    tendril = step(waves.abs() / slope_m.clamp_min(0.5 / size_m), half_m, 0.4 * half_m)
    return second.maximum(tendril * (1 - third)), third


def damask_distance(y: Tensor, x: Tensor) -> Tensor:
    """About the distance into the damask ornament in units of its width, negative outside; y grows downwards."""
    up, side = -y, x.abs()
    found = side * 0 - 1.0
    for at_y, at_x, length, width, degrees in PETALS:
        turn = math.radians(degrees)
        dy, dx = up - at_y, side - at_x
        along, across = dx * math.cos(turn) + dy * math.sin(turn), dy * math.cos(turn) - dx * math.sin(turn)
        t = (along / length).clamp(-1, 1)
        half = width * (1 - t.square()) * (1 - 0.35 * t)
        inside = half - (across - 0.10 * length * t.square()).abs()
        inside = inside.minimum(across.abs() - 0.0035).where(t.abs() < 0.7, inside)  # a rib
        found = found.maximum(inside.where(along.abs() < length, inside * 0 - 1.0))
    for at_y, at_x, radius in DOTS:
        found = found.maximum(radius - ((up - at_y).square() + (side - at_x).square()).sqrt())
    outline = 0.30 * (math.pi * up / 1.40).cos().clamp_min(0) + 0.03
    band = OGEE * (0.55 + 0.45 * (14 * up).cos().abs()) - (side - outline).abs()
    return found.maximum(band.where(up.abs() < 0.72, band * 0 - 1.0))


def _damask(canvas: Canvas, size_m: float) -> Shares:
    """Leaves in pointed frames, in rows that are shifted by half."""
    _, u, soft = _places(canvas, size_m)
    rows = canvas.count(0.78 * size_m, horizontal=False, multiple_of=2)
    v = (canvas.y_m / canvas.height_m * rows).expand(canvas.size_px)
    found = 0 * u
    for shift in (0, 1):
        y = 0.78 * 2 * (((v - shift) / 2).remainder(1) - 0.5)
        x = (u + 0.5 * shift).remainder(1) - 0.5
        found = found.maximum(step(damask_distance(y, x), -soft, soft))
    return found, 0 * u


def _mirrored(place: Tensor) -> Tensor:
    """Distance from the middle of each period, 0 to 0.5."""
    return (place.remainder(1) - 0.5).abs()


def _oriental(canvas: Canvas, size_m: float) -> Shares:
    """Rows of nested, stepped diamonds with stars, as in knotted carpets, with small crosses between them."""
    v, u, _ = _places(canvas, size_m)
    found, inner = 0 * u, 0 * u
    for shift in (0.0, 0.5):
        y, x = (24 * _mirrored(v + shift)).floor() / 24, (24 * _mirrored(u + shift)).floor() / 24
        far = 1.25 * y + x + 0.03 * (24 * (x - y)).remainder(2)
        rim = ((far - 0.46).abs() < 0.035) | ((far - 0.33).abs() < 0.03)
        star = (y.maximum(x) < 0.10) | ((x - 1.25 * y).abs() < 0.04) & (far < 0.30)
        hooks = ((far - 0.395).abs() < 0.03) & ((24 * (x - y)).remainder(4) < 2)
        found = found.maximum((rim | star).to(u.dtype))
        inner = inner.maximum((hooks | (far < 0.07) | ((far > 0.20) & (far < 0.25) & ~star)).to(u.dtype))
    return found, inner


class _Ornament:
    """Shares of the second and third colour while an ornament is drawn from distances into its parts, in periods."""

    def __init__(self, ground: Tensor, soft: float) -> None:
        self.second, self.third, self.soft = 0 * ground, 0 * ground, soft

    def draw(self, inside: Tensor, color: int) -> None:
        """Give the places where a distance is positive a colour: 0 is the ground."""
        mask = step(inside, -0.6 * self.soft, 0.6 * self.soft)
        self.second = mix(self.second, float(color == 1), mask)
        self.third = mix(self.third, float(color == 2), mask)

    def blossom(self, y: Tensor, x: Tensor, radius: float, petals: int, color: int) -> None:
        """A blossom with its middle at 0, in two colours with a heart of the ground."""
        away = (y.square() + x.square()).sqrt()
        outline = radius * (0.78 + 0.22 * (petals * y.atan2(x)).cos())
        self.draw(outline - away, color)
        self.draw(0.62 * outline - away, 3 - color)
        self.draw(0.3 * radius - away, 0)

    def medallion(self, y: Tensor, x: Tensor, radius: float) -> None:
        """A lobed disc with rings and a star."""
        away, turn = (y.square() + x.square()).sqrt(), y.atan2(x)
        lobes = radius * (1 + 0.07 * (16 * turn).cos())
        self.draw(lobes - away, 1)
        self.draw(lobes - 0.012 - away, 2)
        self.draw(0.009 - (away - 0.76 * lobes - 0.012 * (32 * turn).cos()).abs(), 1)
        self.draw(0.62 * radius * (1 + 0.1 * (16 * turn).cos()) - away, 0)
        self.draw(0.007 - (away - 0.5 * radius * (1 - 0.08 * (16 * turn).cos())).abs(), 1)
        self.blossom(y, x, 0.34 * radius, 12, 1)


def _persian(canvas: Canvas, size_m: float) -> Shares:
    """A whole carpet: a medallion, corners, tendrils with blossoms, and a border of rosettes."""
    v, u, soft = _places(canvas, size_m)
    y, x = (v - 0.125).remainder(1) - 0.5, (u - 0.125).remainder(1) - 0.5
    high, wide = y.abs(), x.abs()
    from_rim = 0.5 - high.maximum(wide)
    made = _Ornament(u, soft)
    waves = 0.6 * (math.tau * (3.0 * wide + 0.28 * (math.tau * 2.6 * high).sin())).sin()
    waves = waves + 0.5 * (math.tau * (3.4 * high + 0.24 * (math.tau * 2.9 * wide).cos())).sin()
    slope = torch.hypot(waves.roll(1, 0) - waves.roll(-1, 0), waves.roll(1, 1) - waves.roll(-1, 1)) / (2 * soft)
    made.draw(0.005 - waves.abs() / slope.clamp_min(2.0), 1)
    for at_y, at_x, radius, count, color in BLOSSOMS:
        made.blossom(high - at_y, wide - at_x, radius, count, color)
    made.medallion(high, wide, 0.215)
    made.medallion(0.5 - RIM - high, 0.5 - RIM - wide, 0.17)
    made.draw(RIM - from_rim, 1)
    made.draw(RIM - 0.012 - from_rim, 2)
    along = y.where(wide > high, x)
    middle = from_rim - 0.5 * RIM - 0.002
    is_corner = high.minimum(wide) > 0.5 - RIM
    beat = ((12 * along).remainder(1) - 0.5) / 12
    beat, across = beat.where(~is_corner, high - 0.5 + 0.5 * RIM), middle.where(~is_corner, wide - 0.5 + 0.5 * RIM)
    is_large = ((12 * along).floor().remainder(2) > 0.5) | is_corner
    for scale, main, where in ((0.034, 1, is_large), (0.024, 0, ~is_large)):
        away, turn = (beat.square() + across.square()).sqrt(), across.atan2(beat)
        petals = scale * (0.8 + 0.2 * (8 * turn).cos())
        for share, shade in ((1.0, main), (0.6, 0 if main else 1), (0.3, 2)):
            made.draw((share * petals - away).where(where, from_rim * 0 - 1), shade)
    made.draw(0.016 - from_rim, 1)
    beads = ((48 * along).remainder(1) - 0.5).abs()
    made.draw((0.006 - (from_rim - 0.008).abs()).minimum((0.3 - beads) / 48), 0)
    return made.second, made.third


def _camouflage(canvas: Canvas, size_m: float) -> Shares:
    """Blots of two colours with sharp edges, one over the other."""
    blots = [
        canvas.high_pass(canvas.noise(f"blots {name}", 0.7 * size_m, octaves=4, gain=0.45, stretch=(0.7, 1.3)), size_m)
        for name in ("second", "third")
    ]
    return step(blots[0], 0.15, 0.25), step(blots[1], 0.55, 0.65)


MOTIFS: Mapping[str, Callable[[Canvas, float], Shares]] = {
    "stripes": _stripes,
    "checks": _checks,
    "tartan": _tartan,
    "houndstooth": _houndstooth,
    "dots": _dots,
    "flowers": _flowers,
    "scroll": _scroll,
    "damask": _damask,
    "oriental": _oriental,
    "persian": _persian,
    "camouflage": _camouflage,
}
