"""Parameters of the tools that repair."""

from __future__ import annotations

from typing import Any, Literal

from impasto.tools import Field, Parameters

Quality = Literal["quick", "usual", "best"]
Wraps = Literal["automatic", "yes", "no"]


def quality_field() -> Any:
    """`quality: Quality = quality_field()`."""
    return Field("usual", description="How often cuts are corrected: more takes longer")


def blend_field() -> Any:
    """`blend: float = blend_field()`."""
    text = "How far light and colour of what is filled in follow the surroundings"
    return Field(1.0, ge=0, le=1, description=text)


class InpaintParameters(Parameters):
    """Parameters of the filling."""

    wraps: Wraps = Field("automatic", description="Fill across the borders: if the picture tiles, always, or never")
    quality: Quality = quality_field()
    blend: float = blend_field()
