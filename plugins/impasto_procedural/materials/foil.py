"""Metal foil: thin gold, silver or coloured leaf, wrinkled or crumpled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.tools import Color

from ..crumple import crumple
from ..material import Material, MaterialParameters, width_field
from ..parameters import color_field, roughness_field, share_field, size_field
from ..surface import Surface

if TYPE_CHECKING:
    from ..canvas import Canvas


class FoilParameters(MaterialParameters):
    """Folds and metal of a foil."""

    width_m: float = width_field(0.3)
    size_m: float = size_field(0.07)
    creases: float = share_field(0.55, "Wrinkles from use")
    dents: float = share_field(0.3, "Waves and dents of the sheet")
    tarnish: float = share_field(0.15, "Clouds of dull metal")
    metal_color: Color = color_field((0.91, 0.78, 0.45), "Reflectance of the bare metal")
    roughness: float = roughness_field(0.22)


class Foil(Material):
    """Bright facets between folds, with shallow dents."""

    name, label = "foil", "Metal foil"
    description = "Gold leaf and kitchen foil, wrinkled, dented or crumpled"
    subgroup = "Metal"
    parameters = FoilParameters

    def surface(self, canvas: Canvas, parameters: FoilParameters) -> Surface:
        p = parameters
        facets, near = crumple(canvas, "foil", p.size_m)
        dents = canvas.noise("dents", 0.3 * p.size_m, octaves=3, gain=0.4)
        clouds = canvas.high_pass(canvas.noise("clouds", 0.06, octaves=6, gain=0.65), 0.1)
        grain = canvas.noise("grain", 0.001, octaves=3, gain=0.7, stretch=(1, 8))
        dull = p.tarnish * (0.4 + 0.4 * clouds).clamp(0, 1)
        color = canvas.color(p.metal_color) * (1 - 0.35 * dull) * (1 + 0.02 * grain - 0.10 * p.creases * near)
        height_m = p.size_m * (0.28 * p.creases * facets - 0.02 * p.dents * dents.clamp_min(0) ** 1.5)
        height_m = height_m + 0.000004 * grain
        return Surface(color, height_m, p.roughness + 0.25 * dull + 0.08 * p.creases * near + 0.02 * grain, 1.0)
