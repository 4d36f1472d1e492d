"""Parameters that all procedural materials have."""

from __future__ import annotations

from impasto.tools import Field, Parameters, SizeParameters, display_hints


class WeatheringLayers(Parameters):
    """Parameters of weathering, which any material can have."""

    wear: float = Field(0.0, ge=0, le=1, description="How far edges are rubbed off")
    dirt: float = Field(0.0, ge=0, le=1, description="Dirt in cavities and in stains")
    moss: float = Field(0.0, ge=0, le=1, description="Moss, from the joints to all over")
    wetness: float = Field(0.0, ge=0, le=1, description="Water: a dark film, then puddles in what is low")


class MaterialParameters(SizeParameters, WeatheringLayers):
    """Base of all materials' parameters; each sets the default of `width_m` and adds its own."""

    width_m: float = Field(
        1.0,
        ge=0.001,
        le=100,
        title="Real Width",
        description="Real-world width of the tile in metres; more shows more of the material",
        json_schema_extra=display_hints(high=5, decimals=3),
    )
