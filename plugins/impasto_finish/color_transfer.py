"""`color-transfer`: the colours of another picture, by optimal transport of colour distributions."""

from __future__ import annotations

from typing import Literal

import numpy as np

from impasto.context import Context
from impasto.data.tiling import Tiling, tiles, tiling_field
from impasto.surface.palette import NOISE, Move, Palette, from_oklab, in_bands, palette_of, to_oklab, transport
from impasto.texture import Maps
from impasto.tools import Field, Filter, Input, Inputs, Parameters, visible_if

from .subject import color_of, pixels_of, tensor_of

ROUNDS = 16
SAMPLES = 2**16
"""Approximate number of pixels sampled from each picture."""


class ColorTransferParameters(Parameters):
    """The method and its strength."""

    method: Literal["mean-and-deviation", "monge-kantorovich", "iterative"] = Field(
        "monge-kantorovich",
        description="What is matched: mean and deviation of each channel (Reinhard 2001); all correlations with the "
        "least change (Monge-Kantorovich); or the whole distribution, for colours of several groups (iterative)",
    )
    strength: float = Field(1.0, ge=0, le=1, description="0: the picture's own colours, 1: those of the reference")
    keep_lightness: bool = Field(False, description="Take hue and chroma only, and leave light and dark as they are")
    regrain: bool = Field(
        True,
        description="Keep the picture's own grain, which a strong change of colours would amplify",
        json_schema_extra=visible_if("method", "iterative"),
    )
    tiling: Tiling = tiling_field()


class ColorTransfer(Filter):
    """Moves the subject's colours to the distribution of a reference's."""

    name, label = "color-transfer", "Colour transfer"
    description = "Gives a picture or a material the colours of another picture"
    rank = 41
    example = "gravel.jpg --reference autumn.jpg "
    parameters = ColorTransferParameters
    needs = ("base_color",)
    neutral_at_zero = ("strength",)
    inputs = (Input("reference", "picture or material whose colours to take"),)

    def apply(self, subject: Maps, parameters: ColorTransferParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with another base colour."""
        own, wanted = color_of(subject), color_of(inputs["reference"], "reference")
        context.progress(0.1, "Comparing colours")
        if parameters.method == "iterative":
            moved = distribution_transfer(own, wanted, context)
        else:
            here, there = palette_of(own), palette_of(wanted)
            is_diagonal = parameters.method == "mean-and-deviation"
            moved = (_by_deviation(here, there) if is_diagonal else transport(here, there)).of(own)
        if parameters.method == "iterative" and parameters.regrain:
            context.progress(0.5, "Restoring the grain")
            from .regrain import with_grain

            wraps = tiles(subject, parameters.tiling)
            original, changed = (tensor_of(x, context.device) for x in (own, moved))
            moved = np.clip(pixels_of(with_grain(original, changed, wraps, context.check)), 0, 1)
        if parameters.keep_lightness:
            moved = in_bands(_with_lightness, moved, own)
        return subject.with_arrays({"base_color": own + parameters.strength * (moved - own)})


def _by_deviation(here: Palette, there: Palette) -> Move:
    """The map that matches mean and deviation of each channel of Oklab (Reinhard et al. 2001, in their Lαβ)."""
    ratios = np.sqrt((there.covariance.diagonal() + NOISE) / (here.covariance.diagonal() + NOISE))
    return Move(np.diag(ratios), there.mean - ratios * here.mean)


def distribution_transfer(own: np.ndarray, wanted: np.ndarray, context: Context) -> np.ndarray:
    """`own` (H, W, 3) with the distribution of colours of `wanted` (h, w, 3) (Pitié et al. 2005).

    A table of colours is moved along random axes, one rotation after another; then each pixel is looked up in it.
    """
    import torch

    from impasto.numerics.color_transport import ColorSample, color_table, look_up, sliced_transport

    x, y = (tensor_of(pixels, "cpu")[None] for pixels in (own, wanted))
    turned = (np.linalg.qr(context.rng.standard_normal((3, 3)))[0] for _ in range(ROUNDS - 1))
    rotations = [torch.eye(3), *(torch.from_numpy(axes.astype(np.float32)) for axes in turned)]
    here, there = ColorSample.of(x, count=SAMPLES), ColorSample.of(y, count=SAMPLES)
    table = sliced_transport(color_table(), here, [there], [1.0], rotations)
    return pixels_of(look_up(table, x)[0]).clip(0, 1)


def _with_lightness(colors: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """Colours (..., 3) with the lightness of others, in sRGB."""
    return from_oklab(np.concatenate([to_oklab(lightness)[..., :1], to_oklab(colors)[..., 1:]], axis=-1))
