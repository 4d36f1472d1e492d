"""Wallpaper: damask ornaments or stripes on embossed paper."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import mix, step

PETALS = (
    *((0.30, 0.00, 0.17, 0.050, 90), (0.24, 0.070, 0.15, 0.040, 62), (0.15, 0.120, 0.14, 0.036, 38)),
    *((0.05, 0.145, 0.12, 0.034, 12), (-0.06, 0.130, 0.12, 0.034, -20), (-0.02, 0.0, 0.13, 0.055, 90)),
    *((-0.17, 0.075, 0.13, 0.036, -58), (-0.27, 0.0, 0.12, 0.040, 90), (-0.19, 0.19, 0.11, 0.030, -35)),
    *((-0.32, 0.16, 0.10, 0.030, 40), (0.33, 0.15, 0.085, 0.026, 75), (0.26, 0.21, 0.085, 0.026, 25)),
)
"""Leaves of the ornament: height and distance of the centre, half length, half width in units, and angle in degrees."""
DOTS = ((0.40, 0.085, 0.018), (0.455, 0.0, 0.024), (-0.42, 0.0, 0.022), (-0.39, 0.08, 0.016), (0.09, 0.25, 0.017))
OGEE = 0.030
"""Half the width of the band around each ornament."""


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Ornaments in rows, each shifted by half; what is printed shines more than the paper."""
    sway = canvas.sway("sway", 0.0, canvas.width_m)
    columns = canvas.count(p.size_m)
    soft = max(0.006, 0.8 * canvas.texel_m / p.size_m)
    if p.pattern == "stripes":
        u = (canvas.x_m + sway[1]) / canvas.width_m * columns
        place = (u.remainder(1) - 0.5).abs()
        printed = step((place - 0.02).abs(), 0.16 + soft, 0.16 - soft).maximum(
            step((place - 0.26).abs(), 0.02 + soft, 0.02 - soft)
        )
    else:
        rows = canvas.count(0.78 * p.size_m, horizontal=False, multiple_of=2)
        u = (canvas.x_m + sway[1]) / canvas.width_m * columns
        v = (canvas.y_m + sway[0]) / canvas.height_m * rows
        printed = 0.0 * (u + v)
        for shift in (0, 1):  # ornaments are higher than their rows, and reach between those of the next one
            row = ((v - shift) / 2).floor()
            y = 0.78 * ((v - shift) / 2 - row - 0.5) * 2
            x = (u + 0.5 * shift).remainder(1) - 0.5
            printed = printed.maximum(step(_inside(y, x), -soft, soft))
    weave = canvas.noise("paper", 0.0016, octaves=2, gain=0.8)
    threads = canvas.noise("threads", 0.0012, octaves=2, stretch=(20, 1))
    clouds = canvas.high_pass(canvas.noise("clouds", 0.15, octaves=6, gain=0.6), 0.3)
    color = mix(canvas.color(p.color), canvas.color(p.second_color), printed) * (
        1 + 0.025 * weave + 0.03 * threads * printed
    )
    old = p.faded * (0.4 + 0.35 * clouds).clamp(0, 1)
    color = mix(color, color.mean((1, 2), keepdim=True) * canvas.color((0.98, 0.93, 0.84)), 0.6 * old) * (1 - 0.1 * old)
    height_m = 0.0005 * p.relief * printed + 0.00003 * weave + 0.00005 * threads * p.relief * (1 - printed)
    return Drawing(color, height_m, p.roughness - 0.3 * printed * p.relief + 0.03 * weave + 0.1 * old)


def _inside(y: Tensor, x: Tensor) -> Tensor:
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
