"""Parameters of the tools that repair."""

from __future__ import annotations

from typing import Any, Literal

from impasto.tools import Field, Parameters, display_hints

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
    """Parameters for filling holes."""

    wraps: Wraps = Field("automatic", description="Fill across the borders: if the picture tiles, always, or never")
    quality: Quality = quality_field()
    blend: float = blend_field()


class FindLandmarksParameters(Parameters):
    """Limits for landmarks."""

    threshold: float = Field(
        3.5,
        ge=1,
        le=20,
        description="How far a place must stand out, in standard deviations of all places: lower finds more",
        json_schema_extra=display_hints(low=2, high=8),
    )
    most: int = Field(8, ge=1, le=64, description="Most places to find, those that stand out most first")
    grow: float = Field(
        0.02, ge=0, le=0.2, description="Margin around each place, relative to the picture's shorter side"
    )


class MendTilingParameters(Parameters):
    """Parameters of the bands along the borders."""

    widest: float = Field(
        0.25, ge=0.01, le=0.5, description="Widest band to replace along a pair of borders, relative to the picture"
    )
    quality: Quality = quality_field()
    blend: float = blend_field()

    @classmethod
    def of_earlier(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Periods are always whole."""
        values.pop("whole_periods", None)
        return values


def _margin(description: str) -> Any:
    return Field(0.0, ge=0, le=16384, description=description, json_schema_extra=display_hints(high=1, decimals=3))


class ExtendParameters(Parameters):
    """Margins, and parameters of their filling."""

    left: float = _margin("Margin to add at the left")
    right: float = _margin("Margin to add at the right")
    top: float = _margin("Margin to add at the top")
    bottom: float = _margin("Margin to add at the bottom")
    unit: Literal["fraction", "pixels"] = Field(
        "fraction", description="Unit of the margins: 0.25 is a quarter of the picture's width or height, or pixels"
    )
    quality: Quality = quality_field()
    blend: float = blend_field()
