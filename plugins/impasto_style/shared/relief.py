"""Impasto: relief of the strokes, in height, normals and roughness.

The height of the paint is the painting's lightness in the frequency band of strokes, except for the part that follows
from the picture.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from impasto.numerics.filters import gaussian_blur
from impasto.surface.heights import normal_from_slopes, scale_m, slopes_from_height, slopes_from_normal
from impasto.surface.palette import in_bands, to_oklab
from impasto.texture import Maps

from .controls import StyleParameters
from .resampling import resized_linear

STROKE_WIDTH = 1 / 80
"""Width of a stroke, relative to the longer side of the style."""
BRISTLE_PX = 0.6
"""Standard deviation of the blur that removes single-pixel noise."""
THICKNESS = 1.2
"""Height of a ridge whose lightness differs by 1, relative to a stroke's width, at full relief."""
CALM = 1e-4
"""Regularisation: variance of lightness below which a picture explains no detail of the paint."""
COARSE = 4
"""Blurs wider than this, in pixels, are computed on a smaller picture."""
PAINT_ROUGHNESS = 0.5
"""Roughness of a subject without a roughness map: semi-gloss oil paint."""
GLOSS = 0.12
"""Decrease of roughness on a ridge of paint, and increase in its valleys, at full relief."""
FLATTEST = 1e-3
"""Smallest scale of the strokes' lightness, and smallest range of heights in pixels."""


def with_strokes(maps: Maps, before: np.ndarray, coverage: np.ndarray | None, parameters: StyleParameters) -> Maps:
    """The maps, repainted over the colours `before` (H, W, 3), with height, normal and roughness of the strokes.

    coverage: the painting's opacity (H, W, 1); None for 1 everywhere. Strokes are added to the height and normals of
    the maps, if any. If the range of heights is unknown, it is `UNKNOWN_RELIEF` of the width.
    """
    relief, seamless = parameters.relief, parameters.seamless == "on"
    style_px = parameters.strokes * (parameters.strokes_px or max(maps.size_px))
    stroke_px = max(style_px * STROKE_WIDTH, 2 * BRISTLE_PX)
    ridges = _ridges(before, maps["base_color"].pixels, stroke_px, seamless)  # (H, W), of lightness
    if coverage is not None:
        ridges = ridges * coverage[..., 0]
    strokes_px = relief * THICKNESS * stroke_px * ridges
    result, height_px = _with_height(maps, strokes_px)
    if "normal" in maps:
        slopes = slopes_from_normal(maps["normal"].pixels) + _slopes(strokes_px, seamless)
    else:
        slopes = _slopes(height_px, seamless)
    rough = maps["roughness"].pixels if "roughness" in maps else np.full((*ridges.shape, 1), PAINT_ROUGHNESS, "f4")
    gloss = relief * GLOSS * np.tanh(ridges / max(2 * float(ridges.std()), FLATTEST))[..., None]
    return result.with_arrays({"normal": normal_from_slopes(slopes), "roughness": (rough - gloss).clip(0, 1)})


def _with_height(maps: Maps, strokes_px: np.ndarray) -> tuple[Maps, np.ndarray]:
    """The maps with strokes (H, W) in pixels added to their height, rescaled to [0, 1]; and the height in pixels."""
    width_m, range_m = scale_m(maps)
    pixels_per_m = maps.size_px[1] / width_m
    height_px = strokes_px
    if "height" in maps:
        height_px = strokes_px + maps["height"].pixels[..., 0] * (range_m * pixels_per_m)
    low, span_px = height_px.min(), max(float(np.ptp(height_px)), FLATTEST)
    result = maps.with_arrays({"height": (height_px - low) / span_px})
    return replace(result, width_m=width_m, height_range_m=span_px / pixels_per_m), height_px


def _ridges(before: np.ndarray, after: np.ndarray, stroke_px: float, seamless: bool) -> np.ndarray:
    """Detail of the strokes' lightness (H, W) that the picture does not explain.

    The common part is found by local regression, as in the guided filter (He et al. 2010).
    """
    known, painted = (_detail(_lightness(pixels), stroke_px, seamless) for pixels in (before, after))

    def near(x: Tensor) -> Tensor:
        return _blur(x, stroke_px, seamless)

    common = (near(painted * known) / (near(known * known) + CALM)).clamp(0, 1)
    return (painted - common * known)[0, 0].numpy()


def _lightness(pixels: np.ndarray) -> Tensor:
    """Lightness (1, 1, H, W) of sRGB (H, W, 3)."""
    return torch.from_numpy(in_bands(lambda band: to_oklab(band)[..., 0], pixels))[None, None]


def _detail(x: Tensor, stroke_px: float, seamless: bool) -> Tensor:
    """Band-pass: detail wider than noise and narrower than strokes."""
    return _blur(x, BRISTLE_PX, seamless) - _blur(x, stroke_px, seamless)


def _blur(x: Tensor, deviation_px: float, seamless: bool) -> Tensor:
    """(1, 1, H, W), blurred by a Gaussian of any width. A wide Gaussian is applied at a coarser resolution."""
    size = x.shape[2:]
    factor = max(1.0, deviation_px / COARSE)
    small = resized_linear(x, [max(1, round(side / factor)) for side in size], seamless)
    return resized_linear(gaussian_blur(small, deviation_px / factor, seamless), size, seamless)


def _slopes(height_px: np.ndarray, seamless: bool) -> np.ndarray:
    """Slopes (H, W, 2) to the right and down the rows, of height (H, W) in pixels."""
    return slopes_from_height(np.pad(height_px, 1, "wrap" if seamless else "edge"))[1:-1, 1:-1]
