"""Glass of windows and doors: fluted, hammered or frosted; and clear crystals."""

from __future__ import annotations

import math

import torch

from ..blocks import Blocks, blocks
from ..canvas import Canvas, Cells, Look
from ..drawing import Drawing
from ..shaping import bump, gradient, step

GROOVE = 0.15
"""Rounds the grooves between ribs."""


CLEAR = 0.95
"""Share of light that passes through; the rest is what lies on the glass."""


JEWELS = ((0.62, 0.12, 0.14), (0.12, 0.24, 0.55), (0.80, 0.58, 0.14), (0.14, 0.42, 0.24), (0.42, 0.18, 0.46))
"""Colours of leaded glass, beside its own."""


def _pieces(canvas: Canvas, p: Look) -> Drawing:
    """Square blocks with mortar between them, or coloured pieces between strips of lead."""
    is_leaded = p.pattern == "leaded"
    side_m = (2.0 if is_leaded else 5.0) * p.size_m
    laid: Blocks | Cells
    if is_leaded:
        laid = canvas.cells("pieces", side_m, jitter=0.8)
        inside_m = laid.to_border_m - 0.04 * side_m
    else:
        laid = blocks(canvas, "stack", side_m, side_m)
        inside_m = laid.inside_m(0.07 * side_m, 0.08 * side_m)
    swirl = canvas.noise("swirl", 0.3 * side_m, octaves=3)
    base = canvas.color(p.color)
    color = base * (0.9 + p.relief * (0.25 * swirl + 0.3 * step(inside_m, 0.12 * side_m, 0.0)))
    if is_leaded:
        palette = torch.stack([canvas.color(jewel)[:, 0, 0] for jewel in JEWELS] + [base[:, 0, 0]])
        number = (canvas.of_each("jewel", laid.number) * len(palette)).long()
        color = palette[number].permute(2, 0, 1) * (0.95 + 0.3 * p.relief * swirl)
    spots = canvas.noise("seeds", 0.004)
    color = color + 0.1 * step(spots, 3.4 - 1.2 * p.bubbles, 3.8 - 1.2 * p.bubbles)
    between = step(inside_m, 0.0, -0.004 * side_m - canvas.texel_m)
    frame = canvas.color((0.25, 0.25, 0.26) if is_leaded else (0.78, 0.77, 0.74)) * (1 + 0.06 * swirl)
    dome_m = side_m * (0.01 if is_leaded else 0.05) * bump(inside_m.clamp_min(0), 0.25 * side_m)
    glass = Drawing(color.clamp(0.01, 0.9), dome_m + 0.004 * side_m * p.relief * swirl, p.roughness, transmission=CLEAR)
    rim_m = side_m * (0.03 if is_leaded else -0.01)
    return glass.under(Drawing(frame, 0 * swirl + rim_m, 0.6, 0.3 if is_leaded else 0.0), between)


def _frost(canvas: Canvas, p: Look) -> Drawing:
    """Flowers of ice on a clear pane: feathers whose barbs branch off an axis, in every direction."""
    made = canvas.x_m.new_zeros(canvas.size_px)
    for level, size_m in enumerate((4 * p.size_m, 2 * p.size_m)):
        warp = canvas.sway(f"bent {level}", 0.14 * size_m, 0.8 * size_m, 3)
        cells = canvas.cells(f"feathers {level}", size_m, jitter=0.9, warp=warp)
        turn = math.tau * canvas.of_each(f"turn {level}", cells.number)
        along = cells.y_m * turn.sin() + cells.x_m * turn.cos()
        across = (cells.y_m * turn.cos() - cells.x_m * turn.sin()).abs()
        barbs = (math.tau * (along + 0.9 * across) / (0.13 * size_m)).cos()
        feather = step(barbs, -0.5, 0.9) * step(across, 0.55 * size_m, 0.05 * size_m)
        feather = feather.maximum(step(across, 0.035 * size_m, 0.01 * size_m))
        made = made.maximum(feather * (0.95 - 0.25 * level))
    places = canvas.noise("where ice is", 6 * p.size_m, octaves=3)
    grain = canvas.noise("grain", 0.0012, octaves=3, gain=0.8)
    ice = ((0.3 + 0.7 * made) * step(places, -1.8, 0.6) + 0.05 * grain).clamp(0, 1)
    color = canvas.color(p.color) * 0.35 + 0.62 * ice
    return Drawing(color.clamp(0, 0.9), 0.01 * p.size_m * ice, 0.1 + 0.5 * ice, transmission=CLEAR - 0.6 * ice)


def _crystals(canvas: Canvas, p: Look) -> Drawing:
    """A druse: six-sided points of crystals that lean and grow through each other, with veils inside."""
    top_m = canvas.x_m.new_full(canvas.size_px, -math.inf)
    shade, color = 0 * top_m.clamp_min(0), canvas.color(p.color)
    for level, scale in enumerate((3.2, 2.2, 1.4)):
        size_m = scale * p.size_m
        points = canvas.cells(f"crystals {level}", size_m, jitter=0.9)
        each = lambda name, k=level, of=points.number: canvas.of_each(f"{name} {k}", of)  # noqa: E731
        lean, turn = 0.3 * size_m * (each("lean") - 0.5), math.tau * each("turn")
        y, x = points.y_m - lean, points.x_m - 0.3 * size_m * (each("lean x") - 0.5)
        along, across = y * turn.sin() + x * turn.cos(), (y * turn.cos() - x * turn.sin()) * 1.5
        sides = [(angle.cos() * along + angle.sin() * across) for angle in math.tau / 6 * torch.arange(6.0)]
        far, facet = torch.stack(sides).max(0)
        high_m = size_m * (0.5 + 0.5 * each("high")) - 1.5 * far
        tone = canvas.of_each(f"facet {level}", 6 * points.number + facet) - 0.5
        ridge = step((torch.stack(sides).topk(2, 0).values.diff(dim=0)[0]).abs(), 0.035 * size_m, 0.0)
        wins = high_m > top_m
        lit = 0.42 + 0.5 * tone + 0.2 * (high_m / size_m - 0.5) + 0.28 * ridge
        shade, top_m = lit.where(wins, shade), high_m.where(wins, top_m)
    veils = canvas.noise("veils", 2 * p.size_m, octaves=5, gain=0.6)
    deep = step(top_m, 0.3 * p.size_m, 1.6 * p.size_m)
    shade = (shade + 0.07 * veils) * (0.35 + 0.65 * deep)
    shades = [color * 0.12, color * 0.5, color, color * 1.3 + 0.12, color * 0.6 + 0.4]
    height_m = top_m.clamp_min(0.2 * p.size_m) * (0.4 + 0.6 * p.relief)
    return Drawing(gradient(shade, shades).clamp(0.005, 0.92), height_m, p.roughness + 0.05, transmission=0.35)


def draw(canvas: Canvas, p: Look) -> Drawing:
    """A pattern pressed into one side; its slopes are lighter and darker, as what is behind them is bent."""
    sway = canvas.sway("sway", 0.012 * p.size_m, 4 * p.size_m)
    fine = canvas.noise("fine", 0.0015, octaves=3, gain=0.8)
    waves = canvas.noise("waves", 2 * p.size_m, octaves=3)
    if p.pattern == "ribbed":
        phase = (canvas.x_m + sway[1]) / canvas.width_m * canvas.count(p.size_m)
        relief = ((math.pi * phase).sin().square() + GROOVE).sqrt()
        bend = (math.tau * phase + 0.4 + 0.15 * waves).sin()
    elif p.pattern == "hammered":
        cells = canvas.cells("dents", p.size_m, jitter=0.8, warp=canvas.sway("ragged", 0.06 * p.size_m, p.size_m))
        relief = bump(cells.to_border_m, 0.45 * p.size_m) * (0.7 + 0.5 * canvas.of_each("deep", cells.number))
        bend = (cells.y_m + 0.6 * cells.x_m) / (0.5 * p.size_m)
    elif p.pattern in ("wavy", "clear"):
        size_m = p.size_m if p.pattern == "wavy" else 0.4 * canvas.width_m
        relief = (0.5 if p.pattern == "wavy" else 0.02) * canvas.noise(
            "ripples", size_m, octaves=2, gain=0.3, stretch=(0.6, 1.6)
        )
        bend = 1.6 * relief
    elif p.pattern in ("blocks", "leaded"):
        return _pieces(canvas, p)
    elif p.pattern in ("frost", "crystals"):
        return (_frost if p.pattern == "frost" else _crystals)(canvas, p)
    else:
        relief = 0.25 * canvas.noise("frost", 0.1 * p.size_m, octaves=4, gain=0.7)
        bend = 1.3 * canvas.noise("clouds", 5 * p.size_m, octaves=3, gain=0.4) + 0.12 * fine  # blurred shapes behind
    spots = canvas.cells("bubbles", 0.02, jitter=0.9)
    size_m = 0.0016 * canvas.of_each("size", spots.number) ** 2 + 0.0003
    is_bubble = (canvas.of_each("is", spots.number) < p.bubbles).to(relief.dtype)
    bubble = is_bubble * step((spots.from_center_m - size_m).abs(), 0.5 * size_m, 0.1 * size_m)
    base = canvas.color(p.color)
    shade = 0.5 + p.relief * (0.34 * bend + 0.12 * (relief - 0.5)) + 0.03 * waves + 0.2 * bubble
    color = gradient(shade, [base * 0.55, base * 0.85, base, base * 1.2])
    frosted = p.pattern == "frosted"
    height_m = p.size_m * (0.02 if frosted else 0.16) * p.relief * relief + 0.000006 * waves + 0.0000015 * fine
    roughness = p.roughness + (0.42 + 0.03 * fine if frosted else 0.0) + 0.1 * bubble
    return Drawing(color.clamp(0, 0.9), height_m, roughness, transmission=CLEAR - 0.3 * bubble)
