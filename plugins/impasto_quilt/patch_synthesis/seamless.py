"""Endless maps from a subject: even out the light, find the pattern, synthesise, copy."""

from __future__ import annotations

from impasto.context import Context
from impasto.texture import Maps

from ..material import finished, prepared, previews, shrinks
from ..source import features_of
from .parameters import PatchSynthesisParameters
from .synthesis import synthesise


def synthesised_maps(subject: Maps, parameters: PatchSynthesisParameters, context: Context) -> Maps:
    """Seamless maps of the requested size, whose texels are the subject's at the same positions for all maps."""
    height_px, width_px = parameters.size_px(subject)
    shrink = shrinks((height_px, width_px))
    size_px = (height_px * shrink[0], width_px * shrink[1])
    fitted = prepared(subject, parameters.even_light, parameters.pattern, size_px, context, 0.05)
    show = previews(fitted.maps, context)
    features = features_of(fitted.maps)
    steps = synthesise(features, size_px, fitted.pattern, parameters.variation, parameters.quality, context.rng)
    for step in steps:
        context.progress(0.05 + 0.85 * step.fraction, "Correcting cuts")
        show(step.origin)
    origin = step.origin()
    images = (image.flatten(1)[:, origin] for image in fitted.maps.values())
    return finished(subject, fitted, images, shrink, context)
