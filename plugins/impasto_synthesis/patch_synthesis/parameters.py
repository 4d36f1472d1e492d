"""Parameters of `patch-synthesis`."""

from __future__ import annotations

from typing import Annotated, Literal

from impasto.surface.resizing import PixelArt
from impasto.tools import Angle, Field, SizeParameters, display_hints, for_each

from ..parameters import EVEN_LIGHT, PATTERN, PIXEL_ART, PatternChoice


class PatchSynthesisParameters(SizeParameters):
    """Parameters of the layout and its correction."""

    variation: float = Field(
        0.5, ge=0, le=1, description="Lay out smaller pieces and use each part of the photograph as rarely as possible"
    )
    quality: Literal["quick", "usual", "best"] = Field(
        "usual", description="How often cuts are corrected; each takes about twice as long as the one before"
    )
    strictness: float = Field(
        0.5, ge=0, le=1, description="How closely the layout follows the guide; less leaves more to the photograph"
    )
    weight: tuple[Annotated[float, Field(ge=0, le=10)], ...] = Field(
        (),
        description="How much is shown of another photograph where no mask decides; the first has 1",
        json_schema_extra=for_each("others", 1.0),
    )
    scale: float = Field(
        1.0,
        ge=0.25,
        le=4,
        description="Size of everything, relative to the photograph's; above 1 is softer, since it is enlarged",
        json_schema_extra=display_hints(decimals=2),
    )
    rotation: Angle = Field(
        0.0, ge=-360, le=360, description="Turn everything counter-clockwise; a pattern stays in whole periods"
    )
    even_light: float = EVEN_LIGHT
    pattern: PatternChoice = PATTERN
    pixel_art: PixelArt = PIXEL_ART
