"""Paper: fibres, crumples, and the stains of age."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..crumple import crumple
from ..drawing import Drawing
from ..shaping import mix, step
from ..strands import strands


def draw(canvas: Canvas, p: Look) -> Drawing:
    """A sheet of fibres with facets between folds, along which dirt has settled."""
    facets, near = crumple(canvas, "sheet", p.size_m)
    clouds = canvas.high_pass(canvas.noise("clouds", 0.07, octaves=6, gain=0.62), 0.12)
    pulp = canvas.noise("pulp", 0.0035, octaves=4, gain=0.7)
    drawn = strands(
        canvas, "fibres", canvas.pieces(40_000, 40_000), length_m=0.006, width_m=0.0002, rise_m=(0, 0.0001), bend=0.4
    )
    tone = canvas.uniform("fibre", int(drawn.number.max()) + 2)[drawn.number.clamp_min(0)] - 0.35
    fibre = p.fibres * tone * (drawn.number >= 0).to(tone.dtype)
    stain = p.stains * (0.45 + 0.4 * clouds + 0.06 * pulp).clamp(0, 1)
    edge = p.stains * step((clouds - 0.4).abs(), 0.14, 0.0) * 0.5
    color = mix(canvas.color(p.color), canvas.color(p.stain_color), (0.8 * stain + 0.4 * edge).clamp(0, 0.9))
    color = color * (1 + 0.02 * pulp - 0.22 * fibre) * (1 - 0.16 * p.creases * near)
    height_m = 0.4 * p.creases * p.size_m * facets + 0.00001 * pulp + 0.1 * p.fibres * drawn.height_m
    return Drawing(color.clamp(0, 0.88), height_m, p.roughness + 0.02 * pulp)
