"""Endless maps from a subject: even out the light, find the pattern, synthesise, copy."""

from __future__ import annotations

import numpy as np

from impasto.context import Context
from impasto.data.prepare import resized
from impasto.errors import ParameterError
from impasto.texture import Maps

from ..material import finished, prepared, previews, shrinks
from ..source import features_of
from .parameters import PatchSynthesisParameters
from .synthesis import synthesise


def synthesised_maps(
    subject: Maps, parameters: PatchSynthesisParameters, leave_out: Maps | None, context: Context
) -> Maps:
    """Seamless maps of the requested size, whose texels are the subject's at the same positions for all maps.

    leave_out: a mask, white where the subject must not be used. ParameterError if that is everywhere.
    """
    mask = None if leave_out is None else _mask(leave_out, subject.size_px)
    height_px, width_px = parameters.size_px(subject)
    shrink = shrinks((height_px, width_px))
    size_px = (height_px * shrink[0], width_px * shrink[1])
    fitted = prepared(subject, parameters.even_light, parameters.pattern, size_px, context, 0.05, mask)
    show = previews(fitted.maps, context)
    features = features_of(fitted.maps)
    given = fitted.pattern, fitted.left_out, parameters.variation, parameters.quality
    steps = synthesise(features, size_px, *given, context.rng)
    for step in steps:
        context.progress(0.05 + 0.85 * step.fraction, "Correcting cuts")
        show(step.origin)
    origin = step.origin()
    images = (image.flatten(1)[:, origin] for image in fitted.maps.values())
    return finished(subject, fitted, images, shrink, context)


def _mask(maps: Maps, size_px: tuple[int, int]) -> np.ndarray:
    """Mask (H, W, 1) of `size_px` from the brightness of a picture of any size."""
    pixels = next(iter(maps.values())).pixels.mean(2, keepdims=True)
    mask = (resized(pixels, size_px) > 0.5).astype(np.float32)
    if mask.all():
        raise ParameterError("leave_out is white everywhere, so nothing is left", "paint black what may be used")
    return mask
