"""Boards of wood with grain, knots, gaps and nails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.tools import Color, Field

from ..blocks import blocks
from ..material import Material, MaterialParameters, width_field
from ..shaping import bump, gradient, mix, step
from ..surface import Surface
from ..wood import grain_of

if TYPE_CHECKING:
    from ..canvas import Canvas


class PlanksParameters(MaterialParameters):
    """Size, gaps, grain and colours of boards."""

    width_m: float = width_field(1.6)
    board_m: float = Field(0.145, ge=0.01, le=1, description="Width of a board, in metres")
    length_m: float = Field(1.6, ge=0.05, le=10, description="Length of a board, in metres")
    gap_m: float = Field(0.003, ge=0, le=0.05, description="Gap between boards, in metres")
    bevel_m: float = Field(0.003, ge=0, le=0.02, description="Rounding of their edges, in metres")
    knots: float = Field(0.4, ge=0, le=1, description="How many knots")
    figure: float = Field(0.5, ge=0, le=1, description="0: straight grain, 1: cathedrals and waves")
    relief: float = Field(0.35, ge=0, le=1, description="Depth of the grain: 0 sanded, 1 weathered or brushed")
    cracks: float = Field(0.15, ge=0, le=1, description="Cracks along the grain")
    color: Color = Field((0.66, 0.46, 0.28), description="Colour of the early wood, the light part of the rings")
    late_color: Color = Field((0.42, 0.25, 0.13), description="Colour of the late wood, the dark part of the rings")
    color_variation: float = Field(0.4, ge=0, le=1, description="How much boards differ in colour")
    varnish: float = Field(0.15, ge=0, le=1, description="0: raw, 1: glossy varnish")


class Planks(Material):
    """Boards side by side, each cut from another place of a tree."""

    name, label = "planks", "Planks"
    description = "Boards of wood: floors, decks, walls of sheds; from varnished to grey and cracked"
    group = "wood"
    parameters = PlanksParameters

    def surface(self, canvas: Canvas, parameters: PlanksParameters) -> Surface:
        p = parameters
        boards = blocks(canvas, "third" if p.length_m < canvas.width_m else "stack", p.length_m, p.board_m)
        each = lambda name: canvas.of_each(name, boards.number)  # noqa: E731
        wood = grain_of(canvas, boards, p.figure, p.knots)
        inside_m = boards.inside_m(p.gap_m)
        edge = bump(inside_m.clamp_min(0), p.bevel_m + 1e-5)
        crack = step(
            canvas.noise("cracks", 0.012, octaves=3, stretch=(1, 30)), 3.4 - 1.6 * p.cracks, 3.8 - 1.6 * p.cracks
        )
        height_m = (
            p.bevel_m * edge
            - 0.0011 * p.relief * wood.late_first
            + 0.00025 * p.relief * wood.fibres
            + 0.0012 * (each("stands out") - 0.5)
            + 0.01 * (each("cup") - 0.4) * (boards.across_m() / p.board_m).square() * p.relief
            - 0.004 * crack
        )
        gap = step(inside_m, 0.0, -0.0012)
        height_m = height_m - 0.012 * gap
        shades = [canvas.color(p.color) * 1.08, canvas.color(p.color), canvas.color(p.late_color)]
        color = gradient(wood.ring, shades)
        color = mix(color, canvas.color(p.late_color) * 0.42, wood.knot)
        value = 1 + p.color_variation * 0.75 * (each("value") - 0.5) + 0.06 * wood.fibres
        warm = p.color_variation * 0.22 * (each("warmth") - 0.5)
        color = (
            color * value * (canvas.color((1, 1, 1)) + warm * (canvas.color((1, 0.3, 0)) - canvas.color((0, 0.3, 1))))
        )
        color = color * (1 - 0.85 * gap) * (1 - 0.7 * crack)
        roughness = mix(0.78 + 0.06 * wood.fibres, 0.22 + 0.03 * wood.fibres, p.varnish)
        return Surface(color, height_m, mix(roughness, 0.9, gap))
