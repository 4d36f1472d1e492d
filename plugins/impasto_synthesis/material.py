"""A subject's maps as tensors, prepared for cutting, with even light and whole periods of a pattern; and back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import torch
from torch.nn.functional import avg_pool2d, normalize

from impasto.context import Context
from impasto.patterns.session import Report
from impasto.texture import NORMAL_MAPS, Maps, Texture

from .light import even_light
from .pattern import Fitted, fit_pattern, rotate_maps

SMALLEST_PX = 8
"""Shorter sides are mirrored (source), or made larger and then reduced (result)."""
LEFT_OUT, PLACES = "left_out", "places"
PREVIEW_PX, PREVIEW_EVERY_S = 512, 0.25


def shrinks(size_px: tuple[int, int]) -> tuple[int, int]:
    """Factors (y, x) by which a result is made larger and then reduced; 1 except for the smallest."""
    return -(-SMALLEST_PX // size_px[0]), -(-SMALLEST_PX // size_px[1])


def prepare_source(
    subject: Maps,
    light: float,
    pattern: str,
    size_px: tuple[int, int],
    context: Context,
    done: tuple[float, float],
    carried: Mapping[str, np.ndarray] = MappingProxyType({}),
    degrees: float = 0.0,
    *,
    copies: bool = False,
    closed: Sequence[int] = (0, 1),
) -> Fitted:
    """The subject's maps with evened light, turned by `degrees`, and rectified for a torus of `size_px`.

    done: fractions of the work done before and after. carried: pictures (H, W, C) to turn and rectify as well; the one
    named `LEFT_OUT` is 1 where the subject must not be used. copies: copy the nearest pixels exactly. closed: axes
    along which the result repeats; along other axes, light and rows stay unchanged.
    """
    start, end = done
    context.progress(start, "Evening out the light")
    images, others = (
        {name: _mirror(image) for name, image in images_of(pixels, context).items()}
        for pixels in (subject.arrays(), carried)
    )
    if LEFT_OUT in others:
        images = {name: _without_masked(image, others[LEFT_OUT]) for name, image in images.items()}
    if "base_color" in images and not copies:
        images["base_color"] = even_light(images["base_color"], light, closed)
    if copies:
        others[PLACES] = _places(next(iter(images.values())))
    context.progress(start + (end - start) / 4, "Looking for a pattern")
    axis = closed[0] if len(closed) == 1 else None
    fitted = fit_pattern(images | others, size_px, context, pattern, degrees, axis)
    fitted = fitted or Fitted(images | others if len(closed) == 1 else rotate_maps(images | others, degrees))
    context.progress(end, "Comparing pieces")
    maps = {name: fitted.maps[name] for name in images}
    if copies:
        height, width = fitted.maps[PLACES].round().long()
        exact = images.keys() - NORMAL_MAPS if degrees else images.keys()
        maps |= {name: images[name][:, height, width] for name in exact}
    return replace(fitted, maps=maps, carried={name: fitted.maps[name] for name in others})


def reporter(maps: Mapping[str, torch.Tensor], context: Context, done: tuple[float, float], words: str) -> Report:
    """A function that reports a session's work between two fractions, and regularly previews the first map."""
    name, image = next(iter(maps.items()))
    start, end = done
    shown_s = time.monotonic()

    def report(fraction: float, find_origin: Callable[[], torch.Tensor]) -> None:
        nonlocal shown_s
        context.progress(start + (end - start) * fraction, words)
        if time.monotonic() - shown_s >= PREVIEW_EVERY_S:
            origin = find_origin()
            stride = -(-max(origin.shape) // PREVIEW_PX)
            context.preview(Maps.from_arrays({name: to_numpy(image.flatten(1)[:, origin[::stride, ::stride]])}))
            shown_s = time.monotonic()

    return report


def finish_maps(
    subject: Maps,
    fitted: Fitted,
    images: Iterator[torch.Tensor],
    shrink: tuple[int, int],
    context: Context,
    copies: bool = False,
) -> Maps:
    """Maps of the result's images (C, H, W), one for each of the fitted maps, reduced by `shrink`.

    copies: reduce by copying nearest pixels, not by averaging.
    """
    textures = {}
    for number, (name, image) in enumerate(zip(fitted.maps, images, strict=True)):
        context.progress(0.9 + 0.1 * number / len(fitted.maps), "Smoothing the seams")
        reduced = image[:, :: shrink[0], :: shrink[1]] if copies else avg_pool2d(image[None], shrink)[0]
        if name == "normal" and not copies:
            reduced = normalize(reduced * 2 - 1, dim=0) * 0.5 + 0.5
        textures[name] = Texture(to_numpy(reduced), subject[name].color_space)
    width_px = textures[next(iter(textures))].size_px[1]
    width_m = subject.width_m and subject.width_m * width_px / subject.size_px[1] / fitted.stretch_x
    return replace(subject, textures=textures, width_m=width_m)


def _places(image: torch.Tensor) -> torch.Tensor:
    """Row and column (2, h, w) of each pixel of an image (C, h, w)."""
    rows, columns = (torch.arange(length, device=image.device, dtype=torch.float32) for length in image.shape[1:])
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"))


def _without_masked(image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Image (C, h, w) with its mean where the mask (1, h, w) is 1, so that it does not affect light and pattern."""
    mean = (image * (1 - mask)).sum((1, 2), keepdim=True) / (1 - mask).sum()
    return torch.lerp(image, mean, mask)


def _mirror(image: torch.Tensor) -> torch.Tensor:
    """Image (C, h, w), mirrored until both sides are long enough for pieces."""
    for axis in (1, 2):
        while image.shape[axis] < SMALLEST_PX:
            image = torch.cat([image, image.flip(axis)], axis)
    return image


def images_of(arrays: Mapping[str, np.ndarray], context: Context) -> dict[str, torch.Tensor]:
    """Arrays (H, W, C) as tensors (C, H, W), float32, on the context's device."""
    planes = {name: np.ascontiguousarray(pixels.transpose(2, 0, 1)) for name, pixels in arrays.items()}
    return {name: torch.from_numpy(image).to(context.device) for name, image in planes.items()}


def to_numpy(image: torch.Tensor) -> np.ndarray:
    """(H, W, C) in [0, 1]."""
    return image.clamp(0, 1).permute(1, 2, 0).contiguous().cpu().numpy()
