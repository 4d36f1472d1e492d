"""`even-light`: removes gradients of the light and soft shadows from a photograph."""

from __future__ import annotations

import numpy as np

from impasto.context import Context
from impasto.surface.color import linear_pixels
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters, Result

from .light import with_linear_color


class EvenLightParameters(Parameters):
    """Share of the light to remove, and its scale."""

    strength: float = Field(1.0, ge=0, le=1, description="How much of the light is evened")
    size: float = Field(
        0.1,
        ge=0.02,
        le=0.5,
        description="Size of the smallest shadows that are evened, relative to the picture's; larger patches of the "
        "material fade with them",
    )


class EvenLight(Filter):
    """Divides linear colours by slow changes of brightness that hue does not explain."""

    name, label = "even-light", "Even light"
    description = "Evens gradients of the light, dark corners and soft shadows, but leaves the material's own colours"
    rank = 24
    group = "Prepare"
    example = "plaster.jpg --size 0.2 "
    parameters = EvenLightParameters
    needs = ("base_color",)
    neutral_at_zero = ("strength",)

    def apply(self, subject: Maps, parameters: EvenLightParameters, inputs: Inputs, context: Context) -> Result:
        """The subject with even light, and as figures the deviation of the light in stops, before and after."""
        import torch

        from impasto.surface.illumination import delight, unevenness

        context.progress(0.1, "Measuring the light")
        pixels = linear_pixels(subject["base_color"]).transpose(2, 0, 1)
        rgb = torch.from_numpy(np.ascontiguousarray(pixels)).to(context.device)
        light = unevenness(rgb, parameters.size)
        context.progress(0.6, "Evening the light")
        even = delight(rgb, light, parameters.strength)
        stops, left = (float(one.std(correction=0) / np.log(2)) for one in (light, unevenness(even, parameters.size)))
        figures = {"light_stops": stops, "light_stops_left": left}
        return Result(with_linear_color(subject, even.permute(1, 2, 0).cpu().numpy()), figures=figures)
