"""Rubber flooring: studs, ribs or granules."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Round studs in rows, ribs, or pressed granules, with specks and scuffs."""
    warp = canvas.sway("sway", 0.0, canvas.width_m)
    grain = canvas.noise("grain", 0.0012, octaves=3, gain=0.7)
    clouds = canvas.high_pass(canvas.noise("clouds", 0.06, octaves=6, gain=0.65), 0.12)
    specks = canvas.cells("specks", 0.004, warp=canvas.sway("ragged", 0.0008, 0.003))
    each = lambda name: canvas.of_each(name, specks.number)  # noqa: E731
    if p.pattern == "studs":
        cells = canvas.cells("studs", p.size_m, jitter=0.0, stagger=0.5, stretch=(0.866, 1), warp=warp)
        up = bump((0.33 * p.size_m - cells.from_center_m).clamp_min(0), 0.08 * p.size_m)
        side = step((cells.from_center_m - 0.33 * p.size_m).abs(), 0.07 * p.size_m, 0.0)
    elif p.pattern == "ribs":
        phase = ((canvas.y_m + warp[0]) / canvas.height_m * canvas.count(0.5 * p.size_m, horizontal=False)).remainder(1)
        up = step((phase - 0.5).abs(), 0.34, 0.22) + 0 * grain
        side = step(((phase - 0.5).abs() - 0.28).abs(), 0.09, 0.0) + 0 * grain
    else:
        cells = canvas.cells("granules", 0.14 * p.size_m, warp=canvas.sway("lumps", 0.02 * p.size_m, 0.1 * p.size_m))
        up = bump(cells.to_border_m, 0.05 * p.size_m) * (0.75 + 0.25 * canvas.of_each("high", cells.number))
        side = step(cells.to_border_m, 0.02 * p.size_m, 0.0)
        specks, each = cells, lambda name: canvas.of_each(name, cells.number)
    is_speck = (each("speck") < 0.6 * p.specks).to(grain.dtype)
    is_speck = is_speck * step(specks.to_border_m, 0.0, 0.0004)
    scuff = step(clouds + 0.5 * up, 0.9, 2.0)
    color = mix(canvas.color(p.color), canvas.color(p.speck_color) * (0.8 + 0.4 * each("value")), is_speck)
    color = color * (1 + 0.05 * grain + 0.06 * clouds) * (1 - 0.3 * side)
    color = mix(color, color.mean((1, 2), keepdim=True) * 1.5 + 0.02, 0.35 * scuff)
    height_m = p.size_m * (0.02 + 0.09 * p.relief) * up + 0.00003 * grain
    return Drawing(color, height_m, p.roughness + 0.14 * scuff + 0.03 * grain - 0.1 * up)
