"""Rounded stones set in sand, as in an old street."""

from __future__ import annotations

import math

from torch import Tensor

from ..blocks import Blocks, uneven_blocks
from ..canvas import Canvas, Cells, Look
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
    stones, border_m = _stones(canvas, p, warp)
    each = lambda name: canvas.of_each(name, stones.number)  # noqa: E731
    inside_m = border_m - p.joint_m / 2 + 0.0012 * grain
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


def _stones(canvas: Canvas, p: Look, warp: tuple[Tensor, Tensor]) -> tuple[Cells | Blocks, Tensor]:
    """The stone of each texel, and the distance (H, W) to its border in metres."""
    if p.layout == "slabs":
        little = (0.08 * warp[0], 0.08 * warp[1])
        uneven = 0.1 + 0.8 * p.irregular
        slabs = uneven_blocks(
            canvas, "slabs", 1.3 * p.stone_m, 0.8 * p.stone_m, uneven=uneven, split=0.4 * p.irregular, warp=little
        )
        return slabs, slabs.inside_m(0.0, 0.02 * p.stone_m)
    if p.layout == "pebbles":
        pebbles = canvas.cells("pebbles", p.stone_m, jitter=0.5, warp=(0.3 * warp[0], 0.3 * warp[1]))
        turn = math.tau * canvas.of_each("turn", pebbles.number)
        long_m, short_m = 0.68 * p.stone_m, p.stone_m * (0.44 + 0.12 * canvas.of_each("width", pebbles.number))
        along = (pebbles.y_m * turn.sin() + pebbles.x_m * turn.cos()) / long_m
        across = (pebbles.y_m * turn.cos() - pebbles.x_m * turn.sin()) / short_m
        return pebbles, pebbles.to_border_m.minimum((1 - (along.square() + across.square()).sqrt()) * short_m)
    jitter = 0.25 + 0.6 * p.irregular
    if p.layout == "arcs":
        jitter = 0.15 + 0.3 * p.irregular
        arcs = canvas.x_m / canvas.width_m * canvas.count(7 * p.stone_m)
        warp = (0.5 * warp[0] + 1.6 * p.stone_m * (math.pi * arcs).sin().abs(), 0.5 * warp[1])
    stones = canvas.cells("stones", p.stone_m, jitter=jitter, warp=warp)
    return stones, stones.to_border_m


def _sand(canvas: Canvas, p: Look) -> Drawing:
    grains = canvas.noise("sand", 0.003, octaves=2, gain=0.8)
    lumps = canvas.noise("lumps", 0.03, octaves=4)
    shades = [canvas.color(p.sand_color) * factor for factor in (0.55, 1.0, 1.35)]
    color = gradient(0.5 + 0.16 * grains + 0.12 * lumps, shades)
    return Drawing(color, -0.004 + 0.0007 * grains + 0.003 * lumps, 0.95)
