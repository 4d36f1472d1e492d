"""Pictures and textures by the statistics of a network's features (Gatys et al. 2015, 2016; torch only on use)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Generator, Parameters, SizeParameters, Stylizer, visible_if

from ..shared.controls import STYLE_INPUTS, StyleParameters

NETWORKS = ("vgg19", "vgg16", "vgg19-small", "squeezenet", "vgg19-normalised")
"""The weights of which one is needed."""


MODERN = visible_if("preset", "modern")
EXACT: dict[str, Any] = {"visible_if": {"preset": ["modern"], "statistics": ["moments", "gram"]}}


class FeatureParameters(Parameters):
    """Which network looks, and how what it sees is compared and brought closer."""

    preset: Literal["modern", "classic"] = Field(
        "modern",
        description="From coarse to fine, within a minute; or the recipe of 2016: Gram matrices, one size, 1000 steps",
    )
    backbone: Literal["auto", "vgg19", "vgg16", "vgg19-small", "squeezenet", "vgg19-normalised"] = Field(
        "auto", description="The network whose features are compared; auto: the best whose weights are there"
    )
    pooling: Literal["max", "average"] = Field(
        "max", description="How the network shrinks what it sees: by maxima, as it was trained, or by averages: softer"
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
        description="How often the picture is looked at in each size; more is truer to the style and takes longer",
        json_schema_extra=MODERN,
    )
    smoothness: float = Field(
        1.0,
        ge=0,
        le=100,
        description="How strongly differences between neighbouring pixels are avoided, in parts of the usual",
        json_schema_extra=MODERN,
    )


class GatysParameters(StyleParameters, FeatureParameters):
    """The controls of every stylizer, and those of the network."""


class Gatys(Stylizer):
    """Repaints until means and covariances of the features are the style's, and the coarse ones still the picture's."""

    name = "gatys"
    label = "Repaint by features"
    description = "Repaints a picture until a network sees the style's statistics in it; needs weights of a network"
    rank = 40
    parameters = GatysParameters
    weights = NETWORKS
    inputs = STYLE_INPUTS

    def apply(self, subject: Maps, parameters: GatysParameters, inputs: Mapping[str, Maps], context: Context) -> Maps:
        """The subject, repainted."""
        from ..shared.restyle import restyle
        from .painting import paint

        return restyle(paint, subject, parameters, inputs, context)


class CnnTextureParameters(SizeParameters, FeatureParameters):
    """The size of the texture, and what its features are compared by."""

    seamless: bool = Field(True, description="Opposite borders of the texture fit together")


class CnnTexture(Generator):
    """A texture in which a network sees the picture's statistics, begun from noise (Gatys et al. 2015)."""

    name = "cnn-texture"
    label = "Texture from features"
    description = "Makes a texture in which a network sees the picture's statistics; needs weights of a network"
    rank = 70
    parameters = CnnTextureParameters
    weights = NETWORKS
    needs = ("base_color",)

    def apply(
        self, subject: Maps, parameters: CnnTextureParameters, inputs: Mapping[str, Maps], context: Context
    ) -> Maps:
        """The texture's base colour; a texel is as large in the world as the picture's."""
        from .texture import generate_texture

        return generate_texture(subject, parameters, context)
