"""Carpet: loops, a cut pile or a long shag."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..motifs import motif_color
from ..shaping import bump, mix, step
from ..strands import strands
from ..yarn import thread_contrast, twist


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Tufts in uneven rows; each is a bundle of fibres that leans a little."""
    trodden = p.tread * step(canvas.noise("paths", canvas.width_m / 2, octaves=4), -0.6, 1.2)
    if p.pile == "shag":
        return _shag(canvas, p, trodden)
    sway = [0.3 * p.tuft_m * p.irregular * canvas.noise(f"sway {axis}", 0.8 * p.tuft_m, octaves=3) for axis in "yx"]
    tufts = canvas.cells("tufts", p.tuft_m, jitter=0.3 + 0.6 * p.irregular, warp=(sway[0], sway[1]))
    each = lambda name: canvas.of_each(name, tufts.number)  # noqa: E731
    round_ = (1 - (tufts.from_center_m / (0.75 * p.tuft_m)).square()).clamp_min(0)
    dome = 0.6 * round_ + 0.4 * bump(tufts.to_border_m.clamp_min(0), 0.4 * p.tuft_m)
    fibres = _fibres(canvas, p, tufts.x_m / p.tuft_m, tufts.y_m / p.tuft_m, each("turn"))
    height_m = p.height_m * (0.32 * dome * (0.85 + 0.3 * each("high")) + 0.10 * fibres) * (1 - 0.45 * trodden)
    kind = step(each("kind") + 0.25 * (fibres - 0.5), p.mixture + 0.08, p.mixture - 0.08)
    color = mix(canvas.color(p.color), canvas.color(p.second_color), kind * (p.mixture > 0))
    if p.motif != "none":
        colors = (canvas.color(p.color), canvas.color(p.second_color), canvas.color(p.third_color))
        color = motif_color(canvas, p.motif, p.motif_m, colors)
    shade = (0.5 + 0.5 * dome) * (0.62 + 0.5 * fibres)
    shade = mix(shade.mean(), shade, thread_contrast(p.tuft_m / canvas.texel_m)) * (0.9 + 0.2 * each("value"))
    return Drawing(color * shade * (1 - 0.14 * trodden), height_m, p.roughness - 0.06 * trodden)


def _fibres(canvas: Canvas, p: Look, u: Tensor, v: Tensor, turn: Tensor) -> Tensor:
    """0 to 1: strands of a loop, or the ends of cut fibres."""
    if p.pile == "loop":
        lean = math.tau * 0.12 * (turn - 0.5)
        return twist(v * 1.6 + lean, (u * 1.8 + 0.4 * lean).clamp(-1, 1), 0.9, 2)
    fuzz = canvas.noise("ends", 0.22 * p.tuft_m, octaves=3, gain=0.8)
    return (0.5 + 0.22 * fuzz).clamp(0, 1)


def _shag(canvas: Canvas, p: Look, trodden: Tensor) -> Drawing:
    length_m, thread_m = 7 * p.height_m, 0.3 * p.tuft_m
    count = canvas.pieces(7 / (length_m * thread_m), 120_000)
    laid = strands(
        canvas,
        "strands",
        count,
        length_m=length_m,
        width_m=thread_m,
        rise_m=(0.2 * p.height_m, p.height_m),
        bend=0.9,
        taper=0.5,
    )
    number = laid.number.clamp_min(0)
    one = lambda name: canvas.uniform(name, count)[number]  # noqa: E731
    plies = twist(laid.along * length_m / thread_m, laid.across, 0.5)
    color = mix(canvas.color(p.color), canvas.color(p.second_color), (one("kind") < p.mixture).to(plies.dtype))
    lift = (laid.height_m / p.height_m).clamp(0, 1)
    shade = (0.3 + 0.7 * lift) * (0.8 + 0.2 * plies) * (0.85 + 0.3 * one("value"))
    return Drawing(color * shade, laid.height_m * (1 - 0.4 * trodden), p.roughness)
