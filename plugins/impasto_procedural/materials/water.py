"""Water seen from above: swell, wind waves, ripples and foam."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Waves of several lengths with sharp crests, as wind makes them, and foam that they have torn into nets."""
    bend = canvas.sway("bend", 0.25 * p.size_m, 1.5 * p.size_m, 3)
    crests = []
    for index, (size, stretch) in enumerate(((1.0, 1.9), (0.52, 1.6), (0.27, 1.4))):
        lumps = canvas.warp(
            canvas.noise(f"wave {index}", size * p.size_m, octaves=2, gain=0.35, stretch=(1, stretch)), *bend
        )
        crests.append(1 - 1.6 * (lumps.square() + 0.03).sqrt())  # sharp crests, round troughs
    swell = canvas.high_pass(canvas.noise("swell", p.size_m, octaves=2), 2 * p.size_m)
    sea = canvas.high_pass(0.5 * crests[0] + 0.3 * crests[1] + 0.17 * crests[2] + 0.12 * swell, 1.5 * p.size_m)
    fine = canvas.warp(
        canvas.noise("ripples", 0.12 * p.size_m, octaves=4, gain=0.58, stretch=(1, 1.5)), bend[0] * 0.2, bend[1] * 0.2
    )
    fine = 1 - 1.4 * (fine.square() + 0.02).sqrt()
    height_m = 0.16 * p.size_m * p.waves * sea + 0.014 * p.size_m * p.ripples * fine
    deep, clear = canvas.color(p.color), canvas.color(p.second_color)
    shade = 0.42 + p.waves * (0.34 * sea - 0.05) + 0.07 * p.ripples * fine
    color = gradient(shade, [deep * 0.55, deep, mix(deep, clear, 0.6), clear, clear * 1.25])
    net = canvas.cells("foam", 0.16 * p.size_m, warp=canvas.sway("foam", 0.07 * p.size_m, 0.2 * p.size_m, 5))
    holes = step(net.to_border_m, 0.055 * p.size_m, 0.0)
    where = step(1.1 * sea + 0.5 * swell + 0.12 * fine, 2.0 - 2.6 * p.foam, 2.6 - 2.6 * p.foam) if p.foam else 0.0 * sea
    bubbles = canvas.noise("bubbles", 0.02 * p.size_m, octaves=3, gain=0.8)
    foam = (where * (0.3 * where + holes + 0.12 * bubbles)).clamp(0, 1)
    white = canvas.color((0.86, 0.89, 0.89)) * (1 + 0.04 * bubbles)
    water = Drawing(color, height_m, 0.05)
    return water.under(Drawing(white, height_m + 0.004 * p.size_m * (1 + 0.4 * bubbles), 0.7), 0.92 * foam)
