"""The part that all style transfer methods share: a task from maps and parameters, and maps from a painting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from torch import Tensor

from impasto.context import Context
from impasto.errors import Message
from impasto.surface.heights import normal_from_slopes, slopes_from_normal
from impasto.surface.resizing import scaled_size
from impasto.surface.wrapping import wraps
from impasto.texture import Maps
from impasto.tools import Inputs

from .color.choice import Colors, choose_colors
from .controls import MASK, START, STYLE, StyleParameters
from .inputs import FEW_PX, check_shapes, read_color, read_mask, read_start, read_style
from .noise import noise_start
from .relief import with_strokes
from .resampling import LEAST_PX, as_image, as_tensor, resize_picture, resized_linear
from .task import Region, StyleTask

Paint = Callable[[StyleTask, Any, Context], Tensor]

VISIBLE = 1 / 255
"""Opacity below which a pixel is no part of the picture."""
PREVIEW_PX = 512
NEGLIGIBLE = 1e-3
"""Opacity of a remainder that is ignored."""


def restyle(paint: Paint, subject: Maps, parameters: StyleParameters, inputs: Inputs, context: Context) -> Maps:
    """Repaint a subject with a method. Its other maps are resized to match, and follow the strokes by `relief`.

    Raise ParameterError, with a remedy, if an input cannot be used.
    """
    context.progress(0.0, "Reading the styles")
    parameters = _with_seamless_decided(parameters, subject, context)
    subject = resized_maps(subject, parameters.longest_px, parameters.seamless == "on")
    task, finish = make_task(subject, parameters, inputs, context)
    if parameters.strength == 0:
        return subject
    painted = paint(
        task, parameters, replace(context, on_preview=lambda maps: context.on_preview(finish.preview(maps)))
    )
    result = subject.with_arrays({"base_color": finish.of(as_image(painted))})
    if parameters.relief == 0:
        return result
    context.progress(1.0, "Raising the strokes")
    return with_strokes(result, finish.picture, finish.coverage, parameters)


def _with_seamless_decided(parameters: StyleParameters, subject: Maps, context: Context) -> StyleParameters:
    """The parameters with `seamless` on or off. "auto" becomes "on" for a seamless subject, with a note."""
    if parameters.seamless != "auto":
        return parameters
    seamless = context.canvas is None and all(wraps(subject))
    if context.canvas:
        context.note("it was repainted across the seams of its mesh")
    elif seamless:
        context.note("its opposite borders fit together, so it was repainted as a texture without seams")
    else:
        context.note("its opposite borders do not fit together, so it was repainted as a single picture")
    return parameters.model_copy(update={"seamless": "on" if seamless else "off"})


def make_task(subject: Maps, parameters: StyleParameters, inputs: Inputs, context: Context) -> tuple[StyleTask, Finish]:
    """The task for a method, and the `Finish` that makes the result from the painting."""
    device, seamless = context.device, parameters.seamless == "on"
    masks, start = inputs[MASK], inputs.get(START)
    check_shapes(masks, start, subject.size_px)
    pixels = read_color(subject, VISIBLE)
    size = max(LEAST_PX, pixels.shape[0]), max(LEAST_PX, pixels.shape[1])
    picture = resize_picture(as_tensor(pixels, device), size, seamless)
    longest_px = context.longest_px(size)
    styles = [read_style(style, index, parameters, longest_px, device) for index, style in enumerate(inputs[STYLE])]
    for style in inputs[STYLE]:
        if min(style.size_px) < FEW_PX:
            height, width = style.size_px
            named = Message("the style {}", style.name) if style.name else "the style"
            note = "{} has {}x{} pixels, too few to show strokes: 256x256 or more are better"
            context.note(note, named, width, height)
    pictures = [
        None if mask is None else read_mask(mask, index, size, seamless, device) for index, mask in enumerate(masks)
    ]
    regions, coverage = make_regions(pictures, parameters.weight, parameters.strength)
    colors = choose_colors(parameters, picture, styles, regions)
    seen = colors.of_picture(picture)
    sources = (seen, *(colors.of_style(style, index) for index, style in enumerate(styles)))
    initial, initial_px = seen, 0
    if start is not None:
        initial, initial_px = colors.of_picture(read_start(start, size, seamless, device)), max(start.size_px)
    elif parameters.start_from == "noise":
        initial = noise_start(seen, sources, regions, context)
    covered = None if coverage is None else _fit(as_image(coverage), subject.size_px, seamless)
    return StyleTask(seen, sources, regions, initial, initial_px, seamless), Finish(pixels, covered, colors, seamless)


def make_regions(
    masks: Sequence[Tensor | None], weights: Sequence[float], strength: float
) -> tuple[tuple[Region, ...], Tensor | None]:
    """Regions for styles with these masks (1, 1, H, W), and the opacity (1, 1, H, W) of the painting, or None for 1.

    A style with a mask is painted where the mask is white. Overlapping masks are blended. Elsewhere, styles without a
    mask are mixed by weight; without such a style, the picture is kept. The weights of a region are the picture's
    weight, 1 - strength, and a weight for each style.
    """
    masks_given = [mask for mask in masks if mask is not None]
    mix = [0.0 if mask is not None else weight for mask, weight in zip(masks, weights, strict=True)]
    if not masks_given:
        return (Region(None, _normalise(mix, strength)),), None
    total = sum(masks_given[1:], masks_given[0])
    regions = []
    for index, mask in enumerate(masks):
        if mask is not None:
            alone = [float(other == index) for other in range(len(masks))]
            regions.append(Region(mask / total.clamp_min(1), _normalise(alone, strength)))
    rest = 1 - total.clamp_max(1)
    if rest.max() <= NEGLIGIBLE:
        return (Region(None, regions[0].weights),) if len(regions) == 1 else tuple(regions), None
    regions.append(Region(rest, _normalise(mix, strength)))
    return tuple(regions), None if any(mix) else 1 - rest


def _normalise(weights: Sequence[float], strength: float) -> tuple[float, ...]:
    """Weights of the picture and the styles, with a sum of 1. If all styles have weight 0, the picture has weight 1."""
    total = sum(weights)
    if total == 0:
        return (1.0, *weights)
    return (1 - strength, *(strength * weight / total for weight in weights))


@dataclass(frozen=True)
class Finish:
    """Makes the result from the painting of a picture (H, W, 3).

    coverage: opacity (H, W, 1) of the painting over the picture; None for 1 everywhere.
    """

    picture: np.ndarray
    coverage: np.ndarray | None
    colors: Colors
    seamless: bool

    def of(self, painted: np.ndarray) -> np.ndarray:
        """The result at the picture's size from a painting of any size, with final colours, and blended by masks."""
        painted = _fit(painted, self.picture.shape[:2], self.seamless)
        result = self.colors.of_result(painted, self.picture, self.coverage)
        return result if self.coverage is None else self.picture + self.coverage * (result - self.picture)

    def preview(self, unfinished: Maps) -> Maps:
        """A small version of the result, from an unfinished painting."""
        return Maps.from_arrays({"base_color": self._small.of(unfinished["base_color"].pixels)})

    @cached_property
    def _small(self) -> Finish:
        ratio = PREVIEW_PX / max(self.picture.shape[:2])
        if ratio >= 1:
            return self
        size = scaled_size(self.picture.shape[:2], ratio)
        coverage = None if self.coverage is None else _fit(self.coverage, size, self.seamless)
        return replace(self, picture=_fit(self.picture, size, self.seamless), coverage=coverage)


def resized_maps(maps: Maps, longest_px: int, seamless: bool) -> Maps:
    """The maps with this longer side in pixels; unchanged for 0."""
    if longest_px in (0, max(maps.size_px)):
        return maps
    size = scaled_size(maps.size_px, longest_px / max(maps.size_px))
    textures = {name: replace(texture, pixels=_fit(texture.pixels, size, seamless)) for name, texture in maps.items()}
    if "normal" in maps:
        slopes = slopes_from_normal(textures["normal"].pixels)
        textures["normal"] = replace(textures["normal"], pixels=normal_from_slopes(slopes))
    return replace(maps, textures=textures)


def _fit(pixels: np.ndarray, size: tuple[int, ...], seamless: bool) -> np.ndarray:
    """Pixels (h, w, C), resized to (H, W, C)."""
    if pixels.shape[:2] == tuple(size):
        return pixels
    resize = resize_picture if pixels.shape[2] == 3 else resized_linear
    return as_image(resize(as_tensor(pixels, "cpu"), size, seamless))
