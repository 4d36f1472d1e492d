"""Lava: dark crust in plates and ropes, with glowing cracks."""

from __future__ import annotations

import math

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Plates that bulge, with ropes where they were still soft; between them it glows from red to yellow."""
    warp = canvas.sway("bend", 0.22 * p.size_m, 0.7 * p.size_m, 6)
    plates = canvas.cells("plates", p.size_m, warp=warp, squeeze=(1, 1.3))
    small = canvas.cells("shards", 0.36 * p.size_m, warp=warp)
    each = lambda name: canvas.of_each(name, plates.number)  # noqa: E731
    is_shard = (each("broken") < 0.3).to(warp[0].dtype)
    border_m = mix(plates.to_border_m, plates.to_border_m.minimum(small.to_border_m), is_shard)
    gap_m = p.size_m * (0.01 + 0.09 * p.glow) * (0.4 + 0.6 * canvas.noise("gaps", p.size_m, octaves=2).abs())
    crust = step(border_m, 0.6 * gap_m, 1.1 * gap_m)
    rope = canvas.noise("ropes", 0.5 * p.size_m, octaves=2)
    bow = (plates.x_m * each("turn") + plates.y_m * (1 - each("turn"))) / p.size_m
    lines = 0.5 + 0.5 * (math.tau * (5 * bow + 1.1 * rope)).sin()
    lines = lines * step(each("roped"), 0.75, 0.35)
    grain = canvas.noise("grain", 0.012, octaves=5, gain=0.7)
    bubbles = step(canvas.noise("vesicles", 0.01, octaves=2), 1.5, 2.3)
    dome = bump(border_m, 0.35 * p.size_m)
    height_m = p.size_m * (0.12 * dome + 0.05 * each("high") + 0.035 * p.ropes * lines * dome + 0.005 * grain)
    height_m = height_m - 0.004 * bubbles
    silver = step(lines + 0.3 * grain, 0.5, 1.4) * p.ropes
    color = (
        canvas.color(p.color)
        * (0.85 + 0.16 * grain + 0.55 * silver + 0.35 * (each("value") - 0.5))
        * (1 - 0.3 * bubbles)
    )
    hot = canvas.color(p.glow_color)
    near = step(border_m, 2.6 * gap_m, 0.6 * gap_m)
    color = mix(color, hot * 0.45, 0.6 * near * min(1.0, 3 * p.glow))
    depth = step(border_m + 0.10 * gap_m * grain, 1.0 * gap_m, 0.1 * gap_m)
    melt = gradient(depth + 0.08 * grain, [hot * 0.3, hot * 0.75, hot, (hot * 1.4 + 0.1).clamp(0, 0.92)])
    heat = min(1.0, 8 * p.glow)
    melt, hot = mix(canvas.color(p.color) * 0.25, melt, heat), hot * heat
    molten = Drawing(melt, 0 * grain - 0.06 * p.size_m + 0.002 * grain, 0.45, emission=melt * heat if p.glow else 0.0)
    rim = 0.45 * near * min(1.0, 3 * p.glow)
    crusted = Drawing(
        color, height_m, p.roughness + 0.04 * grain - 0.2 * silver, emission=hot * (0.25 * rim * rim) if p.glow else 0.0
    )
    return molten.under(crusted, crust)
