"""`match-material`: the colour, contrast and roughness levels of another material."""

from __future__ import annotations

import numpy as np

from impasto.context import Context
from impasto.surface.palette import NOISE, Move, palette_of
from impasto.texture import Maps
from impasto.tools import Field, Filter, Input, Inputs, Parameters

from .subject import color_of

LEAST_DEVIATION = 0.01
"""Added to deviations of roughness, so that an even roughness does not become noisy."""


class MatchMaterialParameters(Parameters):
    """Shares of the way of each level towards the reference's."""

    color: float = Field(1.0, ge=0, le=1, description="Mean colour and lightness: 0 the own, 1 those of the reference")
    contrast: float = Field(
        0.7,
        ge=0,
        le=1,
        description="Contrast of lightness and strength of colours: 0 the own, 1 those of the reference",
    )
    roughness: float = Field(
        1.0, ge=0, le=1, description="Mean and range of roughness: 0 the own, 1 those of the reference"
    )


class MatchMaterial(Filter):
    """Moves means and deviations of colour and roughness, so that two materials look like parts of one scene."""

    name, label = "match-material", "Match material"
    description = "Gives a material the colour, contrast and roughness levels of another, so that both fit together"
    rank = 42
    example = "gravel --reference wall "
    parameters = MatchMaterialParameters
    needs = ("base_color",)
    inputs = (Input("reference", "material that it should fit"),)

    def apply(self, subject: Maps, parameters: MatchMaterialParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with changed levels. If either has no roughness, it is kept, with a note."""
        context.progress(0.1, "Comparing materials")
        reference = inputs["reference"]
        own, wanted = color_of(subject), color_of(reference, "reference")
        here, there = palette_of(own), palette_of(wanted)
        deviations = [
            np.sqrt(np.array([c[0, 0], *2 * [(c[1, 1] + c[2, 2]) / 2]]) + NOISE)
            for c in (here.covariance, there.covariance)
        ]
        ratios = (deviations[1] / deviations[0]) ** parameters.contrast
        mean = here.mean + parameters.color * (there.mean - here.mean)
        matched = {"base_color": Move(np.diag(ratios), mean - ratios * here.mean).of(own)}
        if "roughness" in subject and "roughness" in reference:
            matched["roughness"] = _with_levels(
                subject["roughness"].pixels, reference["roughness"].pixels, parameters.roughness
            )
        elif parameters.roughness:
            context.note("roughness is as before: only one of the materials has it")
        return subject.with_arrays(matched)


def _with_levels(values: np.ndarray, reference: np.ndarray, share: float) -> np.ndarray:
    """Values (H, W, 1), moved towards the mean and deviation of a reference."""
    ratio = (reference.std() + LEAST_DEVIATION) / (values.std() + LEAST_DEVIATION)
    matched = reference.mean() + ratio * (values - values.mean())
    return np.clip(values + share * (matched - values), 0, 1)
