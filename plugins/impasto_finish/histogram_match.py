"""`histogram-match`: the histograms of another picture, channel by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Filter, Input, Inputs, Parameters

from .subject import color_of, pixels_of, tensor_of

if TYPE_CHECKING:
    from torch import Tensor

DATA = ("roughness", "metallic", "ambient_occlusion")


class HistogramMatchParameters(Parameters):
    """Parameters of the match."""

    channels: Literal["color", "lightness"] = Field(
        "color", description="Red, green and blue each by itself, or lightness alone, which keeps hue and chroma"
    )
    strength: float = Field(1.0, ge=0, le=1, description="0: the picture's own histogram, 1: that of the reference")
    data_maps: bool = Field(
        False, description="Also match roughness, metallic and occlusion, where both materials have them"
    )


class HistogramMatch(Filter):
    """Replaces each value by the reference's value of equal rank."""

    name, label = "histogram-match", "Histogram match"
    description = "Gives a picture or a material the histograms of another"
    rank = 47
    example = "gravel.jpg --reference autumn.jpg --channels lightness "
    parameters = HistogramMatchParameters
    needs = ("base_color",)
    neutral_at_zero = ("strength",)
    inputs = (Input("reference", "picture or material whose histograms to take"),)

    def apply(self, subject: Maps, parameters: HistogramMatchParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with the reference's histograms."""
        from .lightness import lightness_of, with_lightness

        context.progress(0.1, "Comparing histograms")
        reference, strength = inputs["reference"], parameters.strength
        own, wanted = color_of(subject), color_of(reference, "reference")
        if parameters.channels == "color":
            matched = {"base_color": _match_channel(own, wanted, strength, context)}
        else:
            lightness = lightness_of(wanted, context.device)
            matched = {
                "base_color": with_lightness(own, lambda L: _match(L, lightness, strength, context), context.device)
            }
        context.progress(0.7, "Comparing histograms")
        if parameters.data_maps:
            shared = [name for name in DATA if name in subject and name in reference]
            matched |= {
                name: _match_channel(subject[name].pixels, reference[name].pixels, strength, context) for name in shared
            }
        return subject.with_arrays(matched)


def _match_channel(pixels: np.ndarray, reference: np.ndarray, strength: float, context: Context) -> np.ndarray:
    """Pixels (H, W, C) with the histograms of a reference (h, w, C)."""
    return np.clip(pixels_of(_match(tensor_of(pixels, "cpu"), tensor_of(reference, "cpu"), strength, context)), 0, 1)


def _match(x: Tensor, reference: Tensor, strength: float, context: Context) -> Tensor:
    """x (C, H, W), moved towards the histogram of a reference (C, h, w), channel by channel."""
    import torch
    from kornia.contrib.histogram_matching import histogram_matching

    matched = torch.empty_like(x)
    for index, (one, other) in enumerate(zip(x, reference, strict=True)):
        context.check()
        matched[index] = histogram_matching(one.cpu(), other.cpu())
    return x.lerp(matched, strength)
