"""Style transfer and textures by statistics of a network's features (Gatys et al. 2015, 2016); torch is lazy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Stylizer

from ..shared.controls import STYLE_INPUTS
from .parameters import CnnTextureParameters, GatysParameters

NETWORKS = ("vgg19", "vgg16", "vgg19-small", "squeezenet", "vgg19-normalised")
"""Weights, one of which is needed."""


class Gatys(Stylizer):
    """Optimises a picture until its features have the style's means and covariances, and coarse ones the picture's."""

    name = "gatys"
    label = "Repaint by features"
    description = "Repaints a picture until a network sees the style's statistics in it; needs weights of a network"
    rank = 40
    parameters = GatysParameters
    weights = NETWORKS
    inputs = STYLE_INPUTS

    def apply(self, subject: Maps, parameters: GatysParameters, inputs: Mapping[str, Any], context: Context) -> Maps:
        """The subject, repainted."""
        from ..shared.restyle import restyle
        from .painting import paint

        return restyle(paint, subject, parameters, inputs, context)


class CnnTexture(Generator):
    """Optimises noise until its features have the picture's statistics (Gatys et al. 2015)."""

    name = "cnn-texture"
    label = "Texture from features"
    description = "Makes a texture in which a network sees the picture's statistics; needs weights of a network"
    rank = 70
    parameters = CnnTextureParameters
    weights = NETWORKS
    needs = ("base_color",)

    def apply(
        self, subject: Maps, parameters: CnnTextureParameters, inputs: Mapping[str, Any], context: Context
    ) -> Maps:
        """The texture's base colour, with texels of the same real-world size as the picture's."""
        from .texture import generate_texture

        return generate_texture(subject, parameters, context)
