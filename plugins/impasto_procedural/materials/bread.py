"""Bread: a baked crust with blisters, cracks and flour."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..damage import cracks
from ..drawing import Drawing
from ..shaping import gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Blisters that are darkest on top; in the cracks the paler crumb shows, torn in strands."""
    lumps = canvas.high_pass(canvas.noise("lumps", 1.6 * p.size_m, octaves=5, gain=0.55), 4 * p.size_m)
    swell = canvas.high_pass(canvas.noise("swell", 2.2 * p.size_m, octaves=3, gain=0.35), 5 * p.size_m)
    blisters = canvas.cells("blisters", 0.3 * p.size_m, warp=canvas.sway("ragged", 0.06 * p.size_m, 0.3 * p.size_m))
    is_blister = (canvas.of_each("is", blisters.number) < 0.35).to(lumps.dtype)
    blister = is_blister * step(blisters.from_center_m, 0.16 * p.size_m, 0.0)
    grain = canvas.noise("grain", 0.05 * p.size_m, octaves=4, gain=0.7)
    net = cracks(canvas, "cracks", 1.4 * p.size_m, 0.16 * p.size_m, 0.75 * p.cracks, sway=0.2)
    hair = cracks(canvas, "hair", 0.5 * p.size_m, 0.02 * p.size_m, 0.6 * p.cracks, sway=0.2)
    brown = p.baked * 1.05 - 0.06 + 0.07 * lumps + 0.05 * swell + 0.06 * blister + 0.03 * grain
    light, dark = canvas.color(p.color), canvas.color(p.second_color)
    shades = [canvas.color(p.crumb_color), light * 1.2, light, mix(light, dark, 0.6), dark, dark * 0.55]
    color = gradient(brown, shades) * (1 + 0.05 * grain) * (1 - 0.35 * hair)
    crumb = mix(canvas.color(p.crumb_color), light, 0.75 * p.baked) * (0.85 + 0.12 * grain)
    crust = Drawing(
        color,
        p.size_m * (0.05 * swell + 0.008 * lumps + 0.03 * blister + 0.004 * grain - 0.02 * hair),
        p.roughness + 0.05 * grain,
    )
    open_ = Drawing(crumb, crust.height_m - 0.10 * p.size_m + 0.01 * p.size_m * grain, 0.9)
    drawing = crust.under(open_, net)
    sifted = 0.6 * swell + 0.5 * canvas.noise("sifted", 0.8 * p.size_m, octaves=5, gain=0.7)
    dust = step(sifted, 1.9 - 3.4 * p.flour, 4.2 - 3.4 * p.flour) * (0.8 + 0.25 * grain).clamp(0, 1)
    flour = Drawing(canvas.color((0.88, 0.84, 0.77)) * (1 + 0.04 * grain), drawing.height_m + 0.0001, 0.95)
    return drawing.under(flour, 0.8 * dust * (1 - net))
