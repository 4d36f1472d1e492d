"""Terrazzo: chips of stone in a binder, ground flat and polished."""

from __future__ import annotations

from torch import Tensor

from ..blocks import blocks
from ..canvas import Canvas, Look
from ..damage import holes
from ..drawing import Drawing
from ..shaping import mix, step

GRADES = (("sand", 0.15, 0.45), ("small", 0.42, 0.5), ("large", 1.0, 0.4))
"""Grades of chips, the finest first: name, size relative to the largest, and share of their places that is taken."""


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Angular chips of three sizes in a binder; larger ones hide smaller ones."""
    clouds = canvas.noise("clouds", 0.3, octaves=5)
    fine = canvas.noise("fine", 0.003, octaves=3, gain=0.75)
    binder = canvas.color(p.binder_color) * (1 + 0.03 * clouds + 0.035 * fine)
    pore = holes(canvas, "pores", 0.02, 0.0016, p.pores)
    rough = mix(0.75, 0.14, p.polish)
    gloss = rough + 0.03 * clouds + 0.015 * fine
    drawing = Drawing(binder * (1 - 0.6 * pore), -0.00004 - 0.0006 * pore + 0.000012 * fine, gloss + 0.07 + 0.4 * pore)
    veins = canvas.noise("veins", 0.02, octaves=5, gain=0.65)
    for name, size, density in GRADES:
        amount = density * (1.0 if name == "large" else 0.25 + 1.25 * p.fine)
        inside_m, color = _chips(canvas, p, name, size * p.chip_m, amount, fine, veins)
        chip = Drawing(color, 0.00001 * veins, gloss - 0.03 + 0.03 * veins.abs() * (1 - p.polish))
        drawing = drawing.under(chip, step(inside_m, -0.4 * canvas.texel_m, 0.6 * canvas.texel_m))
        rim = step(inside_m, -0.0016, -0.0004) * step(inside_m, 0.0004, -0.0004)
        drawing = drawing.with_tint(1 - 0.06 * rim)
    return _strips(canvas, drawing) if p.strips else drawing


def _chips(
    canvas: Canvas, p: Look, name: str, size_m: float, density: float, fine: Tensor, veins: Tensor
) -> tuple[Tensor, Tensor]:
    """Distance into the chip of each texel, negative outside, and the chip's colour."""
    ragged = 0.025 * size_m
    cells = canvas.cells(name, size_m, warp=(ragged * fine, ragged * veins))
    each = lambda what: canvas.of_each(f"{name} {what}", cells.number)  # noqa: E731
    gap = (0.02 + 0.42 * (1 - 0.75 * p.density) * each("gap")) * size_m
    is_kept = each("kept") < density * (0.3 + 0.7 * p.density)
    inside_m = (cells.to_border_m - gap).where(is_kept, cells.to_border_m.new_full((), -1.0))
    kind = each("kind")
    colors = [canvas.color(color) for color in (p.color, p.second_color, p.third_color)]
    color = colors[0].where(kind < 0.5, colors[1].where(kind < 0.78, colors[2]))
    value = 1 + p.color_variation * (0.7 * (each("value") - 0.5) + 0.12 * veins) + 0.04 * fine
    pale = p.color_variation * 0.35 * step(veins, 0.6, 1.6) * step(each("veined"), 0.5, 0.6)
    return inside_m, mix(color * value, 0.5 + 0.5 * color, pale)


def _strips(canvas: Canvas, drawing: Drawing) -> Drawing:
    """The drawing, divided by strips of brass about 0.6 m apart."""
    fields = blocks(canvas, "stack", 0.6, 0.6)
    scratches = canvas.noise("scratches", 0.004, octaves=3)
    brass = Drawing(canvas.color((0.87, 0.74, 0.47)) * (1 + 0.05 * scratches), 0.00003 + 0 * scratches, 0.28, 1.0)
    return drawing.under(brass, step(fields.inside_m(), 0.0018, 0.0012))
