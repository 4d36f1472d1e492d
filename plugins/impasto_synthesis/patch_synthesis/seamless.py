"""Endless maps from a subject: even out the light, find the pattern, synthesise, copy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from impasto.context import Context
from impasto.data.prepare import resized, resized_map
from impasto.errors import ParameterError
from impasto.texture import Maps
from impasto_transform.geometry import scaled

from ..material import LEFT_OUT, finished, prepared, previews, shrinks
from ..source import features_of
from .parameters import PatchSynthesisParameters
from .synthesis import synthesise


def synthesised_maps(
    subject: Maps, parameters: PatchSynthesisParameters, leave_out: Maps | None, context: Context
) -> Maps:
    """Seamless maps of the requested size, whose texels are the subject's at the same positions for all maps.

    leave_out: a mask, white where the subject must not be used. ParameterError if that is everywhere.
    """
    result_px = parameters.size_px(subject)
    subject = scaled(subject, min(1.0, parameters.scale))
    carried = {} if leave_out is None else {LEFT_OUT: _mask(leave_out, subject.size_px)}
    height_px, width_px = (max(1, round(side / max(1.0, parameters.scale))) for side in result_px)
    shrink = shrinks((height_px, width_px))
    size_px = (height_px * shrink[0], width_px * shrink[1])
    light, pattern, done = parameters.even_light, parameters.pattern, (0.0, 0.05)
    fitted = prepared(subject, light, pattern, size_px, context, done, carried, parameters.rotation)
    show = previews(fitted.maps, context)
    features = features_of(fitted.maps)
    left_out = fitted.carried[LEFT_OUT][0] > 0.5 if LEFT_OUT in fitted.carried else None
    steps = synthesise(
        features, size_px, fitted.pattern, left_out, parameters.variation, parameters.quality, context.rng
    )
    for step in steps:
        context.progress(0.05 + 0.85 * step.fraction, "Correcting cuts")
        show(step.origin)
    origin = step.origin()
    images = (image.flatten(1)[:, origin] for image in fitted.maps.values())
    return enlarged(finished(subject, fitted, images, shrink, context), result_px)


def enlarged(maps: Maps, size_px: tuple[int, int]) -> Maps:
    """Maps that tile, at another size (height, width): each axis is resized with a period on either side."""
    textures = dict(maps)
    for axis, length in enumerate(size_px):
        for name, texture in textures.items():
            if texture.size_px[axis] == length:
                continue
            wide = replace(texture, pixels=np.concatenate([texture.pixels] * 3, axis))
            tripled = list(wide.size_px)
            tripled[axis] = 3 * length
            resized_pixels = resized_map(name, wide, (tripled[0], tripled[1])).pixels
            middle = np.take(resized_pixels, range(length, 2 * length), axis)
            textures[name] = replace(texture, pixels=middle)
    return replace(maps, textures=textures)


def _mask(maps: Maps, size_px: tuple[int, int]) -> np.ndarray:
    """Mask (H, W, 1) of `size_px` from the brightness of a picture of any size."""
    pixels = next(iter(maps.values())).pixels.mean(2, keepdims=True)
    mask = (resized(pixels, size_px) > 0.5).astype(np.float32)
    if mask.all():
        raise ParameterError("leave_out is white everywhere, so nothing is left", "paint black what may be used")
    return mask
