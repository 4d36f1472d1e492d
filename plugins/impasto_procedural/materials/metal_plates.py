"""Steel plates: riveted, or rolled with a tread of diamonds or bars."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..blocks import Blocks, blocks
from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..metal import with_rust
from ..shaping import bump, step

BARS = 5


@dataclass(frozen=True)
class PlateForm:
    """Form of the plates (H, W). raised: 1 on what is rubbed. cavity: 1 in joints and at feet, where water stays."""

    height_m: Tensor
    raised: Tensor
    cavity: Tensor
    shade: Tensor | float = 0.0


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Plates of steel with raised rivets or tread, rust where water stays, bright where feet and hands rub."""
    relief = _rivets(canvas, p) if p.pattern == "riveted" else _tread(canvas, p)
    clouds = canvas.noise("clouds", 0.16, octaves=7, gain=0.55)
    grain = canvas.noise("grain", 0.003, octaves=3, gain=0.8)
    bright = relief.raised * p.rubbed * step(clouds, -1.8, 0.6)
    steel = _steel(canvas, p, relief, clouds, bright)
    if p.paint:
        chips = canvas.high_pass(clouds, 0.3) + 0.5 * canvas.noise("chips", 0.03, octaves=5, gain=0.7) - 8 * bright
        bare = -4.8 * (p.paint - 0.5) - 40 * (p.paint - 0.5) ** 3  # below all chips at 1
        coat = step(chips, bare, bare + 0.1)
        steel = steel.under(_paint(canvas, p, relief, clouds, grain), coat)
    return with_rust(canvas, steel, p.rust, relief.cavity - 0.9 * bright)


def _steel(canvas: Canvas, p: Look, relief: PlateForm, clouds: Tensor, bright: Tensor) -> Drawing:
    rolled = canvas.noise("rolled", 0.003, octaves=2, stretch=(1, 40))
    scale = step(clouds + 0.3 * rolled, 1.6, -1.2)  # mill scale: a dark skin from rolling
    value = (0.76 - 0.2 * scale) * (1 + 0.3 * relief.shade) + 0.02 * rolled + 0.7 * bright
    waves_m = 0.0012 * p.dents * canvas.noise("waves", 0.25, octaves=2)
    dents = step(canvas.noise("dents", 0.05), 2.8 - 0.9 * p.dents, 4.2 - 0.9 * p.dents)
    height_m = relief.height_m + waves_m - 0.003 * p.dents * dents + 0.00001 * rolled
    grime = 1 - relief.cavity * (0.25 + 0.35 * step(clouds, -2.0, 1.0))
    roughness = 0.44 + 0.05 * clouds + 0.08 * scale - 0.2 * bright + 0.15 * relief.cavity + 0.02 * rolled
    return Drawing(canvas.color(p.metal_color) * (value * grime).clamp(0.1, 1.3), height_m, roughness, 1.0)


def _paint(canvas: Canvas, p: Look, relief: PlateForm, clouds: Tensor, grain: Tensor) -> Drawing:
    value = (1 + 0.07 * clouds + 0.25 * relief.shade) * (1 - 0.3 * relief.cavity)
    return Drawing(canvas.color(p.color) * value, relief.height_m + 0.00025 + 0.00002 * grain, 0.5 + 0.06 * clouds)


def _rivets(canvas: Canvas, p: Look) -> PlateForm:
    plates = blocks(canvas, "running", p.plate_m, 0.5 * p.plate_m)
    each = lambda name: canvas.of_each(name, plates.number)  # noqa: E731
    inside_m = plates.inside_m(0.0025, 0.004)
    radius_m = 0.5 * p.rivet_m
    away_m = _to_rivet_m(plates, 1.8 * p.rivet_m, 3.6 * p.rivet_m)
    dome = (1 - (away_m / radius_m).square()).clamp_min(0).sqrt()
    seam = step(inside_m, 0.0, -0.002)
    lean = (each("lean y") - 0.5) * plates.y_m + (each("lean x") - 0.5) * plates.x_m
    bulge = bump(inside_m.clamp_min(0), 0.2 * p.plate_m)
    height_m = 0.55 * radius_m * dome + 0.0012 * bump(inside_m.clamp_min(0), 0.004) - 0.004 * seam
    height_m = height_m + 0.006 * lean + 0.004 * p.dents * (each("bulge") - 0.4) * bulge
    foot = step(away_m, 1.5 * radius_m, radius_m) * (1 - step(dome, 0.0, 0.4))
    cavity = (0.6 * step(inside_m, 0.006, 0.0) + foot).clamp(0, 1)
    edge = (0.6 * step(inside_m, 0.007, 0.003) + 0.3 * step(inside_m, 0.04, 0.0)) * step(inside_m, 0.0, 0.002)
    return PlateForm(height_m, (step(dome, 0.4, 0.9) + edge).clamp(0, 1), cavity, each("shade") - 0.5)


def _tread(canvas: Canvas, p: Look) -> PlateForm:
    rows = canvas.count(p.tread_m, horizontal=False, multiple_of=2)
    columns = canvas.count(p.tread_m, multiple_of=2)
    v, u = canvas.y_m / canvas.height_m * rows + 0.25, canvas.x_m / canvas.width_m * columns + 0.25
    row, column = v.floor(), u.floor()
    turned = (row + column).remainder(2) > 0.5
    y, x = (v - row - 0.5).expand(canvas.size_px), (u - column - 0.5).expand(canvas.size_px)
    along, across = x.where(turned, y), y.where(turned, x)
    if p.pattern == "diamond":
        inside = 0.11 * (1 - (along / 0.46).square()) - across.abs()
    else:
        pitch = 0.84 / BARS
        bar = (across / pitch).round().clamp(-(BARS // 2), BARS // 2) * pitch
        inside = 0.055 - ((along.abs() - 0.36).clamp_min(0).square() + (across - bar).square()).sqrt()
    top = bump(inside.clamp_min(0), 0.11 if p.pattern == "diamond" else 0.05)
    cavity = step(inside, -0.14, 0.0) * step(inside, 0.03, 0.0)
    return PlateForm(p.tread_height_m * top, step(top, 0.3, 0.8), cavity)


def _to_rivet_m(plates: Blocks, margin_m: float, spacing_m: float) -> Tensor:
    """Distance (H, W) to the nearest of the rivets along the four sides of a plate, `margin_m` inside it."""
    high, wide = plates.half_height_m - margin_m, plates.half_width_m - margin_m
    y, x = plates.y_m.abs(), plates.x_m.abs()
    gap_y, gap_x = (2 * side / (2 * side / spacing_m).round().clamp_min(1) for side in (high, wide))
    near_y = high - ((high - y) / gap_y).round().clamp_min(0) * gap_y
    near_x = wide - ((wide - x) / gap_x).round().clamp_min(0) * gap_x
    on_rows = (y - high).square() + (x - near_x).square()
    on_columns = (y - near_y).square() + (x - wide).square()
    return on_rows.minimum(on_columns).sqrt()
