"""Parameters of `gatys` and of `cnn-texture`."""

from __future__ import annotations

from typing import Any, Literal

from impasto.tools import Field, Parameters, SizeParameters, visible_if

from ..shared.controls import Backbone, StyleParameters, backbone_field

MODERN = visible_if("preset", "modern")
EXACT: dict[str, Any] = {"visible_if": {"preset": ["modern"], "statistics": ["moments", "gram"]}}


class FeatureParameters(Parameters):
    """The network, the compared statistics of its features, and the optimiser."""

    preset: Literal["modern", "classic"] = Field(
        "modern",
        description="From coarse to fine, within a minute; or the recipe of 2016: Gram matrices, one size, 1000 steps",
    )
    backbone: Backbone = backbone_field()
    pooling: Literal["max", "average"] = Field(
        "max", description="Pooling of the network: maxima, as it was trained, or averages, which are softer"
    )
    statistics: Literal["moments", "gram", "sliced"] = Field(
        "moments",
        description="What is compared: means and covariances, by optimal transport; Gram matrices; random projections",
        json_schema_extra=MODERN,
    )
    optimizer: Literal["lbfgs", "adam"] = Field(
        "lbfgs",
        title="Optimizer",
        description="L-BFGS gets closer in the same time; Adam needs less memory and moves more",
        json_schema_extra=EXACT,
    )
    iterations: int = Field(
        80,
        ge=1,
        le=5000,
        description="Optimisation steps at each size; more are truer to the style and take longer",
        json_schema_extra=MODERN,
    )
    smoothness: float = Field(
        1.0,
        ge=0,
        le=100,
        description="How strongly differences between neighbouring pixels are avoided, relative to the default",
        json_schema_extra=MODERN,
    )


class GatysParameters(StyleParameters, FeatureParameters):
    """The parameters of every stylizer, and those of the network."""


class CnnTextureParameters(SizeParameters, FeatureParameters):
    """The size of the texture, and the parameters of the network."""

    seamless: bool = Field(True, description="Opposite borders of the texture fit together")
