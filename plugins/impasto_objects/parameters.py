"""Parameters of `cover-object`."""

from __future__ import annotations

from typing import Literal

from impasto.tools import Angle, Field, SizeParameters, display_hints, visible_if

Way = Literal["unrolled", "grown", "triplanar"]


class CoverObjectParameters(SizeParameters):
    """Parameters for covering an object with a texture."""

    way: Way = Field(
        "unrolled",
        description=(
            "Unrolled: along the surface, from island to island; grown: synthesised on it from a picture that need not "
            "tile; triplanar: projected from three sides"
        ),
    )
    repeat_m: float = Field(
        0.0,
        ge=0,
        le=1000,
        description="Width of the texture in metres; 0: as it states, or else half the object",
        json_schema_extra=display_hints(high=10),
    )
    turn: Angle = Field(0.0, description="Rotation of the texture on the object")
    sharpness: float = Field(
        4.0,
        ge=1,
        le=32,
        description="How fast one projection gives way to the next",
        json_schema_extra=display_hints(high=16) | visible_if("way", "triplanar"),
    )
