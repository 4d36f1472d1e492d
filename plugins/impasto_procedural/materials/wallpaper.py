"""Wallpaper: damask ornaments or stripes on embossed paper."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..motifs import MOTIFS, damask_distance
from ..shaping import mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Ornaments in rows, each shifted by half; what is printed shines more than the paper."""
    sway = canvas.sway("sway", 0.0, canvas.width_m)
    columns = canvas.count(p.size_m)
    soft = max(0.006, 0.8 * canvas.texel_m / p.size_m)
    leaves = 0 * canvas.y_m
    if p.pattern in MOTIFS and p.pattern != "stripes":
        printed, leaves = MOTIFS[p.pattern](canvas, p.size_m)
    elif p.pattern == "stripes":
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
            printed = printed.maximum(step(damask_distance(y, x), -soft, soft))
    printed = printed.maximum(leaves)
    weave = canvas.noise("paper", 0.0016, octaves=2, gain=0.8)
    threads = canvas.noise("threads", 0.0012, octaves=2, stretch=(20, 1))
    clouds = canvas.high_pass(canvas.noise("clouds", 0.15, octaves=6, gain=0.6), 0.3)
    color = mix(canvas.color(p.color), canvas.color(p.second_color) * (1 - 0.5 * leaves), printed) * (
        1 + 0.025 * weave + 0.03 * threads * printed
    )
    old = p.faded * (0.4 + 0.35 * clouds).clamp(0, 1)
    color = mix(color, color.mean((1, 2), keepdim=True) * canvas.color((0.98, 0.93, 0.84)), 0.6 * old) * (1 - 0.1 * old)
    height_m = 0.0005 * p.relief * printed + 0.00003 * weave + 0.00005 * threads * p.relief * (1 - printed)
    return Drawing(color, height_m, p.roughness - 0.3 * printed * p.relief + 0.03 * weave + 0.1 * old)
