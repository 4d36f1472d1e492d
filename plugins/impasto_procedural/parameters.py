"""Parameters that all procedural materials have."""

from __future__ import annotations

from typing import Any

from impasto.tools import Field, Parameters, SizeParameters, display_hints


class WeatheringLayers(Parameters):
    """Layers that go on any material."""

    wear: float = Field(0.0, ge=0, le=1, description="How far edges are rubbed off")
    dirt: float = Field(0.0, ge=0, le=1, description="Dirt in cavities and in stains")
    moss: float = Field(0.0, ge=0, le=1, description="Moss, from the joints to all over")
    wetness: float = Field(0.0, ge=0, le=1, description="Water: a dark film, then puddles in what is low")


def width_field(default_m: float) -> Any:
    """`width_m: float = width_field(2.0)`: the real-world width of the tile."""
    text = "Real-world width of the tile in metres; more shows more of the material"
    hints = display_hints(high=5, decimals=3)
    return Field(default_m, ge=0.001, le=100, title="Real Width", description=text, json_schema_extra=hints)


def size_field(default_m: float) -> Any:
    """`size_m: float = size_field(0.02)`: size of the parts that a material is made of."""
    text = "Size of its parts, in metres"
    hints = display_hints(high=0.5, decimals=4)
    return Field(default_m, ge=0.0002, le=2, title="Part Size", description=text, json_schema_extra=hints)


def color_field(default: tuple[float, float, float], description: str = "Main colour") -> Any:
    """`color: Color = color_field((0.4, 0.3, 0.2))`: a colour, sRGB in [0, 1]."""
    return Field(default, description=description)


def share_field(default: float, description: str) -> Any:
    """`cracks: float = share_field(0.3, "Cracks")`: an amount from 0 to 1."""
    return Field(default, ge=0, le=1, description=description)


def roughness_field(default: float) -> Any:
    """`roughness: float = roughness_field(0.5)`: the roughness of the surface as a whole."""
    return share_field(default, "Roughness: 0 mirror, 1 chalk")


class MaterialParameters(SizeParameters, WeatheringLayers):
    """Base of the parameters of procedural materials, which add `width_m` and their own."""

    width_m: float = width_field(1.0)
