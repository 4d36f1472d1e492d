"""Parameters of `neighbours`."""

from __future__ import annotations

from impasto.tools import Field

from ..shared.controls import Backbone, StyleParameters, backbone_field


class NeighboursParameters(StyleParameters):
    """The parameters of every stylizer, the network and the number of steps."""

    backbone: Backbone = backbone_field()
    steps: int = Field(40, ge=2, le=5000, description="Steps at each size; more is truer to the style")
    rotations: bool = Field(True, description="Strokes may be turned by quarters of a circle, so that more of them fit")
