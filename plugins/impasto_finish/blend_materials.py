"""`blend-materials`: a second material over the first, by height and mask."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from impasto.context import Context
from impasto.surface.mixing import mixture
from impasto.surface.resizing import grey_mask, resized_map
from impasto.texture import Maps, Texture
from impasto.tools import Field, Filter, Input, Inputs, Parameters, zero_means

from .subject import color_of

OWN_RELIEF = 0.3
"""Weight of the second material's relief in the shape of its border, relative to the first's."""


class BlendMaterialsParameters(Parameters):
    """Parameters of where the second material lies."""

    on: Literal["low", "high"] = Field(
        "low", description="Parts that it covers first: low ones, as sand fills joints, or high ones, as snow"
    )
    amount: float = Field(0.4, ge=0, le=1, description="How much it covers: 0 nothing, 1 everything")
    softness: float = Field(0.15, ge=0, le=1, description="Width of the transition, relative to the relief")
    by_height: float = Field(
        0.5,
        ge=0,
        le=1,
        description="How much the border that the mask draws follows the relief; without a mask, all of it",
    )
    repeat: int = Field(
        0,
        ge=0,
        le=64,
        description="How often the second material is repeated along the width; 0: as its metres say",
        json_schema_extra=zero_means("as its metres say", 1),
    )


class BlendMaterials(Filter):
    """Lays a second material over the first, in its low or high places, or where a mask is white."""

    name, label = "blend-materials", "Blend materials"
    description = "Lays a second material over the first by height and mask, such as sand in joints or snow on stones"
    rank = 49
    example = "bricks --over moss --amount 0.3 "
    parameters = BlendMaterialsParameters
    needs = ("base_color",)
    inputs = (
        Input("over", "material that lies over it; it is repeated"),
        Input("mask", "where it lies: white, where it does not: black", required=False, on_subject=True),
    )

    def apply(self, subject: Maps, parameters: BlendMaterialsParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject's maps, mixed with the same maps of the second material."""
        over = inputs["over"]
        color_of(over, "over")
        context.progress(0.1, "Repeating the second material")
        over = fit(over, subject, parameters.repeat)
        context.progress(0.4, "Blending by height")
        relief, own = _relief_of(subject, context), _relief_of(over, context)
        score = (relief if parameters.on == "high" else 1 - relief) + OWN_RELIEF * own
        low, high = np.quantile(score, (0.01, 0.99))
        score = (score - low) / max(high - low, 1e-3)
        mask = grey_mask(inputs["mask"], subject.size_px) if "mask" in inputs else None
        context.progress(0.7, "Blending by height")
        known = {name: over[name] for name in over if name in subject}
        return mixture(subject, replace(over, textures=known), coverage(score, mask, parameters), lifts=True)


def coverage(score: np.ndarray, mask: np.ndarray | None, parameters: BlendMaterialsParameters) -> np.ndarray:
    """Share (H, W, 1) of the second material, at places with the highest score or where a mask (H, W, 1) is white."""
    soft = max(parameters.softness, 1e-3)
    if mask is None:
        level = np.quantile(score, 1 - parameters.amount)
        rest = 1 - 2 * parameters.amount  # at both ends, the transition is outside
        share = (score - level - rest * soft / 2) / soft + 0.5
    else:
        visible = mask + parameters.by_height * (score - 0.5)
        share = (visible - 1 + parameters.amount) / soft + 0.5
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)


def fit(over: Maps, subject: Maps, repeat: int) -> Maps:
    """A second material's maps that the subject also has, repeated a whole number of times to its size."""
    height, width = subject.size_px
    rows, columns = over.size_px
    if repeat:
        across = repeat
    elif subject.width_m and over.width_m:
        across = max(1, round(subject.width_m / over.width_m))
    else:
        across = max(1, round(width / columns))
    down = max(1, round(across * (height / width) / (rows / columns)))
    textures = {}
    for name in over:
        if name in subject or name == "height":
            one = resized_map(name, over[name], (max(1, height // down), max(1, width // across)))
            tiled = Texture(np.tile(one.pixels, (down, across, 1)), one.color_space)
            textures[name] = resized_map(name, tiled, (height, width))
    return replace(over, textures=textures, width_m=subject.width_m)


def _relief_of(maps: Maps, context: Context) -> np.ndarray:
    """Height (H, W, 1) in [0, 1], or lightness if there is no height."""
    if "height" in maps:
        return maps["height"].pixels
    context.note("a material has no height: light parts count as high")
    return color_of(maps).mean(2, keepdims=True)
