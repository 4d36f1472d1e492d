"""Foam: open pores in a soft or a hard matrix, from a sponge to pumice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.tools import Color, Field

from ..material import Material, MaterialParameters, width_field
from ..shaping import mix, step
from ..surface import Surface

if TYPE_CHECKING:
    from torch import Tensor

    from ..canvas import Canvas


class FoamParameters(MaterialParameters):
    """Pores and colours of a foam."""

    width_m: float = width_field(0.1)
    pore_m: float = Field(
        0.005, ge=0.0003, le=0.1, title="Pore Width", description="Width of the largest pores, in metres"
    )
    open: float = Field(0.6, ge=0, le=1, title="Porosity", description="Share of the surface that is pores")
    depth: float = Field(0.6, ge=0, le=1, title="Pore Depth", description="Depth of the pores")
    sizes: float = Field(0.6, ge=0, le=1, title="Size Variation", description="0: equal pores, 1: many sizes")
    irregular: float = Field(0.4, ge=0, le=1, description="0: round pores, 1: torn ones")
    color: Color = Field((0.84, 0.72, 0.38), description="Colour of the surface")
    pore_color: Color = Field((0.52, 0.39, 0.15), description="Colour inside the pores")
    roughness: float = Field(0.9, ge=0, le=1, description="Roughness: 0 mirror, 1 chalk")


class Foam(Material):
    """Pores of three sizes, each a bowl with a thin rim."""

    name, label = "foam", "Foam"
    description = "Sponge, foam rubber, pumice, aerated concrete"
    subgroup = "Fabric"
    parameters = FoamParameters

    def surface(self, canvas: Canvas, parameters: FoamParameters) -> Surface:
        p = parameters
        torn = [
            0.10 * p.irregular * p.pore_m * canvas.noise(f"torn {axis}", 0.7 * p.pore_m, octaves=3) for axis in "yx"
        ]
        deep_m, rim = self._pores(canvas, p, 1.0, 1.0, (torn[0], torn[1]))
        for scale in (0.5, 0.24):
            other_m, other_rim = self._pores(canvas, p, scale, p.sizes, (torn[0], torn[1]))
            deep_m, rim = deep_m.maximum(other_m), rim.maximum(other_rim)
        swell = canvas.noise("swell", canvas.width_m / 4, octaves=4)
        skin = canvas.noise("skin", 0.12 * p.pore_m, octaves=2, gain=0.8)
        height_m = 0.04 * p.pore_m * swell + 0.012 * p.pore_m * skin + 0.03 * p.pore_m * rim - p.depth * deep_m
        inside = (deep_m / (0.45 * p.pore_m)).clamp(0, 1).sqrt()
        color = mix(canvas.color(p.color), canvas.color(p.pore_color), inside * (0.4 + 0.6 * p.depth))
        color = color * (1 + 0.05 * skin + 0.05 * swell + 0.10 * rim)
        return Surface(color, height_m, p.roughness + 0.03 * skin)

    def _pores(
        self, canvas: Canvas, p: FoamParameters, scale: float, share: float, torn: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Depth in metres, and 1 on the rim of the pores, of one size."""
        size_m = scale * p.pore_m
        cells = canvas.cells(f"pores {scale}", 1.05 * size_m, jitter=0.8, warp=torn)
        random = canvas.of_each(f"radius {scale}", cells.number)
        is_there = canvas.of_each(f"there {scale}", cells.number) < 0.25 + 0.75 * p.open * share
        radius_m = size_m * (0.22 + 0.26 * p.open * (1 - 0.6 * p.sizes * random))
        inside = 1 - cells.from_center_m / radius_m
        bowl = inside.clamp_min(0)
        deep_m = radius_m * (1 - (1 - bowl).square()).clamp_min(0).sqrt() * 0.9
        there = is_there.to(bowl.dtype)
        return deep_m * there, step(inside, -0.35, -0.05) * step(inside, 0.12, 0.0) * there
