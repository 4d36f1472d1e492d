"""`tint`: a gradient from a dark to a light colour over a grey or dull photograph."""

from __future__ import annotations

import numpy as np

from impasto.context import Context
from impasto.surface.color import linear_to_oklab, linear_to_srgb, oklab_to_linear, srgb_to_linear
from impasto.texture import Maps
from impasto.tools import Color, Field, Filter, Inputs, Parameters

CLIPPED_PERCENT = 2.0
"""Percentage of the pixels darker than the dark end, and of those lighter than the light end."""


class TintParameters(Parameters):
    """Both ends of the gradient."""

    dark: Color = Field((0.24, 0.09, 0.06), description="Colour of the darkest places")
    light: Color = Field((0.80, 0.70, 0.60), description="Colour of the lightest places")
    strength: float = Field(1.0, ge=0, le=1, description="How much of the colour is mixed in")


class Tint(Filter):
    """Replaces colours by a gradient from a dark to a light one, along the lightness of Oklab."""

    name, label, description = "tint", "Tint", "Gives a grey photograph colours, from a dark one to a light one"
    rank = 40
    example = 'gravel.jpg --dark "#3d170f" --light tan '
    parameters = TintParameters
    needs = ("base_color",)
    neutral_at_zero = ("strength",)

    def apply(self, subject: Maps, parameters: TintParameters, inputs: Inputs, context: Context) -> Maps:
        oklab = linear_to_oklab(srgb_to_linear(subject["base_color"].pixels))  # (H, W, 3)
        context.progress(0.5, "Tinting")
        lightness = oklab[..., :1]
        low, high = np.percentile(lightness, (CLIPPED_PERCENT, 100 - CLIPPED_PERCENT))
        position = (lightness - low) / max(high - low, 1e-3)  # 0 at the dark end, 1 at the light one
        dark, light = (linear_to_oklab(srgb_to_linear(np.array(end))) for end in (parameters.dark, parameters.light))
        tinted = dark + np.clip(position, -0.2, 1.2) * (light - dark)
        mixed = oklab + parameters.strength * (tinted - oklab)
        color = linear_to_srgb(np.clip(oklab_to_linear(mixed), 0.0, 1.0))
        return subject.with_arrays({"base_color": np.clip(color, 0.0, 1.0)})
