"""Seamless maps from a subject: even out the light, find the pattern, quilt, blend."""

from __future__ import annotations

from dataclasses import replace

from impasto.context import Context
from impasto.patterns.phases import Patterns
from impasto.patterns.session import Example, Pieces, Session
from impasto.surface.resizing import copies_pixels
from impasto.texture import Maps

from .material import finish_maps, prepare_source, reporter, shrinks
from .parameters import QuiltParameters
from .pattern import Fitted

CLOSED: dict[str, tuple[tuple[int, ...], int | None]] = {"both": ((0, 1), None), "x": ((1,), 0), "y": ((0,), 1)}
"""Axes (0: y, 1: x) along which the result repeats, and the axis along which it does not."""
FEW_LANDMARKS = 3
"""Number of landmarks seen twice of which nothing is said."""
BLEND_PX = 12.0
"""Distance over which large steps (shapes) at a cut are spread; small ones (light) are spread over the overlap."""


def make_seamless(subject: Maps, parameters: QuiltParameters, context: Context) -> Maps:
    """Seamless maps of the requested size, from pieces of the subject; all maps have the same seams."""
    height_px, width_px = parameters.size_px(subject)
    shrink = shrinks((height_px, width_px))
    size_px = (height_px * shrink[0], width_px * shrink[1])
    copies = copies_pixels(subject, parameters.pixel_art, context.note)
    closed, open_axis = CLOSED[parameters.axes]
    light, pattern = parameters.even_light, parameters.pattern
    fitted = prepare_source(subject, light, pattern, size_px, context, (0.0, 0.2), copies=copies, closed=closed)
    strip = fitted if open_axis is None else of_length(fitted, open_axis, size_px[open_axis], context)
    report = reporter(strip.maps, context, (0.2, 0.9), "Sewing pieces together")
    pieces = Pieces(
        parameters.block_px,
        parameters.overlap,
        parameters.variety,
        keeps_lines=True,
        spends_landmarks=parameters.variety > 0,
        open_axis=open_axis,
    )
    example = Example(strip.maps, Patterns(parts=(fitted.pattern,)))
    laid = Session(example, context.rng, report).quilt(size_px, pieces)
    assert laid.layout
    if laid.repeated > FEW_LANDMARKS and len(fitted.pattern.wave_vectors) < 2:  # cells of a lattice are to be alike
        context.note(
            "{} landmarks are seen twice close to each other, since the photograph has little else: "
            "*Mend Tiling* makes the photograph itself tile",
            laid.repeated,
        )
    textures = laid.copies() if copies else laid.joined(max(laid.layout.overlap), BLEND_PX)
    return finish_maps(subject, fitted, textures, shrink, context, copies)


def of_length(fitted: Fitted, axis: int, length_px: int, context: Context) -> Fitted:
    """The maps, cropped to their middle along an axis if they are longer than this."""
    length = next(iter(fitted.maps.values())).shape[1 + axis]
    if length < length_px:
        context.note("the result is longer than the source where it does not repeat, so parts of it stand there twice")
    if length <= length_px:
        return fitted
    start = (length - length_px) // 2
    return replace(fitted, maps={name: one.narrow(1 + axis, start, length_px) for name, one in fitted.maps.items()})
