"""Parameters of `wct`."""

from __future__ import annotations

from typing import Literal

from ..shared.controls import StyleParameters, backbone_field

DISTILLED = "vgg19-small"
"""Published weights of a network and of decoders for its features."""


class WctParameters(StyleParameters):
    """The parameters of every stylizer, and the network."""

    backbone: Literal["auto", "vgg19-small", "style-encoder"] = backbone_field()
