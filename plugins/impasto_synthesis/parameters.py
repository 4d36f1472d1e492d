"""Parameters of `quilt`, and those that it shares with `patch-synthesis`."""

from __future__ import annotations

from typing import Literal

from impasto.surface.resizing import PixelArt
from impasto.tools import Field, SizeParameters, zero_means

EVEN_LIGHT = Field(0.6, ge=0, le=1, description="Remove broad differences in light and colour across the photograph")
PatternChoice = Literal["auto", "regular", "stochastic"]
PATTERN: PatternChoice = Field(
    "auto", description="Keep bricks, tiles and weaves in step: if a pattern is found, always, or never"
)
PIXEL_ART: PixelArt = Field(
    "auto",
    description="Copy pixels instead of blending them, so that there are no new colours: if the picture has few, "
    "always, or never",
)


class QuiltParameters(SizeParameters):
    """Parameters of the pieces and of their choice."""

    block_px: int = Field(
        0,
        ge=0,
        le=4096,
        description="Size of the pieces in pixels; larger keeps larger shapes whole; 0: automatic",
        json_schema_extra=zero_means("automatic", 128),
    )
    overlap: float = Field(
        0.25,
        ge=0.1,
        le=0.5,
        description="Overlap of pieces, relative to their size; with more, cuts follow the pattern better",
    )
    variety: float = Field(
        0.5, ge=0, le=1, description="Avoid using a part of the photograph twice (1), or choose the best fit only (0)"
    )
    even_light: float = EVEN_LIGHT
    pattern: PatternChoice = PATTERN
    pixel_art: PixelArt = PIXEL_ART
    axes: Literal["both", "x", "y"] = Field(
        "both",
        description="Directions in which the result repeats: along x alone for trims, skies and the ground of "
        "side-scrollers, whose rows stay where they are",
    )
