"""Style transfer by patches, without any network; torch is imported only when it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Stylizer

from ..shared.controls import STYLE_INPUTS
from .parameters import PatchesStyleParameters


class PatchesStyle(Stylizer):
    """Style transfer by patches, without any network."""

    name, label = "patches-style", "Repaint by patches"
    description = "Repaints a picture with the strokes of another; needs no weights"
    rank = 10
    preview_px = 160
    parameters = PatchesStyleParameters
    inputs = STYLE_INPUTS

    def apply(
        self, subject: Maps, parameters: PatchesStyleParameters, inputs: Mapping[str, Any], context: Context
    ) -> Maps:
        """The subject, repainted."""
        from ..shared.restyle import restyle
        from .painting import paint

        return restyle(paint, subject, parameters, inputs, context)
