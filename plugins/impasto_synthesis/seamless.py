"""Seamless maps from a subject: even out the light, find the pattern, quilt, blend."""

from __future__ import annotations

from impasto.context import Context
from impasto.patches.features import features_of
from impasto.patches.layout import plan
from impasto.patches.quilting import Quilter
from impasto.patches.seams import join
from impasto.texture import Maps

from .material import finish_maps, prepare_source, previews, shrinks
from .parameters import QuiltParameters

BLEND_PX = 12.0
"""Distance over which a step of shapes at a cut is spread; one of light or colour is as far as pieces overlap."""


def make_seamless(subject: Maps, parameters: QuiltParameters, context: Context) -> Maps:
    """Seamless maps of the requested size, from pieces of the subject; all maps have the same seams."""
    height_px, width_px = parameters.size_px(subject)
    shrink = shrinks((height_px, width_px))
    size_px = (height_px * shrink[0], width_px * shrink[1])
    fitted = prepare_source(subject, parameters.even_light, parameters.pattern, size_px, context, (0.0, 0.2))
    features = features_of(fitted.maps)
    layout = plan((features.shape[1], features.shape[2]), size_px, parameters.block_px, parameters.overlap)
    quilter = Quilter(features, layout, fitted.pattern, parameters.variety, context.rng, keeps_lines=True)
    show = previews(fitted.maps, context)
    for done in quilter.cover():
        context.progress(0.2 + 0.7 * done, "Sewing pieces together")
        show(lambda: quilter.torus.origin)
    joined = (join(image, quilter.torus.origin, max(layout.overlap), BLEND_PX) for image in fitted.maps.values())
    return finish_maps(subject, fitted, joined, shrink, context)
