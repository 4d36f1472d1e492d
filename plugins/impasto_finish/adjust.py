"""`adjust`: exposure, white balance, contrast, hue and saturation."""

from __future__ import annotations

import numpy as np

from impasto.context import Context
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.palette import from_oklab, in_bands, to_oklab
from impasto.surface.white import adaptation
from impasto.texture import Maps
from impasto.tools import Angle, Field, Filter, Inputs, Parameters, display_hints

from .subject import color_of

NEUTRAL_K = 6500.0


class AdjustParameters(Parameters):
    """The changes, in order of application."""

    exposure: float = Field(
        0.0,
        ge=-10,
        le=10,
        description="Brighter or darker, in stops: 1 doubles the light, -1 halves it",
        json_schema_extra=display_hints(low=-2, high=2),
    )
    temperature: float = Field(
        NEUTRAL_K,
        ge=1800,
        le=20000,
        description="White balance: temperature in kelvin of the light that the photograph was taken in. Above 6500 "
        "the picture becomes warmer, below it colder",
        json_schema_extra=display_hints(low=2500, high=12000, decimals=0),
    )
    tint: float = Field(
        0.0,
        ge=-1,
        le=1,
        description="White balance between green (below 0) and magenta (above 0), as of fluorescent light",
    )
    contrast: float = Field(
        0.15, ge=-1, le=2, description="0: as it is, -1: none", json_schema_extra=display_hints(high=1)
    )
    pivot: float = Field(0.4, ge=0, le=1, description="Lightness that contrast leaves as it is")
    hue: Angle = Field(0.0, ge=-180, le=180, description="Turn of all hues: 180° makes red cyan")
    saturation: float = Field(
        1.15,
        ge=0,
        le=4,
        description="Strength of the colours: 0 grey, 1 as they are",
        json_schema_extra=display_hints(high=2),
    )


class Adjust(Filter):
    """Changes the light in linear colours, and contrast, hue and saturation in Oklab."""

    name, label = "adjust", "Adjust colours"
    description = "Changes exposure, white balance, contrast, hue and saturation"
    rank = 39
    example = "gravel.jpg --exposure 0.5 --temperature 7500 "
    parameters = AdjustParameters
    needs = ("base_color",)
    is_pointwise = True

    def apply(self, subject: Maps, parameters: AdjustParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with another base colour; colours outside the gamut lose chroma, not hue."""
        context.progress(0.1, "Adjusting colours")
        light = 2**parameters.exposure * adaptation(parameters.temperature, parameters.tint)
        turn = np.deg2rad(parameters.hue)
        chroma = parameters.saturation * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])

        def adjustment(band: np.ndarray) -> np.ndarray:
            lit = linear_to_srgb(np.maximum(srgb_to_linear(band) @ light.T, 0))
            oklab = to_oklab(lit)
            lightness = parameters.pivot + (1 + parameters.contrast) * (oklab[..., :1] - parameters.pivot)
            return from_oklab(np.concatenate([lightness, oklab[..., 1:] @ chroma], axis=-1))

        return subject.with_arrays({"base_color": in_bands(adjustment, color_of(subject))})
