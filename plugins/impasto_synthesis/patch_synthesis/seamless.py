"""Endless maps from a subject: prepare it, find the guidance, synthesise, and copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch import Tensor

from impasto.atlas.canvas import ChartCanvas
from impasto.context import Context
from impasto.data.prepare import maps_at_scale
from impasto.errors import ParameterError
from impasto.numerics.resampling import pyramid_of
from impasto.patterns.canvas import CanvasShape, ResultShape, TorusShape
from impasto.patterns.exemplar import Guidance
from impasto.patterns.session import Laid, Session
from impasto.surface.resizing import copies_pixels, nearest_resized, resized_map
from impasto.texture import Maps
from impasto.tools import Inputs

from ..material import finish_maps, prepare_source, reporter, shrinks
from .atlas import Atlas, stack_sources
from .given import GivenMaps, with_common_maps
from .parameters import PatchSynthesisParameters

MOST_PX = 36_000_000
"""Most pixels of all photographs; each takes about 0.2 kB of memory while pieces are compared."""
LEAST_CONTRAST, SCALES = 0.8, 3
"""A result with less contrast than this share of the photograph's, at any of this many scales, is blurred."""
NO_CONTRAST, SMALLEST_PX = 1 / 255, 64
"""A scale with less deviation is empty; and in smaller pictures contrast is random."""
PREPARED = 0.05
"""Fraction of the work for preparing the photographs."""


def synthesise_maps(subject: Maps, parameters: PatchSynthesisParameters, inputs: Inputs, context: Context) -> Maps:
    """Seamless maps of the requested size, made of the photographs' texels, from the same positions for all maps.

    On a mesh's canvas, maps of its size, with texels of the photographs' size.
    """
    guides = GivenMaps.of(inputs)
    result_px = context.canvas.size_px if context.canvas else parameters.size_px(subject)
    height_px, width_px = (max(1, round(side / max(1.0, parameters.scale))) for side in result_px)
    shrink = shrinks((height_px, width_px))
    shape: ResultShape = TorusShape((height_px * shrink[0], width_px * shrink[1]))
    if isinstance(context.canvas, ChartCanvas):
        shape = CanvasShape.of(context.canvas, subject.size_px)
    common = with_common_maps([subject, *guides.others], context)
    copies = copies_pixels(subject, parameters.pixel_art, context.note)
    photographs = [maps_at_scale(maps, min(1.0, parameters.scale), copies) for maps in common]
    _check_pixels(sum(height * width for height, width in (maps.size_px for maps in photographs)))
    atlas = _atlas(photographs, guides, parameters, shape.torus_px, context, copies)
    guidance = guides.guidance(atlas, parameters, shape.size_px, context)
    laid = _layout(atlas, guidance, parameters, shape, context)
    textures = finish_maps(photographs[0], atlas.fitted, laid.copies(), shrink, context, copies)
    return nearest_resized(textures, result_px) if copies else resize_tiling(textures, result_px)


def _layout(
    atlas: Atlas, guidance: Guidance | None, parameters: PatchSynthesisParameters, shape: ResultShape, context: Context
) -> Laid:
    """The photographs' texels that the result shows.

    If a layout of a single photograph only repeats calm or blurred parts, a second one has full variation.
    """
    report = reporter(atlas.fitted.maps, context, (PREPARED, 0.9), "Correcting cuts")
    session = Session(atlas.example, context.rng, report)
    laid = session.synthesise(shape, guidance, parameters.variation, parameters.quality)
    image = atlas.image
    if guidance or len(atlas.patterns.parts) > 1 or min(*shape.size_px, *image.shape[1:]) < SMALLEST_PX:
        return laid
    contrast = least_contrast(image, laid.origin)
    if contrast < LEAST_CONTRAST:
        report = reporter(atlas.fitted.maps, context, (0.9, 0.9), "Trying another layout")
        another = replace(session, report=report).synthesise(shape, None, 1.0, parameters.quality)
        contrasts = {contrast: laid, least_contrast(image, another.origin): another}
        contrast = max(contrasts)
        laid = contrasts[contrast]
    if contrast < LEAST_CONTRAST:
        remedy = "try quilt, or a photograph that is equally sharp everywhere"
        context.note("the result has only {:.0%} of the photograph's contrast at one scale: {}", contrast, remedy)
    return laid


def least_contrast(image: Tensor, origin: Tensor) -> float:
    """Smallest contrast, over three fine scales, of texels (H, W) of an image (C, h, w), relative to the image's."""
    pixels, known = (
        pyramid_of(one.permute(1, 2, 0).cpu().numpy(), SCALES + 1)[:SCALES]
        for one in (image.flatten(1)[:, origin], image)
    )
    contrasts = [(float(found.std()), float(wanted.std())) for found, wanted in zip(pixels, known, strict=True)]
    return min((found / wanted for found, wanted in contrasts if wanted > NO_CONTRAST), default=1.0)


def _check_pixels(pixels: int) -> None:
    """Raise ParameterError for photographs that would need too much memory together."""
    if pixels > MOST_PX:
        message = "the photographs have {:.0f} megapixels, and {} are the limit"
        remedy = "give a part of them, or make them smaller first"
        raise ParameterError(message, remedy, pixels / 1e6, MOST_PX // 1_000_000)


def _atlas(
    photographs: Sequence[Maps],
    guides: GivenMaps,
    parameters: PatchSynthesisParameters,
    size_px: tuple[int, int],
    context: Context,
    copies: bool,
) -> Atlas:
    """The atlas of photographs, each prepared for a torus of `size_px`."""
    carried = guides.carried_pictures(photographs[0].size_px)
    sources = []
    for number, photograph in enumerate(photographs):
        done = PREPARED * number / len(photographs), PREPARED * (number + 1) / len(photographs)
        light, pattern = parameters.even_light, parameters.pattern
        own = carried if number == 0 else {}
        turned = parameters.rotation
        sources.append(prepare_source(photograph, light, pattern, size_px, context, done, own, turned, copies=copies))
    return stack_sources(sources)


def resize_tiling(maps: Maps, size_px: tuple[int, int]) -> Maps:
    """Seamless maps at another size (height, width), resized with a period of margin on either side."""
    textures = dict(maps)
    for axis, length in enumerate(size_px):
        for name, texture in textures.items():
            if texture.size_px[axis] == length:
                continue
            wide = replace(texture, pixels=np.concatenate([texture.pixels] * 3, axis))
            tripled = list(wide.size_px)
            tripled[axis] = 3 * length
            resized_pixels = resized_map(name, wide, (tripled[0], tripled[1])).pixels
            textures[name] = replace(texture, pixels=np.take(resized_pixels, range(length, 2 * length), axis))
    return replace(maps, textures=textures)
