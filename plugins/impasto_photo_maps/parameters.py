"""Parameters of `photo-maps`."""

from __future__ import annotations

from typing import Literal

from impasto.tools import UNKNOWN_AZIMUTH, Field, LightAzimuth, Parameters, zero_means


class PhotoMapsParameters(Parameters):
    """Parameters of the estimated maps."""

    tiling: Literal["auto", "tiling", "single"] = Field(
        "auto", description="Whether the picture repeats without a seam: see by its borders, always, or never"
    )
    keep_given: bool = Field(True, description="Keep maps that the source already has and estimate only the others")
    delight: float = Field(
        0.5, ge=0, le=1, description="Take broad light and soft shadows out of the colour; 0: leave it as it is"
    )
    light_azimuth: LightAzimuth = Field(
        UNKNOWN_AZIMUTH,
        description="Direction of the light: 0° right, 90° top, below 0 unknown. It distinguishes bumps from dents",
    )
    relief: float = Field(
        1.0, ge=0, le=2, description="How strong the relief is: 0 flat, 1 as recognised, 2 twice as steep"
    )
    low_parts: Literal["auto", "dark", "light"] = Field(
        "auto", description="What lies low: dark parts, or light ones such as pale mortar; auto looks for pale joints"
    )
    invert_height: bool = Field(False, description="Turn the estimated height upside down")
    shape_size: float = Field(
        0.5, ge=0, le=1, description="Which shapes make the height: 0 fine detail, 0.5 as estimated, 1 large forms"
    )
    height_contrast: float = Field(
        0.5, ge=0, le=1, title="Contrast", description="0: flat; 0.5: as estimated; 1: steep steps"
    )
    height_range_m: float = Field(
        0.0,
        ge=0,
        le=10,
        description="Height difference from lowest to highest point in metres; 0: as estimated",
        json_schema_extra=zero_means("as estimated", 0.02),
    )
    roughness: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Average roughness: 0.05 mirror, 1 chalk; 0: of the material that is recognised",
        json_schema_extra=zero_means("as recognised", 0.65),
    )
    roughness_variation: float = Field(
        0.3,
        ge=0,
        le=1,
        title="Variation",
        description="How much rougher crevices and busy parts are than smooth, raised ones",
    )
    metallic: float = Field(0.0, ge=0, le=1, description="0: stone, wood, cloth, paint; 1: bare metal")
    occlusion: float = Field(0.5, ge=0, le=1, description="How dark crevices are in the ambient occlusion")
    occlusion_radius: float = Field(
        0.06,
        ge=0.005,
        le=0.5,
        title="Radius",
        description="Distance over which things shade each other, relative to the picture's width",
    )
