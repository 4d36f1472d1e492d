"""`super-resolution`: two or four times the size, with filters learned from the picture's own scales."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from impasto.context import Context
from impasto.data.prepare import LARGEST_PX
from impasto.data.tiling import Tiling, tiles, tiling_field
from impasto.errors import ParameterError
from impasto.surface.heights import FINE_STEEPEST_Z, normal_from_slopes, slopes_from_normal
from impasto.texture import NORMAL_MAPS, Maps, Texture
from impasto.tools import Field, Filter, Inputs, Parameters

from .subject import pixels_of, tensor_of


class SuperResolutionParameters(Parameters):
    """Parameters of the enlargement."""

    factor: Literal["2", "4"] = Field("2", description="How many times as wide and as high the result is")
    tiling: Tiling = tiling_field()


class SuperResolution(Filter):
    """Enlarges all maps with filters learned from the subject itself; the size in metres stays the same."""

    name, label = "super-resolution", "Super-resolution"
    description = "Enlarges a picture or a material two- or fourfold, sharper than interpolation"
    rank = 48
    example = "gravel.jpg --factor 4 "
    parameters = SuperResolutionParameters
    needs_source = True

    def apply(self, subject: Maps, parameters: SuperResolutionParameters, inputs: Inputs, context: Context) -> Maps:
        """All maps of the subject, enlarged together. ParameterError above 16384 pixels a side."""
        from .upscaling import enlarge

        factor = int(parameters.factor)
        height, width = subject.size_px
        if factor * max(height, width) > LARGEST_PX:
            message, remedy = "factor {} makes {}x{} pixels of {}x{}", "stay below {} pixels a side"
            raise ParameterError(message, remedy, factor, factor * width, factor * height, width, height, LARGEST_PX)
        leading = "base_color" if "base_color" in subject else next(iter(subject))
        wraps = tiles(subject, parameters.tiling)
        guide = tensor_of(subject[leading].pixels, context.device).mean(0, keepdim=True)
        enlarged = {}
        for index, (name, texture) in enumerate(subject.items()):
            context.progress(index / len(subject), "Learning from the picture's own scales")
            pixels = texture.pixels
            pixels = slopes_from_normal(pixels, FINE_STEEPEST_Z) if name in NORMAL_MAPS else pixels
            pixels = pixels_of(enlarge(tensor_of(pixels, context.device), guide, factor, wraps, context.check))
            pixels = normal_from_slopes(pixels) if name in NORMAL_MAPS else np.clip(pixels, 0, 1)
            enlarged[name] = Texture(pixels, texture.color_space)
        return replace(subject, textures=enlarged)
