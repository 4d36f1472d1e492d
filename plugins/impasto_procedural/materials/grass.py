"""A lawn or a meadow, seen from above."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.tools import Color, Field

from ..material import Material, MaterialParameters, width_field
from ..shaping import gradient, mix, step
from ..surface import Surface

if TYPE_CHECKING:
    from ..canvas import Canvas


class GrassParameters(MaterialParameters):
    """Length, density and colours of grass."""

    width_m: float = width_field(0.8)
    blade_m: float = Field(0.05, ge=0.005, le=0.5, title="Blade Length", description="Length of a blade, in metres")
    blade_width_m: float = Field(0.0032, ge=0.0005, le=0.02, description="Width of a blade, in metres")
    density: float = Field(0.6, ge=0, le=1, description="Density of the blades; 0.2: bare ground shows")
    wind: float = Field(0.0, ge=0, le=1, description="0: blades in all directions, 1: all in one")
    dry: float = Field(0.2, ge=0, le=1, title="Dry Blades", description="Share of dry blades")
    color: Color = Field((0.30, 0.42, 0.11), description="Colour of fresh blades")
    dry_color: Color = Field((0.62, 0.54, 0.28), description="Colour of dry blades")
    soil_color: Color = Field((0.25, 0.19, 0.13), title="Ground Color", description="Colour of the ground")


class Grass(Material):
    """Blades of grass above each other, on soil."""

    name, label = "grass", "Grass"
    description = "Grass from above, from a short lawn to a dry meadow"
    subgroup = "Ground"
    parameters = GrassParameters

    def surface(self, canvas: Canvas, parameters: GrassParameters) -> Surface:
        from ..strokes import strokes

        p = parameters
        patches = canvas.noise("patches", canvas.width_m / 4, octaves=4)
        count = canvas.pieces((0.4 + 3.2 * p.density) / (p.blade_m * p.blade_width_m), 200_000)
        blades = strokes(
            canvas,
            "blades",
            count,
            length_m=p.blade_m,
            width_m=p.blade_width_m,
            rise_m=(0.1 * p.blade_m, 0.55 * p.blade_m),
            direction=0.12,
            spread=1 - 0.85 * p.wind,
            bend=0.22,
        )
        is_blade = (blades.number >= 0).to(patches.dtype)
        number = blades.number.clamp_min(0)
        one = lambda name: canvas.uniform(name, count)[number]  # noqa: E731
        rib = 1 - 0.28 * step(blades.across.abs(), 0.35, 0.0)
        dark = [canvas.color(p.color) * factor for factor in (0.35, 0.85, 1.35)]
        lift = (blades.height_m / (0.55 * p.blade_m)).clamp(0, 1)
        fresh = gradient(0.55 * lift + 0.35 * one("shade") + 0.05 * patches, dark)
        dry = canvas.color(p.dry_color) * (0.55 + 0.6 * lift + 0.2 * one("dry shade"))
        is_dry = step(one("dry") + 0.12 * patches, 1.0 - p.dry - 0.04, 1.0 - p.dry + 0.04) if p.dry else 0.0
        color = mix(fresh, dry, mix(is_dry, 1.0, 0.5 * step(blades.along, 0.75, 1.0) * (p.dry > 0)))
        grass = Surface(color * rib, blades.height_m, 0.55 + 0.15 * one("gloss"))
        return self._soil(canvas, p).under(grass, is_blade)

    def _soil(self, canvas: Canvas, p: GrassParameters) -> Surface:
        crumbs = canvas.noise("soil", 0.01, octaves=5, gain=0.65)
        color = canvas.color(p.soil_color) * (0.8 + 0.25 * crumbs).clamp_min(0.1)
        return Surface(color, 0.002 * crumbs - 0.002, 0.95)
