"""Seamless maps from a subject: even out the light, find the pattern, quilt, blend."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch
from torch.nn.functional import avg_pool2d, normalize

from impasto.context import Context
from impasto.regularity.detection import find_regularity
from impasto.texture import Maps, Texture

from .blend import join
from .layout import plan
from .parameters import QuiltParameters
from .pattern import Fitted, fit_to_torus
from .quilting import Quilter
from .source import even_light, features_of, luminance

SENSITIVITY = {"auto": 1.0, "regular": 2.0}
"""Divisors of the thresholds for finding a pattern: if one is requested, half as clear a pattern is enough."""
SMALLEST_PX = 8
"""Shorter sides are mirrored (source), or made larger and then reduced (result)."""
PREVIEW_PX, PREVIEW_EVERY_S = 512, 0.25
BLEND_PX = 12.0
"""Distance over which the step at a cut is spread: enough to hide it, and to keep each piece's own colour."""


def make_seamless(subject: Maps, parameters: QuiltParameters, context: Context) -> Maps:
    """Seamless maps of the requested size, from pieces of the subject; all maps have the same seams."""
    height_px, width_px = parameters.size_px(subject)
    shrink = (-(-SMALLEST_PX // height_px), -(-SMALLEST_PX // width_px))  # 1 except for results too small to quilt
    size_px = (height_px * shrink[0], width_px * shrink[1])
    context.progress(0.0, "Evening out the light")
    images = {name: _mirrored(_to_torch(texture, context)) for name, texture in subject.items()}
    if "base_color" in images:
        images["base_color"] = even_light(images["base_color"], parameters.even_light)
    context.progress(0.05, "Looking for a pattern")
    fitted = _fit(images, parameters.pattern, size_px)
    context.progress(0.2, "Comparing pieces")
    features = features_of(fitted.maps)
    layout = plan((features.shape[1], features.shape[2]), size_px, parameters.block_px, parameters.overlap)
    quilter = Quilter(features, layout, fitted.pattern, parameters.variety, context.rng)
    show = _previews(fitted.maps, quilter, context)
    for done in quilter.cover():
        context.progress(0.2 + 0.7 * done, "Sewing pieces together")
        show()
    return _finish(subject, fitted, quilter.torus.origin, shrink, context)


def _fit(images: Mapping[str, torch.Tensor], wanted: str, size_px: tuple[int, int]) -> Fitted:
    """The images, rectified so that whole periods of their pattern fit the torus; unchanged without a pattern."""
    if wanted != "stochastic":
        found = find_regularity(luminance(images).cpu(), SENSITIVITY[wanted])
        fitted = found and fit_to_torus(images, found, size_px)
        if fitted:
            return fitted
    return Fitted(images)


def _previews(maps: Mapping[str, torch.Tensor], quilter: Quilter, context: Context) -> Callable[[], None]:
    """A function that regularly previews the finished part of the first map."""
    name, image = next(iter(maps.items()))
    stride = -(-max(quilter.torus.size_px) // PREVIEW_PX)
    shown_s = time.monotonic()

    def show() -> None:
        nonlocal shown_s
        if time.monotonic() - shown_s >= PREVIEW_EVERY_S:
            pixels = image.flatten(1)[:, quilter.torus.origin[::stride, ::stride]]
            context.preview(Maps.from_arrays({name: _to_numpy(pixels)}))
            shown_s = time.monotonic()

    return show


def _finish(subject: Maps, fitted: Fitted, origin: torch.Tensor, shrink: tuple[int, int], context: Context) -> Maps:
    """The quilted maps, of the source's texels at `origin` (H, W), blended across cuts and reduced by `shrink`."""
    textures = {}
    for number, (name, image) in enumerate(fitted.maps.items()):
        context.progress(0.9 + 0.1 * number / len(fitted.maps), "Smoothing the seams")
        joined = avg_pool2d(join(image, origin, BLEND_PX)[None], shrink)[0]
        if name == "normal":
            joined = normalize(joined * 2 - 1, dim=0) * 0.5 + 0.5
        textures[name] = Texture(_to_numpy(joined), subject[name].color_space)
    width_m = (
        subject.width_m and subject.width_m * (origin.shape[1] // shrink[1]) / subject.size_px[1] / fitted.stretch_x
    )
    return replace(subject, textures=textures, width_m=width_m)


def _mirrored(image: torch.Tensor) -> torch.Tensor:
    """Image (C, h, w), mirrored until both sides are long enough for pieces."""
    for axis in (1, 2):
        while image.shape[axis] < SMALLEST_PX:
            image = torch.cat([image, image.flip(axis)], axis)
    return image


def _to_torch(texture: Texture, context: Context) -> torch.Tensor:
    """(C, H, W) float32 on the context's device."""
    return torch.from_numpy(np.ascontiguousarray(texture.pixels.transpose(2, 0, 1))).to(context.device)


def _to_numpy(image: torch.Tensor) -> np.ndarray:
    """(H, W, C) in [0, 1]."""
    return image.clamp(0, 1).permute(1, 2, 0).contiguous().cpu().numpy()
