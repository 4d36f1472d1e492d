"""Paper: fibres, crumples, and the stains of age."""

from __future__ import annotations

from torch import Tensor

from ..canvas import Canvas, Look
from ..crumple import crumple
from ..drawing import Drawing
from ..shaping import mix, step
from ..strands import strands

LINE_M, LETTER_M, COLUMN_M = 0.0048, 0.0021, 0.1
"""Distance of lines, width of letters, and width of columns of text."""


def draw(canvas: Canvas, p: Look) -> Drawing:
    """A sheet of fibres with facets between folds, along which dirt has settled."""
    facets, near = crumple(canvas, "sheet", p.size_m)
    clouds = canvas.high_pass(canvas.noise("clouds", 0.07, octaves=6, gain=0.62), 0.12)
    pulp = canvas.noise("pulp", 0.0035, octaves=4, gain=0.7)
    drawn = strands(
        canvas,
        "fibres",
        canvas.pieces(90_000 * p.fibres + 4_000, 40_000),
        length_m=0.006,
        width_m=0.0002,
        rise_m=(0, 0.0001),
        bend=0.4,
    )
    tone = canvas.uniform("fibre", int(drawn.number.max()) + 2)[drawn.number.clamp_min(0)] - 0.35
    fibre = p.fibres * tone * (drawn.number >= 0).to(tone.dtype)
    stain = p.stains * (0.45 + 0.4 * clouds + 0.06 * pulp).clamp(0, 1)
    edge = p.stains * step((clouds - 0.4).abs(), 0.14, 0.0) * 0.5
    color = mix(canvas.color(p.color), canvas.color(p.stain_color), (0.8 * stain + 0.4 * edge).clamp(0, 0.9))
    color = color * (1 + 0.02 * pulp - 0.3 * fibre) * (1 - 0.16 * p.creases * near)
    if p.yellowed:
        old = (p.yellowed * (0.8 + 0.3 * canvas.noise("yellowed", 0.1, octaves=4))).clamp(0, 1)
        color = color * mix(1.0, canvas.color((0.93, 0.80, 0.55)), old)
    if p.print:
        color = mix(color, canvas.color((0.12, 0.11, 0.11)), 0.9 * p.print * _print(canvas))
    height_m = 0.4 * p.creases * p.size_m * facets + 0.00001 * pulp + 0.1 * p.fibres * drawn.height_m
    return Drawing(color.clamp(0, 0.88), height_m, p.roughness + 0.02 * pulp)


def _print(canvas: Canvas) -> Tensor:
    """Ink (H, W) of columns of text: words of letters with gaps between them; some lines end early."""
    rows, columns = canvas.count(LINE_M, horizontal=False), canvas.count(COLUMN_M)
    letters = columns * max(1, round(canvas.width_m / columns / LETTER_M))
    v, u = canvas.y_m / canvas.height_m * rows, canvas.x_m / canvas.width_m
    row, letter = v.floor().long() % rows, (u * letters).floor().long() % letters
    column = (u * columns).floor().long() % columns
    ends = canvas.uniform("ends", rows, columns)[row, column]
    end = 0.94 - 1.6 * (0.2 - ends).clamp_min(0)
    place, height = (u * columns).remainder(1), v.remainder(1)
    stroke = 0.45 + 0.55 * canvas.uniform("letters", rows, letters)[row, letter]
    is_word = canvas.uniform("gaps", rows, letters)[row, letter] > 0.17
    inside = step(height, 0.18, 0.3) * step(height, 0.78, 0.66) * ((place > 0.06) & (place < end) & is_word)
    return inside * stroke
