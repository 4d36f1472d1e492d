"""`normal-to-height`: the height whose slopes match a normal map."""

from __future__ import annotations

from dataclasses import replace

from impasto.context import Context
from impasto.data.tiling import Tiling, tiles, tiling_field
from impasto.errors import ParameterError
from impasto.texture import Maps
from impasto.tools import Filter, Inputs, Parameters

from .signs import Green, as_opengl, green_field
from .subject import normals

ROUNDED_LEAN = 2 / 255
"""A smaller mean x or y of normals is due to rounding: upright ones are (128, 128, 255) in 8 bits."""


class NormalToHeightParameters(Parameters):
    """Parameters of the height."""

    tiling: Tiling = tiling_field()
    green: Green = green_field()


class NormalToHeight(Filter):
    """Integrates normals to a height map, with its range in metres."""

    name, label = "normal-to-height", "Normal to height"
    description = "Makes the height map that fits a normal map, with its range in metres"
    rank = 60
    group = "Maps"
    example = "brick_normal.png --format png16 "
    parameters = NormalToHeightParameters
    needs = ("normal",)

    def apply(self, subject: Maps, parameters: NormalToHeightParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with `height` and its range; an unknown width counts as 1 m. Its normals become OpenGL's."""
        import numpy as np

        from impasto.surface.heights import (
            FINE_STEEPEST_Z,
            FLATTEST_PX,
            LARGEST_GRID_PX,
            STEEPEST_Z,
            grid_px,
            height_from_slopes,
            slopes_from_normal,
        )
        from impasto.surface.orientation import is_flat

        own = subject["height"].pixels[..., 0] if "height" in subject else None
        normal = as_opengl(normals(subject), own, parameters.green, context, must_know=False)
        wraps = tiles(subject, parameters.tiling)
        if grid_px(subject.size_px, wraps) > LARGEST_GRID_PX:
            message = "a normal map of {}x{} px that does not tile is too large"
            remedy = "scale it down to 4096x4096 px, or make it seamless first"
            raise ParameterError(message, remedy, subject.size_px[1], subject.size_px[0])
        context.progress(0.3, "integrating the slopes")
        has_8_bits = bool(np.abs(normal * 255 - np.round(normal * 255)).max() < 1e-3)
        slopes = slopes_from_normal(normal, STEEPEST_Z if has_8_bits else FINE_STEEPEST_Z)
        if has_8_bits and np.abs(2 * normal[..., :2].mean((0, 1)) - 1).max() < ROUNDED_LEAN:
            slopes = slopes - slopes.mean((0, 1))
        height_px = height_from_slopes(slopes, wraps)
        if is_flat(slopes):
            context.note("the normals are flat, and so is the height")
        span_px = max(float(np.ptp(height_px)), FLATTEST_PX)
        height = 0.5 + (height_px - (height_px.min() + height_px.max()) / 2) / span_px
        width_m = subject.width_m or 1.0
        arrays = {"normal": normal, "height": np.clip(height, 0, 1)}
        return replace(
            subject.with_arrays(arrays), width_m=width_m, height_range_m=span_px / subject.size_px[1] * width_m
        )
