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


class MaterialParameters(SizeParameters, WeatheringLayers):
    """Base of the parameters of procedural materials, which add `width_m` and their own."""

    width_m: float = width_field(1.0)
