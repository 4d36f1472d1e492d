"""Rounded stones set in sand, as in an old street."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Stones with rounded tops, each tilted a little, with sand between them."""
    grain = canvas.noise("grain", 0.006, octaves=4, gain=0.7)
    sway_m = 0.10 * p.stone_m
    warp = (
        sway_m * canvas.noise("warp y", p.stone_m, octaves=3),
        sway_m * canvas.noise("warp x", p.stone_m, octaves=3),
    )
    stones = canvas.cells("stones", p.stone_m, jitter=0.25 + 0.6 * p.irregular, warp=warp)
    each = lambda name: canvas.of_each(name, stones.number)  # noqa: E731
    inside_m = stones.to_border_m - p.joint_m / 2 + 0.0012 * grain
    top = step(inside_m, -0.002, 0.002)
    clouds = canvas.noise("clouds", 0.06, octaves=5, gain=0.6)
    dome = bump(inside_m.clamp_min(0), p.stone_m * (0.12 + 0.36 * p.roundness))
    lean = (each("lean y") - 0.5) * stones.y_m + (each("lean x") - 0.5) * stones.x_m
    height_m = (
        p.stone_m * (0.05 + 0.15 * p.roundness) * dome
        + 0.10 * p.stone_m * p.irregular * (each("stands out") - 0.5)
        + 0.16 * p.irregular * lean
        + 0.0016 * clouds
        + 0.0007 * grain
    )
    shade = (each("shade") - 0.5) * p.color_variation
    mineral = canvas.noise("mineral", 0.004, octaves=2, gain=0.8)
    color = mix(canvas.color(p.color), canvas.color(p.second_color), step(each("kind"), 0.55, 0.6) * p.color_variation)
    color = color * (1 + 0.9 * shade + 0.10 * clouds + 0.09 * grain + 0.10 * mineral) * (0.72 + 0.28 * dome)
    roughness = 0.82 - 0.38 * p.polish * dome + 0.05 * grain
    return _sand(canvas, p).under(Drawing(color, height_m, roughness), top)


def _sand(canvas: Canvas, p: Look) -> Drawing:
    grains = canvas.noise("sand", 0.003, octaves=2, gain=0.8)
    lumps = canvas.noise("lumps", 0.03, octaves=4)
    shades = [canvas.color(p.sand_color) * factor for factor in (0.55, 1.0, 1.35)]
    color = gradient(0.5 + 0.16 * grains + 0.12 * lumps, shades)
    return Drawing(color, -0.004 + 0.0007 * grains + 0.003 * lumps, 0.95)
