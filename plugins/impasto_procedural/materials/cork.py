"""Cork board: pressed granules of bark."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Granules of two sizes, each with its own colour, and dark crumbs and holes between them."""
    warp = canvas.sway("ragged", 0.22 * p.size_m, 0.7 * p.size_m, 4)
    large = canvas.cells("granules", p.size_m, warp=warp)
    small = canvas.cells("crumbs", 0.4 * p.size_m, warp=warp)
    is_crumb = step(canvas.of_each("broken", large.number), 0.6, 0.61)
    each = lambda name: mix(canvas.of_each(name, large.number), canvas.of_each(name, small.number), is_crumb)  # noqa: E731
    border_m = mix(large.to_border_m, small.to_border_m, is_crumb)
    fibre = canvas.noise("fibre", 0.12 * p.size_m, octaves=3, gain=0.7)
    pit = step(each("pit") + 0.3 * fibre * 0.3, 1 - 0.14 * p.pits, 1 - 0.10 * p.pits) if p.pits else 0.0 * fibre
    gap = step(border_m, 0.09 * p.size_m, 0.0)
    shade = 0.55 + p.color_variation * (0.95 * (each("shade") - 0.5)) + 0.07 * fibre - 0.18 * gap
    color = canvas.color(p.color)
    tone = gradient(shade, [canvas.color(p.second_color), color * 0.72, color, color * 1.28])
    dark = step(each("bark"), 1 - 0.11 * p.color_variation, 1 - 0.09 * p.color_variation)
    tone = mix(tone, canvas.color(p.second_color) * (1 + 0.15 * fibre), dark) * (1 - 0.55 * pit)
    height_m = p.size_m * (0.05 * bump(border_m, 0.2 * p.size_m) + 0.03 * each("high") + 0.01 * fibre - 0.22 * pit)
    return Drawing(tone, height_m, p.roughness + 0.03 * fibre + 0.04 * gap)
