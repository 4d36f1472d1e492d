"""Pictures repainted from the nearest pieces of a style, as a network sees them (torch only on use)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Stylizer

from ..shared.controls import STYLE_INPUTS, StyleParameters


class NeighboursParameters(StyleParameters):
    """The controls of every stylizer, which network looks, and how long."""

    backbone: Literal["auto", "vgg19", "vgg16", "vgg19-small", "squeezenet", "vgg19-normalised"] = Field(
        "auto", description="The network whose features are compared; auto: the best whose weights are there"
    )
    steps: int = Field(40, ge=2, le=5000, description="Steps at each size; more is truer to the style")
    rotations: bool = Field(True, description="Strokes may be turned by quarters of a circle, so that more of them fit")


class Neighbours(Stylizer):
    """Replaces each feature of the picture by its nearest one in the style, and paints what has these features."""

    name = "neighbours"
    label = "Repaint by neighbours"
    description = "Repaints a picture from the pieces of the style that are nearest to it; needs weights of a network"
    rank = 20
    parameters = NeighboursParameters
    weights = ("vgg19", "vgg16", "vgg19-small", "squeezenet", "vgg19-normalised")
    inputs = STYLE_INPUTS

    def apply(
        self, subject: Maps, parameters: NeighboursParameters, inputs: Mapping[str, Maps], context: Context
    ) -> Maps:
        """The subject, repainted."""
        from ..shared.restyle import restyle
        from .painting import paint

        return restyle(paint, subject, parameters, inputs, context)
