"""Granite: crystals of feldspar, quartz and mica, polished or rough."""

from __future__ import annotations

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Crystals of three kinds that interlock: large feldspars, grey quartz between them, small dark mica."""
    warp = canvas.sway("ragged", 0.11 * p.size_m, 0.6 * p.size_m, 3)
    clouds = canvas.noise("clouds", 5 * p.size_m, octaves=4, gain=0.6)
    fine = canvas.noise("fine", 0.1 * p.size_m, octaves=3, gain=0.8)
    quartz = _crystals(canvas, p, "quartz", 0.55 * p.size_m, warp, canvas.color(p.second_color))
    feldspar = _crystals(canvas, p, "feldspar", p.size_m, warp, canvas.color(p.color))
    mica = _crystals(canvas, p, "mica", 0.42 * p.size_m, warp, canvas.color(p.third_color))
    color = mix(quartz[0], feldspar[0], step(feldspar[1] + 0.05 * clouds, 0.36, 0.37))
    is_mica = step(mica[1] - 0.07 * clouds, 0.20, 0.18)
    color = mix(color, mica[0], is_mica) * (1 + 0.06 * fine)
    rough = 1 - p.polish
    height_m = p.size_m * rough**2 * (0.09 * clouds + 0.16 * feldspar[1] + 0.05 * fine - 0.1 * is_mica)
    height_m = height_m + 0.0004 * p.size_m * (fine + clouds - 3 * is_mica)
    return Drawing(color, height_m, mix(0.85, 0.12, p.polish) + 0.06 * is_mica + 0.015 * fine)


def _crystals(
    canvas: Canvas, p: Look, name: str, size_m: float, warp: tuple[Tensor, Tensor], base: Tensor
) -> tuple[Tensor, Tensor]:
    """Colour (3, H, W) of crystals of one kind, and a random number of each (H, W)."""
    cells = canvas.cells(name, size_m, warp=warp)
    value = 1 + 1.1 * p.color_variation * (canvas.of_each(f"{name} value", cells.number) - 0.5)
    rim = step(cells.to_border_m, 0.08 * size_m, 0.0)
    return base * value * (1 - 0.14 * rim), canvas.of_each(f"{name} kind", cells.number)
