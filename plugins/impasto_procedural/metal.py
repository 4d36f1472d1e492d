"""Rust that grows on metal where water stays, and the runs below it."""

from __future__ import annotations

from torch import Tensor

from .canvas import Canvas
from .drawing import Drawing
from .shaping import gradient, step

RUST = ((0.19, 0.12, 0.09), (0.40, 0.21, 0.12), (0.60, 0.33, 0.16))
"""Colours of rust, from old to fresh."""


def with_rust(
    canvas: Canvas, drawing: Drawing, amount: float, prone: Tensor, run_m: float = 0.06, upright: float = 1.0
) -> Drawing:
    """The drawing with rust. prone (H, W): 1 where rust starts, negative where it comes last. run_m: length of runs.

    upright: height of the patches, relative to their width.
    """
    if not amount:
        return drawing
    spots = canvas.noise("rust", 0.05, octaves=7, gain=0.68, stretch=(upright, 1))
    grain = canvas.noise("rust grain", 0.003, octaves=3, gain=0.8)
    age = spots + 1.6 * prone - 3.1 + 3.4 * amount
    crust = step(age, 0.0, 0.5)
    lines = canvas.noise("runs", 0.008, octaves=3, gain=0.7, stretch=(30, 1))
    stain = (3 * amount * canvas.trails(crust * step(lines, -0.4, 1.6), run_m)).clamp(0, 0.75)
    stain = stain.maximum(0.6 * step(age, -0.5, 0.2))
    shade = 0.55 - 0.12 * age + 0.1 * grain + 0.12 * spots
    color = gradient(shade, [canvas.color(each) for each in RUST])
    rust = Drawing(color, drawing.height_m + 0.0001 * (1 + grain), 0.88 + 0.04 * grain)
    film = Drawing(canvas.color(RUST[2]) * (0.9 + 0.1 * spots), drawing.height_m, 0.7)
    return drawing.under(film, stain).under(rust, crust)
