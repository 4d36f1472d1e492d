"""Walls of natural stone in mortar."""

from __future__ import annotations

from torch import Tensor

from ..blocks import blocks, uneven_blocks
from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Stones with hewn faces, each of its own rock, in mortar."""
    fine = canvas.noise("fine", 0.008, octaves=4, gain=0.75)
    rugged = canvas.noise("rugged", 0.35 * p.stone_m, octaves=7, gain=0.58)
    number, y_m, x_m, inside_m = _layout(canvas, p, rugged)
    each = lambda name: canvas.of_each(name, number)  # noqa: E731
    inside_m = inside_m - 0.5 * p.joint_m * (0.75 + 0.5 * each("joint")) + (0.0006 + 0.0016 * p.rough) * fine
    facet_m, tone = _facets(canvas, p, rugged, each("turn") * canvas.width_m)
    dome = bump(inside_m.clamp_min(0), 0.03 + 0.16 * p.rough * p.stone_m)
    edge = bump(inside_m.clamp_min(0), 0.012)
    lean = (each("lean y") - 0.5) * y_m + (each("lean x") - 0.5) * x_m
    height_m = (
        0.006 * edge
        + 0.12 * p.rough * p.stone_m * dome
        + p.irregular * (0.14 * lean + 0.06 * p.stone_m * (each("stands out") - 0.5))
        + p.rough * (facet_m + 0.012 * p.stone_m * rugged)
        + (0.0002 + 0.0012 * p.rough) * fine
    )
    kind = each("kind")
    colors = [canvas.color(color) for color in (p.color, p.second_color, p.third_color)]
    color = colors[0].where(kind < 0.5, colors[1].where(kind < 0.82, colors[2]))
    bands = (14 * y_m / p.stone_m + 2.0 * rugged + 6 * each("bands")).sin() * step(each("banded"), 0.6, 0.7)
    value = p.color_variation * (1.0 * (each("value") - 0.5) + 0.13 * rugged + 0.10 * bands + 0.4 * tone)
    stains = canvas.noise("stains", 0.4, octaves=6, gain=0.6)
    color = color * (1 + value + 0.11 * fine + 0.07 * stains).clamp_min(0.2) * (0.62 + 0.38 * edge)
    rust = p.color_variation * step(stains + 0.6 * rugged, 0.9, 2.6)
    color = mix(color, color * canvas.color((0.98, 0.88, 0.75)) * 1.1, rust)
    stones = Drawing(color, height_m, mix(0.5, 0.76, p.rough) + 0.03 * fine + 0.04 * rugged)
    return _mortar(canvas, p, fine).under(stones, step(inside_m, -0.0015, 0.002))


def _layout(canvas: Canvas, p: Look, rugged: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Number of each texel's stone, offset from its centre down and right, and distance to its border in metres."""
    sway_m = (0.01 + 0.05 * p.irregular) * p.stone_m
    warp = (
        sway_m * (canvas.noise("warp y", 0.6 * p.stone_m, octaves=2) + 0.25 * p.rough * rugged),
        sway_m * (canvas.noise("warp x", 0.6 * p.stone_m, octaves=2) + 0.25 * p.rough * rugged),
    )
    high = 1 - 0.75 * p.flat
    if p.masonry == "ashlar":
        small = (0.15 * warp[0], 0.15 * warp[1])
        laid = blocks(canvas, "running", p.stone_m, high * p.stone_m, warp=small)
        return laid.number, laid.y_m, laid.x_m, laid.inside_m()
    if p.masonry == "rubble":
        uneven, split = 0.9 * p.irregular, 0.45 * p.irregular
        height_m = high * p.stone_m
        laid = uneven_blocks(canvas, "stones", p.stone_m, height_m, uneven=uneven, split=split, warp=warp)
        corner_m = (0.02 + 0.10 * canvas.of_each("corner", laid.number)) * p.stone_m
        return laid.number, laid.y_m, laid.x_m, laid.inside_m(radius_m=corner_m.minimum(0.8 * laid.half_height_m))
    jitter, stretch = 0.6 + 0.4 * p.irregular, (0.5 + 0.5 * high, 1.0)
    cells = canvas.cells("stones", p.stone_m, jitter=jitter, stagger=0.5, stretch=stretch, warp=warp)
    return cells.number, cells.y_m, cells.x_m, cells.to_border_m


def _facets(canvas: Canvas, p: Look, rugged: Tensor, shift_m: Tensor) -> tuple[Tensor, Tensor]:
    """Relief in metres, and brightness, of the flat faces that a chisel or a break left, other on each stone."""
    size_m = 0.3 * p.stone_m
    warp = (shift_m + 0.12 * size_m * rugged, 3.7 * shift_m)
    cells = canvas.cells("facets", size_m, stretch=(0.7, 1.2), warp=warp)
    each = lambda name: canvas.of_each(f"facet {name}", cells.number)  # noqa: E731
    lean_m = (each("y") - 0.5) * cells.y_m + (each("x") - 0.5) * cells.x_m
    relief_m = 0.7 * lean_m + 0.10 * size_m * (each("stands") - 0.5)
    return canvas.blur(relief_m, 0.03 * size_m), 0.5 * (each("tone") - 0.5)


def _mortar(canvas: Canvas, p: Look, fine: Tensor) -> Drawing:
    lumps = canvas.noise("lumps", 0.03, octaves=4)
    color = canvas.color(p.mortar_color) * (1 + 0.09 * fine + 0.10 * lumps)
    depth_m = 0.03 * p.joint_depth * (0.4 + p.rough)
    return Drawing(color, 0.02 * p.rough * p.stone_m - depth_m + 0.002 * lumps + 0.0007 * fine, 0.94)
