"""Parquet floors: short strips of hardwood in patterns."""

from __future__ import annotations

from torch import Tensor

from ..blocks import blocks
from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, mix, step
from ..strands import strands
from ..wood import board_tint, grain_of, wood_color, wood_relief_m

BONDS = {"herringbone": "herringbone", "mosaic": "basketweave", "strip": "staggered"}


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Strips of hardwood with their own grain and colour, tight joints, and varnish that wears."""
    strips = blocks(canvas, BONDS[p.pattern], p.length_m, p.strip_m)
    each = lambda name: canvas.of_each(name, strips.number)  # noqa: E731
    wood = grain_of(canvas, strips, p.figure, p.knots, ring_m=0.0035)
    inside_m = strips.inside_m(p.gap_m)
    texel_m = canvas.texel_m
    gap = step(inside_m, 0.5 * texel_m, -0.5 * texel_m) if p.gap_m else 0.0 * inside_m
    lean = (each("lean y") - 0.5) * strips.y_m + (each("lean x") - 0.5) * strips.x_m
    scuffed, scratch = _scuffs(canvas, p)
    height_m = (
        0.0005 * bump(inside_m.clamp_min(0), 0.0012)
        + (1 - 0.7 * p.varnish) * wood_relief_m(wood, 0.0)
        + 0.0002 * (each("stands out") - 0.5)
        + 0.002 * lean
        - 0.00006 * scratch
        - 0.0015 * gap
    )
    color = wood_color(wood, canvas.color(p.color), canvas.color(p.late_color))
    color = color * board_tint(canvas, strips, p.color_variation)
    color = color * (1 - 0.75 * gap) * (1 - 0.3 * step(inside_m, 0.0025, 0.0))
    color = color * (1 + 0.05 * scuffed + 0.12 * scratch)
    raw = 0.62 + 0.05 * wood.fibres + 0.1 * wood.pores - 0.06 * wood.late
    varnished = 0.17 + 0.04 * (each("gloss") - 0.5) + 0.09 * wood.pores + 0.012 * wood.fibres
    roughness = mix(raw, varnished, p.varnish)
    roughness = mix(roughness, 0.55, 0.6 * scuffed.maximum(scratch))
    return Drawing(color, height_m, mix(roughness, 0.85, gap))


def _scuffs(canvas: Canvas, p: Look) -> tuple[Tensor, Tensor]:
    """Masks (H, W): where the varnish is dull, and scratches."""
    clouds = canvas.noise("scuffs", 0.35, octaves=7, gain=0.62)
    scuffed = step(clouds, 1.9 - 2.2 * p.scuffs, 3.1 - 2.2 * p.scuffs)
    count = min(20_000, round(260 * p.scuffs * canvas.width_m * canvas.height_m))
    if not count:
        return scuffed, 0.0 * clouds
    lines = strands(canvas, "scratches", count, length_m=0.07, width_m=0.0007, rise_m=(0.0, 1.0), bend=0.08, taper=0.6)
    strength = canvas.uniform("scratch strength", count)[lines.number.clamp_min(0)]
    return scuffed, (lines.number >= 0) * (0.2 + 0.8 * strength.square())
