"""`weathering`: worn edges, and dirt and moss in crevices, from curvature and occlusion."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from impasto.context import Context
from impasto.data.tiling import Tiling, tiles, tiling_field
from impasto.surface.color import LUMINANCE, linear_to_srgb, srgb_to_linear
from impasto.surface.heights import scale_m
from impasto.texture import Maps
from impasto.tools import Color, Field, Filter, Inputs, Parameters, display_hints

from .subject import color_of, pixels_of, tensor_of

if TYPE_CHECKING:
    from torch import Tensor

WORN_ROUGHNESS, DIRTY_ROUGHNESS, MOSSY_ROUGHNESS = -0.12, 0.85, 0.95
"""Change of roughness in worn places, and the roughness of dirt and of moss."""
MOSS_PARTS = 0.25
"""Thickness of moss relative to the relief."""


class WeatheringParameters(Parameters):
    """Amounts of wear, dirt and moss, and their colours."""

    wear: float = Field(0.4, ge=0, le=1, description="Edges and tips rubbed off: 0 none, 1 nearly everywhere")
    wear_color: Color = Field((0.64, 0.60, 0.55), description="Colour of the material below, where it is worn")
    dirt: float = Field(0.4, ge=0, le=1, description="Dirt in crevices: 0 none, 1 nearly everywhere")
    dirt_color: Color = Field((0.20, 0.16, 0.12), description="Colour of the dirt")
    moss: float = Field(0.0, ge=0, le=1, description="Moss that grows out of crevices: 0 none, 1 nearly everywhere")
    moss_color: Color = Field((0.31, 0.38, 0.13), description="Colour of the moss")
    size: float = Field(
        0.02,
        ge=0.002,
        le=0.2,
        description="Size of the edges and crevices that count, relative to the picture's shorter side",
        json_schema_extra=display_hints(high=0.08, decimals=3),
    )
    breakup: float = Field(0.5, ge=0, le=1, description="How much the material's own grain frays the borders")
    tiling: Tiling = tiling_field()


class Weathering(Filter):
    """Wears raised places, and lays dirt and moss where a surface is sheltered."""

    name, label = "weathering", "Wear, dirt and moss"
    description = "Ages a material: worn edges, dirt in crevices and moss, from curvature and occlusion"
    rank = 50
    group = "Age"
    example = "bricks --moss 0.4 "
    parameters = WeatheringParameters
    needs = ("base_color", "height")

    def apply(self, subject: Maps, parameters: WeatheringParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with changed colour and roughness, no metal under dirt, and the relief of moss."""
        from impasto.surface.relief import cavities, share_above

        from .lightness import lightness_of
        from .shelter import grain, occlusion

        context.progress(0.1, "Looking for edges and crevices")
        p, wraps = parameters, tiles(subject, parameters.tiling)
        color = srgb_to_linear(color_of(subject))
        height = tensor_of(subject["height"].pixels, context.device)
        fray = p.breakup * grain(lightness_of(color_of(subject), context.device), wraps)
        sigma_px = max(p.size * min(subject.size_px), 0.5)
        cavity = cavities(height, sigma_px, wraps)
        context.progress(0.3, "Looking for edges and crevices")
        sheltered = cavity + occlusion(subject, height, context.device)
        context.progress(0.5, "Ageing the surface")
        worn = share_above(fray - cavities(height, sigma_px / 4, wraps), 0.3 * p.wear)
        dirty = share_above(sheltered + fray, 0.6 * p.dirt)
        context.progress(0.7, "Ageing the surface")
        hollows = cavities(height, 3 * sigma_px, wraps) if p.moss else 0.0
        mossy = share_above(hollows + sheltered + 0.5 * fray, 0.7 * p.moss)
        layers = ((p.wear_color, 0.6 * worn, 0.6), (p.dirt_color, 0.75 * dirty, 0.6), (p.moss_color, 0.95 * mossy, 0.8))
        for tone, share, keeps in layers:
            color = _lay_over(color, np.array(tone), pixels_of(share), keeps)
        weathered = subject.with_arrays({"base_color": np.clip(linear_to_srgb(np.clip(color, 0, 1)), 0, 1)})
        shares = [pixels_of(share) for share in (worn, dirty, mossy)]
        return _with_moss(_with_gloss(weathered, *shares), shares[2], fray)


def _lay_over(color: np.ndarray, tone: np.ndarray, share: np.ndarray, keeps: float) -> np.ndarray:
    """Linear colours (H, W, 3) under a share (H, W, 1) of an sRGB tone, which keeps part of their contrast."""
    luminance = color @ LUMINANCE
    relative = luminance[..., None] / max(float(luminance.mean()), 1e-4)
    layer = srgb_to_linear(tone) * (1 - keeps + keeps * relative)
    return color + share * (layer - color)


def _with_gloss(subject: Maps, worn: np.ndarray, dirty: np.ndarray, mossy: np.ndarray) -> Maps:
    """The subject with the roughness of each layer (H, W, 1). Dirt and moss are opaque, no metal, and do not glow."""
    changed = {}
    if "roughness" in subject:
        roughness = subject["roughness"].pixels + WORN_ROUGHNESS * worn
        for share, level in ((dirty, DIRTY_ROUGHNESS), (mossy, MOSSY_ROUGHNESS)):
            roughness = roughness + share * (level - roughness)
        changed["roughness"] = np.clip(roughness, 0, 1)
    for name in {"metallic", "transmission_weight", "emission"}.intersection(subject):
        changed[name] = subject[name].pixels * (1 - dirty) * (1 - mossy)
    return subject.with_arrays(changed)


def _with_moss(subject: Maps, mossy: np.ndarray, fray: Tensor) -> Maps:
    """The subject with a share (H, W, 1) of moss added to its height, with a wider range, and to its normals."""
    from impasto.surface.heights import FINE_STEEPEST_Z, normal_from_slopes, slopes_from_height, slopes_from_normal

    if not mossy.any():
        return subject
    added = MOSS_PARTS * mossy * (1 + 0.3 * np.clip(pixels_of(fray), -1, 1))
    height = subject["height"].pixels + added
    span = max(float(height.max()), 1.0)
    changed = {"height": np.clip(height / span, 0, 1)}
    width_m, range_m = scale_m(subject)
    if "normal" in subject:
        slopes = slopes_from_normal(subject["normal"].pixels, FINE_STEEPEST_Z)
        own = slopes_from_height(added[..., 0] * (range_m / width_m * subject.size_px[1]))
        changed["normal"] = normal_from_slopes(slopes + own)
    return replace(subject.with_arrays(changed), height_range_m=range_m * span, width_m=width_m)
