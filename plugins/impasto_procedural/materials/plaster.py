"""Plaster on a wall, trowelled by hand."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..damage import cracks
from ..drawing import Drawing
from ..scatter import scatter
from ..shaping import mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """A top coat of plaster in strokes that lie over each other, on a coarse base coat."""
    clouds = canvas.noise("clouds", 0.5, octaves=7, gain=0.62)
    sand = canvas.noise("sand", 0.004, octaves=2, gain=0.8)
    stroke_m, edge = _strokes(canvas, p)
    crack = cracks(canvas, "cracks", 0.42, 0.003 + 0.007 * p.cracks**3, 0.75 * p.cracks)
    fine = cracks(canvas, "fine cracks", 0.12, 0.001, 0.5 * p.cracks)
    repair = _repairs(canvas, p)
    height_m = (
        stroke_m + 0.0015 * clouds + (0.00008 + 0.0003 * p.sand) * sand - 0.55 * p.thickness_m * crack - 0.0008 * fine
    )
    height_m = height_m + 0.3 * p.thickness_m * repair
    streaks = canvas.noise("streaks", 0.05, octaves=4, stretch=(9, 1))
    value = 1 + p.stains * (0.16 * clouds + 0.06 * streaks) + 0.03 * sand * p.sand + 0.13 * p.trowel * edge
    color = canvas.color(p.color) * value * (1 + p.stains * clouds.clamp(-2, 0) * canvas.color((0.0, 0.28, 0.45)))
    newer = color.mean((1, 2), keepdim=True) * 0.4 + canvas.color((0.72, 0.70, 0.66)) * 0.6
    color = mix(color, newer * (1 + 0.03 * clouds + 0.02 * sand), 0.5 * repair)
    color = color * (1 - 0.65 * crack) * (1 - 0.4 * fine)
    top = Drawing(color, height_m, p.roughness - 0.12 * p.trowel * edge.clamp_min(0) + 0.03 * sand - 0.04 * clouds)
    bare = _bare(canvas, p, clouds, crack)
    rim = step(bare, -0.006, 0.0) * step(bare, 0.012, 0.0)
    top = top.with_tint(1 + 0.15 * rim * (1 - repair))
    return top.under(_base(canvas, p, sand), step(bare, 0.0, 0.008))


def _strokes(canvas: Canvas, p: Look) -> tuple[Tensor, Tensor]:
    """Height in metres, and relative brightness, −1 to 1, of the strokes that lie on top."""
    count = min(3000, 1 + round(3.2 * canvas.width_m * canvas.height_m / p.stroke_m**2))
    bend = 0.7 * (canvas.uniform("trowel bend", count) - 0.5)

    def pull(y: Tensor, x: Tensor, number: Tensor) -> Tensor:
        across = (y + bend[number] * (x * x - 0.5)) / 0.42
        inside = across.square() + x**6 < 1
        return number.to(y.dtype).where(inside, y.new_full((), -math.inf))

    laid = scatter(canvas, "trowel", count, p.stroke_m / 2, pull, spread=0.3)
    number = laid.number.clamp_min(0)
    one = lambda name: canvas.uniform(name, count)[number]  # noqa: E731
    side = (laid.y + bend[number] * (laid.x.square() - 0.5)) / 0.42 * (2 * one("side") - 1)
    drag = 0.5 * canvas.noise("drag", 0.03, octaves=5, gain=0.7)
    height_m = 0.0020 * (one("thickness") - 0.5) + 0.0016 * side + 0.0010 * laid.x
    tone = 0.6 * (one("tone") - 0.5) + 0.5 * side + drag
    return p.trowel * (canvas.blur(height_m, 0.0025) + 0.00014 * drag), tone


def _repairs(canvas: Canvas, p: Look) -> Tensor:
    """Mask of patches with soft, ragged edges."""
    ragged = canvas.noise("patch rims", 0.08, octaves=5, gain=0.6)
    spots = canvas.cells("patches", 0.65, jitter=0.7)
    is_patch = step(canvas.of_each("is patch", spots.number), p.repairs, 0.95 * p.repairs - 1e-6)
    size_m = 0.06 + 0.16 * canvas.of_each("patch size", spots.number)
    return is_patch * step(spots.from_center_m + 0.03 * ragged, size_m, size_m - 0.015)


def _bare(canvas: Canvas, p: Look, clouds: Tensor, crack: Tensor) -> Tensor:
    """Distance of each texel from the top coat that is left, about in metres; positive where it is gone."""
    holes = canvas.high_pass(canvas.noise("holes", 0.3, octaves=7, gain=0.6), 1.4)
    return 0.12 * (holes - 0.25 * clouds + 0.15 * crack - 3.4 * (1 - p.peeling) ** 3)


def _base(canvas: Canvas, p: Look, sand: Tensor) -> Drawing:
    lumps = canvas.noise("lumps", 0.018, octaves=3, gain=0.6)
    coarse = canvas.noise("coarse", 0.16, octaves=5)
    color = canvas.color(p.base_color) * (1 + 0.13 * coarse + 0.08 * lumps + 0.09 * sand)
    return Drawing(color, -p.thickness_m + 0.0012 * coarse + 0.0006 * lumps + 0.0005 * sand, 0.94)
