"""Skin and flesh: a grain of fine furrows, pores, flushes and veins."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Small plates between furrows that cross, with pores at the crossings; veins branch below and push up."""
    warp = canvas.sway("sway", 0.16 * p.size_m, p.size_m, 3)
    plates = canvas.cells("plates", p.size_m, warp=warp, stretch=(1, 1.25))
    small = canvas.cells("small", 0.5 * p.size_m, warp=warp)
    plate = bump(plates.to_border_m, 0.3 * p.size_m)
    fine = bump(small.to_border_m, 0.18 * p.size_m)
    pore = step(plates.from_center_m, 0.16 * p.size_m, 0.05 * p.size_m)
    pore = pore * (canvas.of_each("pore", plates.number) < 0.3).to(pore.dtype)
    broad = 12 * p.size_m
    flush = canvas.high_pass(canvas.noise("flush", broad, octaves=6, gain=0.6), 2 * broad)
    mottled = canvas.noise("mottled", 3 * p.size_m, octaves=4, gain=0.7)
    bend = canvas.sway("bend", 0.35 * broad, broad, 5)
    folds = canvas.warp(
        canvas.noise("folds", 0.5 * broad, octaves=3, gain=0.5, stretch=(0.55, 2)), bend[0] * 0.3, bend[1] * 0.3
    )
    crease = p.creases * step(folds.abs(), 0.16, 0.0) * step(flush, -1.2, 0.6)
    vein = 0.0 * folds
    for index, size in enumerate((1.0, 0.5)):
        net = canvas.cells(f"veins {index}", size * 1.6 * broad, warp=bend)
        reach = canvas.noise(f"reach {index}", 1.3 * broad, octaves=2) + 3.4 * p.veins - 1.6
        half_m = size * 0.085 * broad * reach.clamp(0, 1) * min(1.0, 6 * p.veins)
        vein = vein.maximum((1 - net.to_border_m / half_m.clamp_min(1e-6)).clamp(0, 1) * (half_m > 0))
    vein = vein * vein * (3 - 2 * vein)
    lumps = canvas.cells("lumps", 0.9 * broad, warp=bend)
    bulge = p.bulges * bump(lumps.to_border_m, 0.4 * broad)
    raised = (0.65 * plate + 0.25 * fine) * (1 - 0.6 * p.bulges)
    height_m = p.size_m * (0.16 * raised - 0.10 * pore - 0.35 * crease + 1.1 * vein + 3.5 * bulge)
    tone = (0.32 + 0.2 * flush + 0.15 * mottled).clamp(0, 1)
    color = mix(canvas.color(p.color), canvas.color(p.second_color), tone)
    color = mix(color, canvas.color(p.vein_color), 0.75 * vein)
    color = (
        color
        * (0.90 + 0.10 * raised)
        * (1 - 0.18 * pore - 0.25 * crease)
        * (1 - p.bulges * 0.5 * (1 - bump(lumps.to_border_m, 0.15 * broad)))
    )
    roughness = mix(0.72, 0.2, p.shine) + 0.08 * (1 - raised) + 0.04 * mottled
    return Drawing(color.clamp_min(0.004), height_m, roughness)
