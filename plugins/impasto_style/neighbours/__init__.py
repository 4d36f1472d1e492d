"""Style transfer by nearest-neighbour features (Kolkin et al. 2022); torch is imported only when it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Stylizer

from ..shared.controls import STYLE_INPUTS
from .parameters import NeighboursParameters


class Neighbours(Stylizer):
    """Replaces each feature of the picture by its nearest neighbour in the style, and paints a picture with those."""

    name = "neighbours"
    label = "Repaint by neighbours"
    description = "Repaints a picture from the pieces of the style that are nearest to it; needs weights of a network"
    rank = 20
    parameters = NeighboursParameters
    weights = ("vgg19", "vgg16", "vgg19-small", "squeezenet", "vgg19-normalised")
    inputs = STYLE_INPUTS

    def apply(
        self, subject: Maps, parameters: NeighboursParameters, inputs: Mapping[str, Any], context: Context
    ) -> Maps:
        """The subject, repainted."""
        from ..shared.restyle import restyle
        from .painting import paint

        return restyle(paint, subject, parameters, inputs, context)
