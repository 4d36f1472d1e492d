"""Circuit boards: traces, vias and parts on a green mask."""

from __future__ import annotations

from torch import Tensor

from ..blocks import Blocks, uneven_blocks
from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, mix, step

LANES = 5
"""Traces that cross each side of a unit cell."""


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Lanes of traces that turn at 45°, with vias where they end; chips with pins and small parts lie on pads."""
    warp = canvas.sway("sway", 0.0, canvas.width_m)
    trace, via, ring = _traces(canvas, p, warp)
    fine = canvas.noise("fine", 0.0004, octaves=2, gain=0.8)
    weave = canvas.noise("weave x", 0.0006, stretch=(8, 1)) + canvas.noise("weave y", 0.0006, stretch=(1, 8))
    clouds = canvas.noise("clouds", 0.02, octaves=4)
    mask = mix(canvas.color(p.color) * (1 + 0.05 * weave), canvas.color(p.trace_color), trace) * (1 + 0.02 * clouds)
    drawing = Drawing(mask, 0.00003 * trace + 0.000002 * weave, p.roughness + 0.03 * clouds + 0.02 * weave)
    drawing = drawing.under(_metal(canvas, p, 0.00005, fine), ring)
    drawing = drawing.under(Drawing(canvas.color((0.10, 0.10, 0.09)), -0.0004 + 0 * fine, 0.9), via)
    for name, size, density in (("small", 0.9, 0.55), ("chips", 3.4, 0.6)):
        laid = uneven_blocks(canvas, name, size * p.size_m * 1.3, size * p.size_m * 1.3, uneven=0.3, warp=warp)
        drawing = _part(canvas, p, drawing, laid, name, density * p.parts, fine)
    return drawing


def _metal(canvas: Canvas, p: Look, height_m: float, fine: Tensor) -> Drawing:
    return Drawing(canvas.color(p.metal_color) * (1 + 0.04 * fine), height_m + 0.000002 * fine, 0.3 + 0.03 * fine, 1.0)


def _traces(canvas: Canvas, p: Look, warp: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Masks (H, W) of traces, holes of vias, and their rings: in each cell lanes go around two opposite corners."""
    rows, columns = (canvas.count(p.size_m, horizontal=across) for across in (False, True))
    v, u = (canvas.y_m + warp[0]) / canvas.height_m * rows, (canvas.x_m + warp[1]) / canvas.width_m * columns
    number = v.floor().long() % rows * columns + u.floor().long() % columns
    y, x = v.remainder(1), u.remainder(1)
    kind = canvas.of_each("turn", number)
    x = (1 - x).where(kind < 0.35, x)
    is_straight = kind > 0.7
    near = (y + x < 1).to(x.dtype)
    y_in, x_in = mix(1 - y, y, near), mix(1 - x, x, near)
    octagon = y_in.maximum(x_in).maximum((y_in + x_in) * 0.7071)
    place = octagon.where(~is_straight, x.where(kind > 0.85, y))
    lane = place * LANES
    away = (lane.remainder(1) - 0.5).abs()  # of the lane's middle
    soft = max(0.07, canvas.texel_m / p.size_m * LANES)
    clear = min(1.0, 0.5 / (canvas.texel_m / p.size_m * LANES))
    is_bare = canvas.of_each("bare", number) < 0.12
    trace = (step(away, 0.24 + soft / 2, 0.24 - soft / 2) * clear).where(~is_bare & (lane < LANES), 0 * away)
    plane = (canvas.of_each("plane", number) < 0.14).to(away.dtype)
    trace = trace.maximum(plane * step((y - 0.5).abs().maximum((x - 0.5).abs()), 0.5, 0.47))
    spots = canvas.cells("vias", 0.62 * p.size_m, jitter=0.9, warp=warp)
    is_via = (canvas.of_each("is via", spots.number) < 0.3).to(away.dtype)
    away_m = spots.from_center_m
    return (
        trace,
        is_via * step(away_m, 0.045 * p.size_m, 0.035 * p.size_m),
        is_via * step(away_m, 0.085 * p.size_m, 0.075 * p.size_m),
    )


def _part(canvas: Canvas, p: Look, board: Drawing, laid: Blocks, name: str, share: float, fine: Tensor) -> Drawing:
    """The board with parts: bodies in the middle of some blocks, with metal ends or pins on two sides."""
    each = lambda what: canvas.of_each(f"{name} {what}", laid.number)  # noqa: E731
    there = (each("is") < share).to(fine.dtype)
    is_chip = name == "chips"
    turned = each("turned") < 0.5
    along, across = laid.y_m.where(turned, laid.x_m).abs(), laid.x_m.where(turned, laid.y_m).abs()
    half = laid.half_height_m.minimum(laid.half_width_m)
    length, width = (0.62 * half, 0.42 * half) if is_chip else (0.5 * half, 0.26 * half)
    soft_m = max(0.00006, 0.6 * canvas.texel_m)
    body_m = (length - along).minimum(width - across)
    body = there * step(body_m, -soft_m, soft_m)
    if is_chip:
        pitch_m = 0.22 * p.size_m
        pin = step(((along / pitch_m).remainder(1) - 0.5).abs(), 0.3, 0.22)
        pin = pin * step(across, width + 0.16 * half, width + 0.15 * half) * step(along, length, 0.97 * length)
        metal_m = 0.0004
    else:
        pin = step((along - length).abs(), 0.17 * half, 0.15 * half) * step(across, width * 1.25, width * 1.15)
        metal_m = 0.00035
    silver = Drawing(canvas.color((0.78, 0.78, 0.77)) * (1 + 0.04 * fine), metal_m + 0.000003 * fine, 0.3, 1.0)
    board = board.under(silver, there * pin)
    dark = canvas.color(p.part_color) * (0.85 + 0.5 * each("value") * (1 if is_chip else 2))
    if not is_chip:
        dark = mix(dark, canvas.color((0.66, 0.54, 0.38)), (each("kind") < 0.5).to(fine.dtype))
    mark = step(
        (along - 0.75 * length).square() + (across - 0.0).square(), (0.1 * half).square(), (0.07 * half).square()
    )
    print_ = step(((across / width * 3.5).remainder(1) - 0.5).abs(), 0.24, 0.16) * step(
        along, 0.5 * length, 0.48 * length
    )
    letters = (
        step(canvas.noise(f"{name} print", 0.0007, stretch=(1, 0.7)), 0.0, 0.3) * print_ if is_chip else 0.0 * fine
    )
    top = mix(dark, canvas.color((0.62, 0.62, 0.6)), 0.5 * letters) * (1 - 0.4 * (mark if is_chip else 0.0))
    height_m = (0.0013 if is_chip else 0.0006) * (0.9 + 0.1 * bump(body_m.clamp_min(0), 0.0003)) + 0.000004 * fine
    return board.under(Drawing(top * (1 + 0.03 * fine), height_m, 0.55), body)
