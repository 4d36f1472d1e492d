"""`balance`: a photograph's exposure and white balance, measured in the photograph."""

from __future__ import annotations

from typing import Literal

import numpy as np

from impasto.context import Context
from impasto.surface.color import linear_pixels
from impasto.surface.white import SRGB_TO_XYZ, adaptation, adaptation_between
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters, Result, display_hints, visible_if

from .light import with_linear_color

DARKEST = 1e-4
"""Smallest linear luminance of measured pixels."""
CLIPPED = 0.98
"""Pixels from this linear value on count as clipped; their colour says nothing about the light."""
BRIGHTEST_PERCENT = 2.0
HIGHLIGHTS_PERCENT = 99.5
"""Exposure keeps this percentile of the brightest channel below white."""
MOST_STOPS = 4.0


class BalanceParameters(Parameters):
    """Exposure, and the colour of the light."""

    exposure: bool = Field(True, description="Set the exposure by the mean brightness")
    brightness: float = Field(
        0.18,
        ge=0.02,
        le=0.8,
        description="Reflectance that the mean brightness stands for: plaster has 0.6, brick 0.2, asphalt 0.1",
        json_schema_extra=visible_if("exposure", True),
    )
    white: Literal["unchanged", "mean", "brightest", "temperature"] = Field(
        "unchanged",
        description="What is made white or grey: nothing, the mean, the brightest places, or light of a temperature",
    )
    temperature: float = Field(
        5000.0,
        ge=1800,
        le=20000,
        description="Temperature of the light in kelvin: lamps have 2700, clouds 6500, shade 8000",
        json_schema_extra=visible_if("white", "temperature") | display_hints(low=2500, high=10000, decimals=0),
    )


class Balance(Filter):
    """Adapts linear colours in Bradford's cones, then multiplies them."""

    name, label = "balance", "Exposure and white"
    description = "Sets exposure and white balance of a photograph by what it shows"
    rank = 25
    group = "Prepare"
    example = "gravel.jpg --white mean "
    parameters = BalanceParameters
    needs = ("base_color",)

    def apply(self, subject: Maps, parameters: BalanceParameters, inputs: Inputs, context: Context) -> Result:
        """The subject with another base colour, and the change of exposure in stops as a figure."""
        context.progress(0.1, "Measuring exposure and white")
        linear = linear_pixels(subject["base_color"])
        measured = _measurable(linear)
        if not len(measured):
            context.note("the picture is black or white throughout, so its colours stay as they are")
            return Result(subject, figures={"exposure_stops": 0.0})
        matrix = _white(measured, parameters)
        stops = _stops(measured @ matrix.T, parameters.brightness) if parameters.exposure else 0.0
        context.progress(0.5, "Balancing colours")
        balanced = with_linear_color(subject, linear @ (2**stops * matrix).T.astype(np.float32))
        return Result(balanced, figures={"exposure_stops": stops})


def _measurable(linear: np.ndarray) -> np.ndarray:
    """Colours (N, 3) of those pixels (H, W, 3) that are neither black nor clipped."""
    return linear[(linear @ SRGB_TO_XYZ[1] > DARKEST) & (linear.max(2) < CLIPPED)]


def _white(measured: np.ndarray, parameters: BalanceParameters) -> np.ndarray:
    """Matrix (3, 3) that makes the light white, and keeps the luminance of the pixels used to find it."""
    if parameters.white == "unchanged":
        return np.eye(3)
    if parameters.white == "temperature":
        return adaptation(parameters.temperature, 0.0)
    luminance = measured @ SRGB_TO_XYZ[1]
    if parameters.white == "brightest":
        measured = measured[luminance >= np.percentile(luminance, 100 - BRIGHTEST_PERCENT)]
    mean = measured.mean(0, dtype=np.float64)
    return adaptation_between(mean, np.full(3, SRGB_TO_XYZ[1] @ mean))


def _stops(measured: np.ndarray, brightness: float) -> float:
    """Change of exposure that makes the log-mean luminance of colours (N, 3) `brightness`, without clipping more."""
    logarithms = np.log2(np.maximum(measured @ SRGB_TO_XYZ[1], DARKEST))
    wanted = np.log2(brightness) - logarithms.mean()
    room = -np.log2(max(np.percentile(measured.max(1), HIGHLIGHTS_PERCENT), DARKEST))
    return float(np.clip(min(wanted, max(room, 0.0)), -MOST_STOPS, MOST_STOPS))
