"""Parameters of `histogram-blending`."""

from __future__ import annotations

from typing import Literal

from impasto.tools import Field, SizeParameters, display_hints

LARGEST_LAYOUT = 1 << 20


class HistogramBlendingParameters(SizeParameters):
    """Parameters of the grid, and of what to do with a pattern."""

    cell_size: float = Field(
        0.2857,
        ge=0.05,
        le=0.5,
        description="Width of the cells relative to the shorter side of the source; larger keeps larger shapes whole",
        json_schema_extra=display_hints(decimals=4),
    )
    sharpness: float = Field(
        4.0, ge=1, le=8, description="How quickly one piece gives way to the next: 1 blends over whole cells"
    )
    layout: int = Field(
        -1,
        ge=-1,
        le=LARGEST_LAYOUT,
        description="Number of the layout, the seed of an endless material in Blender; -1: after the seed",
    )
    pattern: Literal["warn", "refuse", "insist"] = Field(
        "warn", description="If the source has a regular pattern, which pieces at random places would break"
    )
