"""Brick walls in seven bonds."""

from __future__ import annotations

from torch import Tensor

from ..blocks import Blocks, blocks
from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """A wall of bricks, each with its own colour, tilt and damage, in recessed mortar."""
    fine = canvas.noise("edge", 0.02, octaves=4, gain=0.6)
    waver_m = 0.12 * p.irregular * p.course_m
    warp = waver_m * canvas.noise("sway", 0.12, octaves=3), waver_m * canvas.noise("lean", 0.12, octaves=3)
    laid = blocks(canvas, p.bond, p.length_m, p.course_m, warp=warp)
    chipped_m = p.chips * 0.006 * step(canvas.noise("chips", 0.045, octaves=4), 0.3, 2.2)
    inside_m = laid.inside_m(p.joint_m, 0.08 * p.course_m)
    inside_m = inside_m - 2.2 * chipped_m + 0.0006 * (0.3 + p.irregular) * fine
    face = step(inside_m, -0.0007, 0.0009)
    return _mortar(canvas, p).under(_faces(canvas, p, laid, inside_m, fine), face)


def _faces(canvas: Canvas, p: Look, laid: Blocks, inside_m: Tensor, fine: Tensor) -> Drawing:
    each = lambda name: canvas.of_each(name, laid.number)  # noqa: E731
    grain = canvas.noise("grain", 0.004, octaves=3, gain=0.7)
    clouds = canvas.noise("clouds", 0.09, octaves=4, gain=0.6)
    pits = step(canvas.noise("pits", 0.012, octaves=2), 2.1 - 0.7 * p.chips, 3.0 - 0.7 * p.chips)
    lean = (each("lean y") - 0.5) * laid.y_m / p.course_m + (each("lean x") - 0.5) * laid.x_m / p.length_m
    height_m = (
        0.0035 * bump(inside_m.clamp_min(0), 0.007)
        + p.irregular * (0.003 * (each("stands out") - 0.5) + 0.004 * lean)
        + 0.0004 * clouds
        + 0.00022 * grain
        - 0.0018 * pits
    )
    shade = each("shade")
    dark = step(shade + 0.10 * clouds, 1 - 0.75 * p.color_variation, 1.15 - 0.45 * p.color_variation)
    color = mix(canvas.color(p.color), canvas.color(p.second_color), dark * (p.color_variation > 0))
    value = 1 + p.color_variation * 0.45 * (each("value") - 0.5) + 0.07 * clouds + 0.05 * grain
    warmth = p.color_variation * 0.16 * (each("warmth") - 0.5) + 0.02 * clouds
    tint = canvas.color((1, 1, 1)) + warmth * (canvas.color((1, 0, 0)) - canvas.color((0, 0.1, 1)))
    burnt = 1 - 0.22 * step(fine * 0.002 + 0.006 - inside_m, 0.0, 0.006)
    color = color * value * tint * burnt * (1 - 0.35 * pits)
    return Drawing(color, height_m, p.roughness + 0.04 * grain + 0.05 * clouds)


def _mortar(canvas: Canvas, p: Look) -> Drawing:
    sand = canvas.noise("sand", 0.003, octaves=2, gain=0.8)
    lumps = canvas.noise("lumps", 0.02, octaves=3)
    depth_m = -0.0005 - 0.011 * p.joint_depth
    color = canvas.color(p.mortar_color) * (1 + 0.10 * sand + 0.09 * lumps)
    return Drawing(color, depth_m + 0.0005 * sand + 0.0009 * lumps, 0.93)
