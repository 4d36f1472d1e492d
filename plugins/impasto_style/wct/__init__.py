"""Style transfer by whitening and colouring features (Li et al. 2017); torch is imported only when it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Stylizer

from ..shared.controls import STYLE_INPUTS, StyleParameters


class WctParameters(StyleParameters):
    """The parameters of every stylizer."""


class Wct(Stylizer):
    """Style transfer by whitening and colouring a network's features."""

    name, label, description = "wct", "Repaint at Once", "Repaints a picture in about a second; the strokes are rougher"
    rank = 30
    preview_px = 256
    parameters = WctParameters
    weights = ("vgg19-small",)
    inputs = STYLE_INPUTS

    def apply(self, subject: Maps, parameters: WctParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        """The subject, repainted."""
        from ..shared.restyle import restyle
        from .painting import paint

        return restyle(paint, subject, parameters, inputs, context)
