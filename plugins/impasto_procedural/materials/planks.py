"""Boards of wood with grain, knots, cracks and gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.tools import Color, Field

from ..blocks import blocks
from ..material import Material, MaterialParameters, width_field
from ..shaping import bump, mix, step
from ..surface import Surface
from ..wood import board_tint, grain_of, wood_color, wood_relief_m

if TYPE_CHECKING:
    from torch import Tensor

    from ..blocks import Blocks
    from ..canvas import Canvas


class PlanksParameters(MaterialParameters):
    """Size, gaps, grain and colours of boards."""

    width_m: float = width_field(1.6)
    board_m: float = Field(0.145, ge=0.01, le=1, title="Board Width", description="Width of a board, in metres")
    length_m: float = Field(1.6, ge=0.05, le=10, title="Board Length", description="Length of a board, in metres")
    gap_m: float = Field(0.003, ge=0, le=0.05, title="Gap Width", description="Width of the gaps, in metres")
    bevel_m: float = Field(0.003, ge=0, le=0.02, title="Bevel Width", description="Rounding of the edges, in metres")
    knots: float = Field(0.4, ge=0, le=1, description="Number of knots")
    figure: float = Field(0.5, ge=0, le=1, description="0: straight grain, 1: cathedrals and waves")
    relief: float = Field(
        0.35, ge=0, le=1, title="Grain Depth", description="Depth of the grain: 0 sanded, 1 weathered or brushed"
    )
    cracks: float = Field(0.15, ge=0, le=1, description="Cracks along the grain")
    color: Color = Field((0.66, 0.46, 0.28), description="Colour of the early wood, the light part of the rings")
    late_color: Color = Field((0.42, 0.25, 0.13), description="Colour of the late wood, the dark part of the rings")
    color_variation: float = Field(0.4, ge=0, le=1, description="How much the parts differ in colour")
    varnish: float = Field(0.15, ge=0, le=1, description="0: raw or oiled, 1: glossy varnish")


class Planks(Material):
    """Boards side by side, each cut from another place of a tree."""

    name, label = "planks", "Planks"
    description = "Boards of wood: floors, decks, walls of sheds; from varnished to grey and cracked"
    subgroup = "Wood"
    parameters = PlanksParameters

    def surface(self, canvas: Canvas, parameters: PlanksParameters) -> Surface:
        p = parameters
        boards = blocks(canvas, "staggered", p.length_m, p.board_m)
        each = lambda name: canvas.of_each(name, boards.number)  # noqa: E731
        wood = grain_of(canvas, boards, p.figure, p.knots)
        inside_m = boards.inside_m(p.gap_m)
        crack = self._cracks(canvas, boards, p)
        lean = (each("lean") - 0.5) * boards.across_m() / p.board_m
        height_m = (
            p.bevel_m * bump(inside_m.clamp_min(0), p.bevel_m + 1e-5)
            + wood_relief_m(wood, p.relief)
            + 0.0012 * (each("stands out") - 0.5 + lean)
            + 0.01 * (each("cup") - 0.4) * (boards.across_m() / p.board_m).square() * p.relief
            - 0.0025 * crack
        )
        gap = step(inside_m, 0.0, -0.0012)
        tint = board_tint(canvas, boards, p.color_variation)
        color = wood_color(wood, canvas.color(p.color), canvas.color(p.late_color)) * tint
        grime = 1 - 0.35 * step(inside_m, 0.006, 0.0)
        color = color * grime * (1 - 0.85 * gap) * (1 - 0.65 * crack)
        raw = 0.74 + 0.04 * wood.fibres - 0.10 * wood.late + 0.12 * wood.pores
        glossy = 0.2 + 0.02 * wood.fibres + 0.12 * wood.pores
        roughness = mix(mix(raw, glossy, p.varnish), 0.9, gap.maximum(0.7 * crack))
        return Surface(color, height_m - 0.012 * gap, roughness)

    def _cracks(self, canvas: Canvas, boards: Blocks, p: PlanksParameters) -> Tensor:
        """Mask (H, W) of checks: thin lines along the grain, where zero crossings of a noise lie in rare patches."""
        lines = canvas.noise("cracks", 0.02, octaves=3, gain=0.6, stretch=(1, 26))
        patches = canvas.noise("cracked", 0.05, octaves=2, stretch=(1, 6))
        ends = step(boards.half_width_m - boards.x_m.abs(), 0.12, 0.0)
        width = 0.10 * step(patches + 0.6 * ends, 2.9 - 2.6 * p.cracks, 4.2 - 2.6 * p.cracks)
        return step(lines.abs(), width + 0.02, 0.5 * width) * step(width, 0.0, 0.03)
