"""Parameters of `patches-style`."""

from __future__ import annotations

from typing import Literal

from impasto.tools import Field

from ..kinds.settings import Kind
from ..shared.controls import StyleParameters


class PatchesStyleParameters(StyleParameters):
    """The parameters of every stylizer, and those of matching patches."""

    kind: Kind = Field(
        "auto",
        title="Kind of Style",
        description="Defaults for a kind of style; auto: for the kind that it looks like; none: those for all styles",
    )
    quality: Literal["quick", "usual", "best"] = Field(
        "usual",
        description="How often strokes are laid anew at each size; best takes several times as long, above 512 px most",
    )
    variety: float = Field(
        1.0, ge=0, le=3, description="How evenly all parts of the style are used, relative to the default"
    )
    tonal_order: float = Field(1.0, ge=0, le=1, description="How well large areas keep their order from dark to light")
    turned: bool = Field(True, description="Strokes may be turned and mirrored to follow the picture's forms")
