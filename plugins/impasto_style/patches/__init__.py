"""Style by patches, without any network (torch only on use)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Stylizer

from ..shared.controls import STYLE_INPUTS, StyleParameters


class PatchesStyleParameters(StyleParameters):
    """Style by patches, without any network."""

    quality: Literal["quick", "usual", "best"] = Field(
        "usual",
        description="How often strokes are laid anew at each size; best takes about three times as long as quick",
    )
    variety: float = Field(
        1.0, ge=0, le=3, description="How evenly all parts of the style are used, in parts of the usual"
    )
    turned: bool = Field(True, description="Strokes may be turned and mirrored to follow the picture's forms")


class PatchesStyle(Stylizer):
    """Style by patches, without any network."""

    name, label = "patches-style", "Repaint by patches"
    description = "Repaints a picture with the strokes of another; needs no weights"
    rank = 10
    parameters = PatchesStyleParameters
    inputs = STYLE_INPUTS

    def apply(
        self, subject: Maps, parameters: PatchesStyleParameters, inputs: Mapping[str, Maps], context: Context
    ) -> Maps:
        """The subject, repainted."""
        from ..shared.restyle import restyle
        from .painting import paint

        return restyle(paint, subject, parameters, inputs, context)
