"""Parquet floors: short strips of hardwood in patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from impasto.tools import Color, Field

from ..blocks import blocks
from ..material import Material, MaterialParameters, width_field
from ..shaping import bump, mix, step
from ..surface import Surface
from ..wood import board_tint, grain_of, wood_color, wood_relief_m

if TYPE_CHECKING:
    from torch import Tensor

    from ..canvas import Canvas

BONDS = {"herringbone": "herringbone", "mosaic": "basketweave", "strip": "staggered"}


class ParquetParameters(MaterialParameters):
    """Pattern, size, wood, varnish and age of parquet."""

    width_m: float = width_field(1.4)
    pattern: Literal["herringbone", "mosaic", "strip"] = Field("herringbone", description="How the strips are laid")
    strip_m: float = Field(0.07, ge=0.01, le=0.5, title="Strip Width", description="Width of a strip, in metres")
    length_m: float = Field(
        0.35, ge=0.03, le=2, title="Strip Length", description="Length of a strip, in metres, rounded to whole widths"
    )
    gap_m: float = Field(0.0006, ge=0, le=0.01, title="Gap Width", description="Width of the gaps, in metres")
    figure: float = Field(0.3, ge=0, le=1, description="0: straight grain, 1: cathedrals and waves")
    knots: float = Field(0.1, ge=0, le=1, description="Number of knots")
    color: Color = Field((0.71, 0.52, 0.33), description="Colour of the early wood, the light part of the rings")
    late_color: Color = Field((0.50, 0.32, 0.18), description="Colour of the late wood, the dark part of the rings")
    color_variation: float = Field(0.5, ge=0, le=1, description="How much the parts differ in colour")
    varnish: float = Field(0.75, ge=0, le=1, description="0: raw or oiled, 1: glossy varnish")
    scuffs: float = Field(0.3, ge=0, le=1, description="Varnish worn dull by feet, and fine scratches")


class Parquet(Material):
    """Strips of hardwood with their own grain and colour, tight joints, and varnish that wears."""

    name, label = "parquet", "Parquet"
    description = "Parquet in herringbone, mosaic or strips, from freshly varnished to worn"
    subgroup = "Wood"
    parameters = ParquetParameters

    def surface(self, canvas: Canvas, parameters: ParquetParameters) -> Surface:
        p = parameters
        strips = blocks(canvas, BONDS[p.pattern], p.length_m, p.strip_m)
        each = lambda name: canvas.of_each(name, strips.number)  # noqa: E731
        wood = grain_of(canvas, strips, p.figure, p.knots, ring_m=0.0035)
        inside_m = strips.inside_m(p.gap_m)
        texel_m = canvas.texel_m
        gap = step(inside_m, 0.5 * texel_m, -0.5 * texel_m) if p.gap_m else 0.0 * inside_m
        lean = (each("lean y") - 0.5) * strips.y_m + (each("lean x") - 0.5) * strips.x_m
        scuffed, scratch = self._scuffs(canvas, p)
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
        return Surface(color, height_m, mix(roughness, 0.85, gap))

    def _scuffs(self, canvas: Canvas, p: ParquetParameters) -> tuple[Tensor, Tensor]:
        """Masks (H, W): where the varnish is dull, and scratches."""
        from ..strokes import strokes

        clouds = canvas.noise("scuffs", 0.35, octaves=7, gain=0.62)
        scuffed = step(clouds, 1.9 - 2.2 * p.scuffs, 3.1 - 2.2 * p.scuffs)
        count = min(20_000, round(260 * p.scuffs * canvas.width_m * canvas.height_m))
        if not count:
            return scuffed, 0.0 * clouds
        lines = strokes(
            canvas, "scratches", count, length_m=0.07, width_m=0.0007, rise_m=(0.0, 1.0), bend=0.08, taper=0.6
        )
        strength = canvas.uniform("scratch strength", count)[lines.number.clamp_min(0)]
        return scuffed, (lines.number >= 0) * (0.2 + 0.8 * strength.square())
