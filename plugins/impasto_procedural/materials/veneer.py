"""Veneer and plywood: thin leaves of wood, sliced or peeled off a trunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from impasto.tools import Color, Field

from ..blocks import blocks
from ..material import Material, MaterialParameters, width_field
from ..parameters import color_field, share_field
from ..shaping import mix, step
from ..surface import Surface
from ..wood import board_tint, grain_of, wood_color

if TYPE_CHECKING:
    from ..canvas import Canvas


class VeneerParameters(MaterialParameters):
    """Cut, leaves, knots and colours of veneer."""

    width_m: float = width_field(1.2)
    cut: Literal["sliced", "peeled"] = Field("sliced", description="Sliced in narrow leaves, or peeled in broad ones")
    leaf_m: float = Field(0.24, ge=0.03, le=2, title="Leaf Width", description="Width of a leaf, in metres")
    knots: float = share_field(0.1, "Number of knots")
    color: Color = color_field((0.52, 0.36, 0.24), "Colour of the early wood, the light part of the rings")
    late_color: Color = color_field((0.31, 0.20, 0.13), "Colour of the late wood, the dark part of the rings")
    color_variation: float = share_field(0.35, "How much the parts differ in colour")
    varnish: float = share_field(0.5, "0: raw or oiled, 1: glossy varnish")


class Veneer(Material):
    """Leaves that meet without gaps: sliced ones with cathedrals, peeled ones with broad waves."""

    name, label = "veneer", "Veneer"
    description = "Smooth panels of veneer or plywood"
    subgroup = "Wood"
    parameters = VeneerParameters

    def surface(self, canvas: Canvas, parameters: VeneerParameters) -> Surface:
        p = parameters
        is_peeled = p.cut == "peeled"
        leaves = blocks(canvas, "staggered", canvas.width_m, (2.5 if is_peeled else 1) * p.leaf_m)
        wood = grain_of(canvas, leaves, 0.95 if is_peeled else 0.6, p.knots, 0.019 if is_peeled else 0.0075)
        light, late = canvas.color(p.color), canvas.color(p.late_color)
        flame = canvas.noise("flame", 0.03, octaves=3, stretch=(2.5, 0.5)) * canvas.noise("where", 0.25, octaves=2)
        color = wood_color(wood, light, mix(light, late, 0.55 if is_peeled else 1.0))
        color = color * board_tint(canvas, leaves, p.color_variation) * (1 + 0.035 * flame)
        seam = step(leaves.inside_m(), 0.0006, 0.0)
        raw = 1 - p.varnish
        height_m = raw * (0.00002 * wood.fibres - 0.00012 * wood.pores + 0.00003 * wood.late) - 0.00006 * seam
        height_m = height_m + 0.000015 * canvas.noise("waves", 0.15, octaves=2)
        roughness = mix(0.7, 0.16, p.varnish) + raw * (0.04 * wood.fibres + 0.1 * wood.pores)
        return Surface(color * (1 - 0.3 * seam), height_m, roughness)
