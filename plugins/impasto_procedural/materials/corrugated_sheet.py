"""Corrugated sheets of zinc-plated steel, screwed on in overlapping rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..metal import with_rust
from ..shaping import mix, step

WAVES = 5
"""Waves across a sheet."""


@dataclass(frozen=True)
class SheetLayout:
    """Sheets as they lie, (H, W). sheet: number of each. edge: 1 near lower and side edges. screw: 1 at screws."""

    height_m: Tensor
    sheet: Tensor
    edge: Tensor
    screw: Tensor
    around_screw: Tensor


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Waves of sheet steel in overlapping rows, crystals of zinc, screws on the crests, and rust from there."""
    laid = _layout(canvas, p)
    clouds = canvas.noise("clouds", 0.2, octaves=7, gain=0.62, stretch=(1.8, 1))
    metal = _zinc(canvas, p, laid, clouds)
    washed = _streaks(canvas, p)
    if p.paint:
        chips = clouds + 0.5 * canvas.noise("chips", 0.03, octaves=5, gain=0.7, stretch=(5, 1)) - laid.edge
        coat = step(chips, 2.6 - 5.2 * p.paint, 2.75 - 5.2 * p.paint) * (1 - laid.screw)
        color = canvas.color(p.color) * (1 + 0.08 * clouds) * (1 + 0.2 * (canvas.of_each("faded", laid.sheet) - 0.5))
        color = mix(color, 0.5 * canvas.color(p.color) + 0.14, (0.5 * p.weathered * (1 + 0.4 * clouds)).clamp(0, 1))
        metal = metal.under(Drawing(color, laid.height_m + 0.0001, 0.42 + 0.25 * p.weathered + 0.05 * clouds), coat)
    prone = laid.edge.maximum(0.8 * laid.around_screw)
    return with_rust(canvas, metal.with_tint(washed), p.rust, prone, run_m=0.25, upright=4.0)


def _streaks(canvas: Canvas, p: Look) -> Tensor:
    """Brightness (H, W) of what rain has washed down: long soft streaks."""
    broad = canvas.noise("washed", 0.1, octaves=4, gain=0.6, stretch=(8, 1))
    fine = canvas.noise("washed fine", 0.012, octaves=3, gain=0.7, stretch=(30, 1))
    return 1 + (0.05 + 0.14 * p.weathered) * (0.7 * broad + 0.6 * fine).clamp(-2.5, 2)


def _zinc(canvas: Canvas, p: Look, laid: SheetLayout, clouds: Tensor) -> Drawing:
    """Crystals, each of which reflects in its own way, under a skin that grows dull and white."""
    warp = [0.09 * p.spangle_m * canvas.noise(f"feathers {k}", 0.3 * p.spangle_m, octaves=2) for k in "yx"]
    crystals = canvas.cells("crystals", p.spangle_m, warp=(warp[0], warp[1]))
    facet = canvas.of_each("facet", crystals.number) - 0.5
    turn = math.tau * canvas.of_each("turn", crystals.number)
    ribs = ((crystals.y_m * turn.sin() + crystals.x_m * turn.cos()) * (26 / p.spangle_m)).sin()
    seen = p.spangle * min(1.0, p.spangle_m / (4 * canvas.texel_m))
    white = step(clouds, 2.2 - 2.6 * p.weathered, 4.4 - 2.6 * p.weathered)
    streaks = canvas.noise("streaks", 0.02, octaves=4, gain=0.6, stretch=(14, 1))
    value = 0.50 - 0.13 * p.weathered + seen * (0.32 * facet + 0.05 * ribs) + 0.025 * clouds + 0.025 * streaks
    value = value * (1 - 0.12 * laid.edge) * (1 + 0.1 * (canvas.of_each("sheet", laid.sheet) - 0.5))
    bluish = canvas.color((0.97, 0.985, 1.0))
    roughness = 0.36 + 0.18 * p.weathered - 0.16 * seen * facet + 0.04 * clouds + 0.25 * white
    height_m = laid.height_m + 0.00002 * seen * facet
    zinc = Drawing(bluish * value.clamp(0.08, 0.9), height_m, roughness, 1.0)
    return zinc.under(Drawing(bluish * (0.44 + 0.03 * streaks), height_m, 0.8, 0.35), 0.7 * white)


def _layout(canvas: Canvas, p: Look) -> SheetLayout:
    waves = canvas.count(p.wave_m, multiple_of=WAVES if canvas.width_m > 2.5 * WAVES * p.wave_m else 1)
    rows = canvas.count(p.sheet_m, horizontal=False)
    bent = 0.035 * p.dents * canvas.noise("bent", 0.5, octaves=2, stretch=(1, 0.4))
    u = canvas.x_m / canvas.width_m * waves + 0.3 + bent
    v = (canvas.y_m / canvas.height_m * rows + 0.37).expand(canvas.size_px)
    row, column = v.floor(), ((u - 0.1) / WAVES).floor()
    columns = max(1, waves // WAVES)
    sheet = row.long() % rows * columns + column.long() % columns
    crest = (math.tau * u).cos()
    flat = crest if p.profile == "sine" else (2.2 * crest).clamp(-1, 1)
    to_bottom_m = (1 - (v - row)) * canvas.height_m / rows
    to_side_m = ((u - 0.1) - column * WAVES) * canvas.width_m / waves
    wavy = 0.5 + 0.5 * canvas.noise("lifted", 0.09, octaves=2).clamp(-1, 2)
    lift_m = (0.0012 + 0.003 * p.dents * wavy) * step(to_bottom_m, 0.08, 0.0)
    lift_m = lift_m + 0.0012 * step(to_side_m, 0.05, 0.0)
    dents = step(canvas.noise("dents", 0.06), 3.0 - 0.9 * p.dents, 4.2 - 0.9 * p.dents)
    screw, around, head_m = _screws(canvas, u, to_bottom_m, waves)
    height_m = 0.5 * p.depth_m * flat + lift_m - 0.3 * p.depth_m * p.dents * dents + head_m
    edge = step(to_bottom_m, 0.05, 0.0).maximum(step(to_side_m, 0.018, 0.0))
    return SheetLayout(height_m, sheet, edge, screw, around)


def _screws(canvas: Canvas, u: Tensor, to_bottom_m: Tensor, waves: int) -> tuple[Tensor, Tensor, Tensor]:
    """Masks (H, W) of screws and of what is near them, and their height: on every second crest above each overlap."""
    wave_m = canvas.width_m / waves
    crest = (u / 2).round() * 2 if waves % 2 == 0 else u.round()
    x, y = (u - crest) * wave_m, to_bottom_m - 0.045
    away_m = (x * x + y * y).sqrt()
    hexagon_m = x.abs().maximum(0.5 * x.abs() + 0.866 * y.abs())
    washer, head = step(away_m, 0.0095, 0.0085), step(hexagon_m, 0.0056, 0.005)
    around = step(away_m, 0.03, 0.008)
    return washer, around, 0.0016 * washer + 0.0045 * head
