"""Parameters of `neighbours`."""

from __future__ import annotations

from typing import Literal

from impasto.tools import Field

from ..shared.controls import StyleParameters


class NeighboursParameters(StyleParameters):
    """The parameters of every stylizer, the network and the number of steps."""

    backbone: Literal["auto", "vgg19", "vgg16", "vgg19-small", "squeezenet", "vgg19-normalised"] = Field(
        "auto", description="The network whose features are compared; auto: the best whose weights are there"
    )
    steps: int = Field(40, ge=2, le=5000, description="Steps at each size; more is truer to the style")
    rotations: bool = Field(True, description="Strokes may be turned by quarters of a circle, so that more of them fit")
