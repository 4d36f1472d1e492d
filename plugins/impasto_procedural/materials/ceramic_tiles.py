"""Ceramic tiles in grout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from impasto.tools import Color, Field, visible_if

from ..blocks import blocks, is_odd
from ..damage import cracks
from ..material import Material, MaterialParameters, width_field
from ..shaping import bump, mix, step
from ..surface import Surface

if TYPE_CHECKING:
    from torch import Tensor

    from ..canvas import Canvas

BONDS = {
    "square": ("stack", 1),
    "chessboard": ("chessboard", 1),
    "subway": ("running", 2),
    "stacked": ("stack", 3),
    "herringbone": ("herringbone", 2),
}
"""Bond and length of each shape but the hexagon, in heights of a tile."""


class TilesParameters(MaterialParameters):
    """Shape, joints, glaze and colours of tiles."""

    width_m: float = width_field(1.2)
    shape: Literal["square", "hexagon", "subway", "stacked", "herringbone", "chessboard"] = Field(
        "square", description="Shape of the tiles and how they are laid"
    )
    tile_m: float = Field(0.15, ge=0.01, le=2, title="Tile Height", description="Height of a tile, in metres")
    joint_m: float = Field(0.004, ge=0, le=0.05, title="Joint Width", description="Width of the joints, in metres")
    bevel_m: float = Field(0.004, ge=0, le=0.03, title="Bevel Width", description="Rounding of the edges, in metres")
    uneven: float = Field(0.3, ge=0, le=1, description="0: laid by a machine, 1: handmade, each tilted and wavy")
    glaze: float = Field(0.8, ge=0, le=1, description="0: bare clay, 1: glossy glaze")
    crazing: float = Field(0.0, ge=0, le=1, description="Fine cracks in the glaze")
    color: Color = Field((0.86, 0.87, 0.85), description="Colour of most tiles")
    second_color: Color = Field((0.20, 0.33, 0.38), description="Colour of the others")
    second_share: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Second Share",
        description="Share of the second colour",
        json_schema_extra=visible_if("shape", "square", "hexagon", "subway", "stacked", "herringbone"),
    )
    color_variation: float = Field(0.45, ge=0, le=1, description="How much the parts differ in colour")
    grout_color: Color = Field((0.58, 0.56, 0.53), description="Colour of the grout")


class Tiles(Material):
    """Tiles, each tilted a little, whose glaze is thinner at the edges, in recessed grout."""

    name, label = "ceramic-tiles", "Tiles"
    description = "Ceramic tiles: squares, hexagons, subway, herringbone; from bathroom white to handmade and crazed"
    subgroup = "Masonry"
    parameters = TilesParameters

    def surface(self, canvas: Canvas, parameters: TilesParameters) -> Surface:
        p = parameters
        wobble = [0.0012 * p.uneven * canvas.noise(f"edge {axis}", 0.05, octaves=4) for axis in "yx"]
        number, y_m, x_m, inside_m = self._layout(canvas, p, (wobble[0], wobble[1]))
        each = lambda name: canvas.of_each(name, number)  # noqa: E731
        clouds = canvas.noise("glaze", 0.07, octaves=3)
        net = cracks(canvas, "crazing", 0.022, 0.0007, p.crazing) * p.glaze
        edge = bump(inside_m.clamp_min(0), p.bevel_m + 1e-5)
        lean = (each("lean y") - 0.5) * y_m + (each("lean x") - 0.5) * x_m
        height_m = 0.5 * p.bevel_m * edge + p.uneven * (0.022 * lean + 0.0008 * (each("stands out") - 0.5))
        height_m = height_m + (0.00005 + 0.0005 * p.uneven) * clouds - 0.00008 * net
        grain = canvas.noise("clay", 0.003, octaves=2, gain=0.7)
        height_m = height_m + (1 - p.glaze) * 0.0001 * grain
        is_second = is_odd(canvas, number, p.tile_m) if p.shape == "chessboard" else each("kind") < p.second_share
        color = mix(canvas.color(p.color), canvas.color(p.second_color), is_second.to(clouds.dtype))
        pooled = p.color_variation * (0.10 * clouds + 0.35 * (each("value") - 0.5))
        thin = 0.18 * p.color_variation * (1 - edge) + (1 - p.glaze) * 0.05 * grain
        warm = 0.08 * p.color_variation * (each("warmth") - 0.5)
        tint = canvas.color((1, 1, 1)) + warm * (canvas.color((1, 0.4, 0)) - canvas.color((0, 0.4, 1)))
        color = (
            color ** (1 + 0.5 * pooled - 0.5 * thin).clamp(0.3, 2) * (1 - 0.12 * pooled.abs()) * tint * (1 - 0.45 * net)
        )
        smudges = step(canvas.noise("smudges", 0.12, octaves=6, gain=0.65), 0.2, 2.4)
        roughness = mix(0.78 + 0.05 * grain, 0.07 + 0.10 * smudges + 0.10 * (1 - edge), p.glaze) + 0.2 * net
        return self._grout(canvas, p).under(Surface(color, height_m, roughness), step(inside_m, -0.0004, 0.0008))

    def _layout(
        self, canvas: Canvas, p: TilesParameters, warp: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Number of each texel's tile, offset from its centre down and right, and distance to its border, in metres."""
        if p.shape == "hexagon":
            cells = canvas.cells("tiles", p.tile_m, jitter=0, stagger=0.5, stretch=(0.866, 1), warp=warp)
            return cells.number, cells.y_m, cells.x_m, cells.to_border_m - p.joint_m / 2
        bond, length = BONDS[p.shape]
        laid = blocks(canvas, bond, length * p.tile_m, p.tile_m, warp=warp)
        return laid.number, laid.y_m, laid.x_m, laid.inside_m(p.joint_m, 0.6 * p.bevel_m)

    def _grout(self, canvas: Canvas, p: TilesParameters) -> Surface:
        sand = canvas.noise("sand", 0.0025, octaves=2, gain=0.8)
        stains = canvas.noise("grout stains", 0.2, octaves=4, gain=0.6)
        color = canvas.color(p.grout_color) * (1 + 0.07 * sand + 0.10 * stains)
        return Surface(color, -0.0012 + 0.00012 * sand, 0.9)
