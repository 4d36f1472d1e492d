"""Leaves of a hedge or of ivy, in layers above each other."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..scatter import scatter
from ..shaping import gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Leaves at all heights: the lowest are in the dark, young ones stand out at the top."""
    radius_m = 0.55 * p.size_m
    count = canvas.pieces((1.5 + 5.5 * p.density) / (radius_m * radius_m), 16_000)
    u = {name: canvas.uniform(f"leaf {name}", count) for name in ("lift", "tilt y", "tilt x", "fold", "wide")}

    def leaf(y: Tensor, x: Tensor, number: Tensor) -> Tensor:
        one = lambda name: u[name][number]  # noqa: E731
        if p.shape == "ivy":
            angle = y.atan2(x)
            away = (x.square() + y.square()).sqrt()
            inside = 0.62 + 0.26 * (2.5 * angle).cos() + 0.10 * (5 * angle).cos() - away
        else:
            inside = (0.44 + 0.16 * one("wide")) * (1 - x.clamp(-1, 1).square()).clamp_min(0) ** 0.6 - y.abs()
        bent = 0.5 * one("fold") * y.abs() - 0.22 * x.square()
        tilt = 0.9 * (one("tilt y") - 0.5) * y + 0.9 * (one("tilt x") - 0.5) * x
        up = 1.7 * p.size_m * one("lift") + radius_m * (bent + tilt)
        return up.where(inside > 0, up.new_full((), -math.inf))

    leaves = scatter(canvas, "leaves", count, radius_m, leaf, spread=0.3, even=True)
    is_leaf = (leaves.number >= 0).to(leaves.y.dtype)
    one = lambda name: canvas.uniform(f"leaf {name}", count)[leaves.number.clamp_min(0)]  # noqa: E731
    side = leaves.y.abs()
    rib = step(side, 0.06, 0.015)
    vein = (5 * (leaves.x - 0.8 * side)).remainder(1)
    vein = step((vein - 0.5).abs(), 0.12, 0.02)
    lift = one("lift")
    young = step(one("young") + 0.25 * lift, 1.15 - 0.3 * p.color_variation, 1.2 - 0.3 * p.color_variation)
    green = mix(canvas.color(p.color), canvas.color(p.second_color), young)
    value = 1 + p.color_variation * 0.7 * (one("value") - 0.5)
    dark = gradient(lift, [green * 0.25, green * 0.55, green, green * 1.15])
    color = dark * value * (1 + 0.28 * rib + 0.08 * vein) * (1 - 0.12 * step(side, 0.2, 0.5))
    below = Drawing(canvas.color((0.12, 0.11, 0.07)) * (1 + 0 * side), 0 * side - 0.4 * p.size_m, 0.95)
    height_m = leaves.height_m - 0.01 * p.size_m * rib
    return below.under(Drawing(color, height_m, mix(0.75, 0.28, p.shine) + 0.15 * (one("gloss") - 0.5)), is_leaf)
