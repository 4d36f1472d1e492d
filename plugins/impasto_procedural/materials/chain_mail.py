"""Chain mail: rings of wire, each through four others."""

from __future__ import annotations

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..metal import with_rust
from ..shaping import step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Rows of rings that lean to one side and to the other in turn, so that each lies over and under its neighbours."""
    columns = canvas.count(0.62 * p.size_m)
    rows = canvas.count(0.5 * p.size_m, horizontal=False, multiple_of=2)
    sway = canvas.sway("sway", 0.0, p.size_m)
    pull = [0.22 * p.irregular * canvas.noise(f"pull {axis}", 4 * p.size_m, octaves=2) for axis in "yx"]
    u = (canvas.x_m + sway[1]) / canvas.width_m * columns + pull[0]
    v = (canvas.y_m + sway[0]) / canvas.height_m * rows + pull[1]
    rings = [_ring(canvas, p, u, v, (rows, columns), down, right) for down in (-2, -1, 0, 1, 2) for right in (-1, 0, 1)]
    top = rings[0]
    for ring in rings[1:]:
        top = ring.where(ring[:1] > top[:1], top)
    height_m, number, side = top
    there = step(height_m, -0.6 * p.size_m, -0.55 * p.size_m)
    one = lambda name: canvas.uniform(name, rows * columns)[number.long()]  # noqa: E731
    grain = canvas.noise("grain", 0.0006, octaves=3, gain=0.7)
    clouds = canvas.noise("clouds", 3 * p.size_m, octaves=5)
    color = canvas.color(p.metal_color) * (1 + 0.2 * (one("value") - 0.5) + 0.04 * grain + 0.05 * clouds)
    color = color * (0.62 + 0.38 * (1 - side.square()).clamp_min(0).sqrt())
    metal = Drawing(color, height_m + 0.00001 * grain, p.roughness + 0.05 * grain + 0.06 * clouds, 1.0)
    metal = with_rust(canvas, metal, p.rust, side.abs() - 0.5, 0.01)
    cloth = canvas.color((0.15, 0.13, 0.115)) * (1 + 0.2 * grain)
    return Drawing(cloth, -0.34 * p.size_m + 0.00003 * grain, 0.95).under(metal, there)


def _ring(canvas: Canvas, p: Look, u: Tensor, v: Tensor, counts: tuple[int, int], down: int, right: int) -> Tensor:
    """Height in metres, number, and place across the wire (3, H, W) of one of the rings around each texel."""
    row = v.floor() + down
    is_odd = row.remainder(2)
    shifted = u - 0.5 * is_odd
    column = shifted.floor() + right
    number = row.long() % counts[0] * counts[1] + column.long() % counts[1]
    y = (v - row - 0.5) * 0.5
    x = (shifted - column - 0.5) * 0.62  # in sizes of a ring
    one = lambda name: canvas.uniform(name, counts[0] * counts[1])[number] - 0.5  # noqa: E731
    lean = 1 - 2 * is_odd
    wire = 0.05 + 0.07 * p.wire
    away = ((x * 1.12).square() + y.square()).sqrt()
    side = (away - 0.44) / wire
    up = (
        wire * (1 - side.square()).clamp_min(0).sqrt()
        + 0.30 * lean * y
        + 0.16 * x
        + p.irregular * 0.2 * one("tilt") * x
    )
    height_m = p.size_m * up.where(side.abs() < 1, up.new_full((), -1.0))
    return canvas.stack((height_m, number.to(x.dtype), side))
