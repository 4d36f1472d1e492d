"""Brick walls in seven bonds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from impasto.tools import Color, Field, display_hints

from ..blocks import blocks
from ..material import Material, MaterialParameters, width_field
from ..shaping import bump, mix, step
from ..surface import Surface

if TYPE_CHECKING:
    from torch import Tensor

    from ..blocks import Blocks
    from ..canvas import Canvas


class BricksParameters(MaterialParameters):
    """Bond, size, joints, age and colours of bricks."""

    width_m: float = width_field(1.8)
    bond: Literal["running", "third", "stack", "english", "flemish", "herringbone", "basketweave"] = Field(
        "running", description="How the bricks are laid"
    )
    length_m: float = Field(
        0.225, ge=0.02, le=2, title="Brick Length", description="Length of a brick and its joint, in metres"
    )
    course_m: float = Field(
        0.075, ge=0.01, le=1, title="Course Height", description="Height of a row of bricks and its joint, in metres"
    )
    joint_m: float = Field(0.011, ge=0, le=0.1, title="Joint Width", description="Width of the joints, in metres")
    joint_depth: float = Field(0.5, ge=0, le=1, description="How far the mortar lies behind the faces; 0: flush")
    irregular: float = Field(0.5, ge=0, le=1, description="Uneven edges, and bricks that stand out or lean")
    chips: float = Field(0.35, ge=0, le=1, description="Broken edges and pits")
    color: Color = Field((0.58, 0.28, 0.20), description="Colour of most bricks")
    second_color: Color = Field((0.40, 0.19, 0.15), description="Colour of the darkest bricks")
    color_variation: float = Field(0.5, ge=0, le=1, description="How much the parts differ in colour")
    mortar_color: Color = Field((0.62, 0.59, 0.54), description="Colour of the mortar")
    roughness: float = Field(
        0.82, ge=0, le=1, description="Roughness: 0 mirror, 1 chalk", json_schema_extra=display_hints()
    )


class Bricks(Material):
    """A wall of bricks, each with its own colour, tilt and damage, in recessed mortar."""

    name, label = "bricks", "Bricks"
    description = "A brick wall: seven bonds, from new and sharp to old and chipped"
    subgroup = "Masonry"
    parameters = BricksParameters

    def surface(self, canvas: Canvas, parameters: BricksParameters) -> Surface:
        p = parameters
        fine = canvas.noise("edge", 0.02, octaves=4, gain=0.6)
        waver_m = 0.12 * p.irregular * p.course_m
        warp = waver_m * canvas.noise("sway", 0.12, octaves=3), waver_m * canvas.noise("lean", 0.12, octaves=3)
        laid = blocks(canvas, p.bond, p.length_m, p.course_m, warp=warp)
        chipped_m = p.chips * 0.006 * step(canvas.noise("chips", 0.045, octaves=4), 0.3, 2.2)
        inside_m = laid.inside_m(p.joint_m, 0.08 * p.course_m)
        inside_m = inside_m - 2.2 * chipped_m + 0.0006 * (0.3 + p.irregular) * fine
        face = step(inside_m, -0.0007, 0.0009)
        return self._mortar(canvas, p).under(self._faces(canvas, p, laid, inside_m, fine), face)

    def _faces(self, canvas: Canvas, p: BricksParameters, laid: Blocks, inside_m: Tensor, fine: Tensor) -> Surface:
        each = lambda name: canvas.of_each(name, laid.number)  # noqa: E731
        grain = canvas.noise("grain", 0.004, octaves=3, gain=0.7)
        clouds = canvas.noise("clouds", 0.09, octaves=4, gain=0.6)
        pits = step(canvas.noise("pits", 0.012, octaves=2), 2.1 - 0.7 * p.chips, 3.0 - 0.7 * p.chips)
        lean = (each("lean y") - 0.5) * laid.y_m / p.course_m + (each("lean x") - 0.5) * laid.x_m / p.length_m
        height_m = (
            0.0035 * bump(inside_m.clamp_min(0), 0.007)
            + p.irregular * (0.003 * (each("stands out") - 0.5) + 0.004 * lean)
            + 0.0004 * clouds
            + 0.00022 * grain
            - 0.0018 * pits
        )
        shade = each("shade")
        dark = step(shade + 0.10 * clouds, 1 - 0.75 * p.color_variation, 1.15 - 0.45 * p.color_variation)
        color = mix(canvas.color(p.color), canvas.color(p.second_color), dark * (p.color_variation > 0))
        value = 1 + p.color_variation * 0.45 * (each("value") - 0.5) + 0.07 * clouds + 0.05 * grain
        warmth = p.color_variation * 0.16 * (each("warmth") - 0.5) + 0.02 * clouds
        tint = canvas.color((1, 1, 1)) + warmth * (canvas.color((1, 0, 0)) - canvas.color((0, 0.1, 1)))
        burnt = 1 - 0.22 * step(fine * 0.002 + 0.006 - inside_m, 0.0, 0.006)
        color = color * value * tint * burnt * (1 - 0.35 * pits)
        return Surface(color, height_m, p.roughness + 0.04 * grain + 0.05 * clouds)

    def _mortar(self, canvas: Canvas, p: BricksParameters) -> Surface:
        sand = canvas.noise("sand", 0.003, octaves=2, gain=0.8)
        lumps = canvas.noise("lumps", 0.02, octaves=3)
        depth_m = -0.0005 - 0.011 * p.joint_depth
        color = canvas.color(p.mortar_color) * (1 + 0.10 * sand + 0.09 * lumps)
        return Surface(color, depth_m + 0.0005 * sand + 0.0009 * lumps, 0.93)
