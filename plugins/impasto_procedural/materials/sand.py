"""Sand: beaches, dunes and paths."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from impasto.tools import Color, Field

from ..material import Material, MaterialParameters, width_field
from ..shaping import mix, step
from ..surface import Surface

if TYPE_CHECKING:
    from torch import Tensor

    from ..canvas import Canvas


class SandParameters(MaterialParameters):
    """Ripples, grains and colours of sand."""

    width_m: float = width_field(1.4)
    ripple_m: float = Field(
        0.09, ge=0.01, le=2, title="Ripple Spacing", description="Spacing of the ripples, in metres"
    )
    ripples: float = Field(0.1, ge=0, le=1, title="Ripple Height", description="Height of the ripples")
    forks: float = Field(
        0.4, ge=0, le=1, title="Ripple Forks", description="0: straight ripples, 1: they fork and meander"
    )
    hollows: float = Field(0.35, ge=0, le=1, description="Uneven ground, trampled or blown")
    grain_m: float = Field(0.0018, ge=0.0002, le=0.01, title="Grain Size", description="Size of the grains, in metres")
    pebbles: float = Field(0.15, ge=0, le=1, description="Small stones and bits of shells")
    color: Color = Field((0.71, 0.62, 0.47), description="Colour of most grains")
    dark_color: Color = Field((0.40, 0.32, 0.24), description="Colour of the heavy grains that gather in the troughs")
    color_variation: float = Field(0.5, ge=0, le=1, description="How much the parts differ in colour")
    damp: float = Field(0.0, ge=0, le=1, description="Dark damp patches")


class Sand(Material):
    """Grains of sand, blown into ripples that fork."""

    name, label = "sand", "Sand"
    description = "Sand of a beach or a dune, with ripples, hollows, and small stones"
    subgroup = "Ground"
    parameters = SandParameters

    def surface(self, canvas: Canvas, parameters: SandParameters) -> Surface:
        p = parameters
        ripple, crest = self._ripples(canvas, p)
        clouds = canvas.noise("clouds", 0.4, octaves=6, gain=0.55)
        dents = canvas.noise("dents", 0.11, octaves=4, gain=0.45)
        grains = canvas.noise("grains", p.grain_m, octaves=2, gain=0.8)
        soil = canvas.noise("soil", 0.05, octaves=5, gain=0.75)
        tint = canvas.noise("tint", 1.2 * p.grain_m, octaves=2, gain=0.8)
        height_m = (
            0.20 * p.ripples * p.ripple_m * ripple * (1 - 0.25 * p.hollows * (1 + clouds).clamp(0, 2))
            + p.hollows * (0.009 * clouds - 0.010 * dents.clamp_min(0) ** 1.5 * (1 - 0.5 * p.ripples))
            + 0.30 * p.grain_m * grains
        )
        heavy = step(tint - 0.9 * crest * p.ripples + 0.5 * clouds, 1.5, 2.6) * p.color_variation
        pale = step(-tint + 0.5 * crest, 1.6, 2.6) * p.color_variation
        large = 0.14 * clouds + 0.10 * soil + 0.09 * p.ripples * crest
        value = 1 + 0.10 * grains + 0.09 * tint + p.color_variation * large
        color = canvas.color(p.color) * value
        color = mix(color, canvas.color(p.dark_color), 0.75 * heavy)
        color = mix(color, canvas.color((0.90, 0.86, 0.78)), 0.55 * pale)
        damp = p.damp * step(-clouds - 0.7 * crest * p.ripples + 2.2 * p.damp, 0.4, 1.4)
        sand = Surface(color * (1 - 0.5 * damp), height_m, 0.93 - 0.35 * damp + 0.02 * grains)
        return self._pebbles(canvas, p, sand) if p.pebbles else sand

    def _ripples(self, canvas: Canvas, p: SandParameters) -> tuple[Tensor, Tensor]:
        """Height of the ripples, 0 to 1, with one steep side; and −1 in troughs to 1 on crests."""
        phase, amplitude = canvas.waves("ripples", p.ripple_m, spread=0.03 + 0.27 * p.forks)
        strength = step(amplitude, 0.05, 0.9)
        turns = phase + 0.10 * (2 * math.pi * phase).sin()  # the lee side is steeper
        wave = (2 * math.pi * (turns + 0.06 * (2 * math.pi * turns).cos())).cos()
        sharp = 0.5 + 0.5 * wave
        return strength * sharp**1.3, strength * wave

    def _pebbles(self, canvas: Canvas, p: SandParameters, sand: Surface) -> Surface:
        from ..scatter import scatter

        count = min(20_000, round(500 * p.pebbles**2 * canvas.width_m * canvas.height_m) + 1)
        flat = 0.6 + 0.8 * canvas.uniform("flat", count)

        def dome(y: Tensor, x: Tensor, number: Tensor) -> Tensor:
            square = (y * flat[number] * 1.2).square() + x.square()
            return ((1 - square).clamp_min(0).sqrt() * 0.004).where(square < 1, y.new_full((), -math.inf))

        found = scatter(canvas, "pebbles", count, 0.005, dome, spread=0.7)
        number = found.number.clamp_min(0)
        value = 0.25 + 0.9 * canvas.uniform("pebble value", count)[number]
        is_shell = step(canvas.uniform("shell", count)[number], 0.75, 0.76)
        color = mix(canvas.color((0.60, 0.53, 0.46)) * value, canvas.color((0.90, 0.84, 0.76)), is_shell)
        stone = Surface(color, sand.height_m + found.height_m - 0.0012, mix(0.6, 0.4, is_shell))
        return sand.under(stone, step(found.height_m, 0.0010, 0.0016))
