"""Standing seam roofs and facades: sheets of zinc or steel, folded together."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..metal import with_rust
from ..shaping import step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Long trays between upright seams, crossed by flat folds, and stained where water runs."""
    columns = canvas.count(p.size_m)
    sway = canvas.sway("sway", 0.0008, 0.3)
    u = (canvas.x_m + sway[1]) / canvas.width_m * columns
    tray = u.floor()
    side_m = (0.5 - (u - tray - 0.5).abs()) * canvas.width_m / columns
    number = tray.long() % columns
    fall = (canvas.y_m + sway[0]) / canvas.height_m + canvas.uniform("folds", columns)[number]
    fold_m = (0.5 - (fall.remainder(1) - 0.5).abs()) * canvas.height_m
    below = fall.remainder(1) * canvas.height_m
    seam = step(side_m, 0.012, 0.008)
    fold = step(fold_m, 0.010, 0.007) * (1 - seam)
    clouds = canvas.high_pass(canvas.noise("clouds", 0.12, octaves=7, gain=0.62), 0.3)
    spangle = canvas.noise("spangle", 0.01, octaves=4, gain=0.75)
    rolled = canvas.noise("rolled", 0.003, octaves=3, stretch=(60, 1))
    runs = canvas.noise("runs", 0.025, octaves=4, gain=0.65, stretch=(22, 1))
    waves = canvas.noise("waves", 0.3, octaves=2, stretch=(0.8, 1.2))
    value = 1 + 0.3 * (canvas.uniform("value", columns)[number] - 0.5) * p.patina + 0.02 * rolled
    streak = p.patina * (0.09 * runs + 0.08 * clouds + 0.04 * spangle)
    pale = p.patina * 0.22 * step(below, 0.5, 0.0) * step(runs, -0.4, 1.5)
    color = canvas.color(p.metal_color) * (value + streak + pale) * (1 - 0.4 * step((side_m - 0.013).abs(), 0.006, 0.0))
    color = color * (1 - 0.25 * step((fold_m - 0.010).abs(), 0.004, 0.0))
    upright = step(side_m, max(0.016, 5 * canvas.texel_m), 0.0)
    height_m = 0.02 * upright + 0.0015 * fold + 0.0025 * p.dents * waves + 0.00001 * spangle
    roughness = p.roughness + p.patina * (0.06 * clouds + 0.05 * runs + 0.03 * spangle)
    sheet = Drawing(color, height_m, roughness, 1.0)
    return with_rust(canvas, sheet, p.rust, 0.5 * seam + 0.5 * fold, 0.15)
