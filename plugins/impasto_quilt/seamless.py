"""From a subject to seamless maps: prepare, find the pattern, quilt, join."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.texture import Maps, Texture

from .blend import join
from .pattern import find_pattern, fit_to_torus
from .quilting import FREE, Quilter, Step, plan
from .source import even_light, features_of

if TYPE_CHECKING:
    from . import QuiltParameters

SMALLEST_PX = 8
PREVIEW_PX = 512


def make_seamless(subject: Maps, parameters: QuiltParameters, context: Context) -> Maps:
    """Seamless maps of the wanted size, sewn from pieces of the subject; all maps along the same seams."""
    size_px = _checked_size(subject, parameters)
    context.progress(0.0, "Preparing the photograph")
    images = {name: _to_torch(texture, context) for name, texture in subject.items()}
    if "base_color" in images:
        images["base_color"] = even_light(images["base_color"], parameters.even_light)
    images, step = _in_step(images, parameters.pattern, size_px)
    features = features_of(images)
    layout = plan(tuple(features.shape[1:]), size_px, parameters.block_px, parameters.overlap)
    quilter = Quilter(features, layout, step, parameters.variety, context.rng)
    shown = time.monotonic()
    for done in quilter.lay():
        context.progress(0.05 + 0.8 * done, "Sewing pieces together")
    origin = quilter.torus.origin
    context.progress(0.9, "Joining the seams")
    return _finish(subject, images, origin, context)


def _in_step(
    images: dict[str, torch.Tensor], wanted: str, size_px: tuple[int, int]
) -> tuple[dict[str, torch.Tensor], Step]:
    """The images, straightened so that whole periods of their pattern fit, and how pieces keep in step; or as they are."""
    if wanted != "stochastic":
        luminance = next(iter(images.values())).mean(0)
        pattern = find_pattern(luminance, 2.0 if wanted == "regular" else 1.0)
        fitted = pattern and fit_to_torus(images, pattern, size_px)
        if fitted:
            return fitted[0], Step(fitted[1].numpy(), pattern.bond.numpy())
    return images, FREE


def _finish(subject, images, origin, context) -> Maps:
    textures = {}
    for name, image in images.items():
        joined = join(image, origin, 12.0)
        if name == "normal":
            direction = torch.nn.functional.normalize(joined * 2 - 1, dim=0)
            joined = direction * 0.5 + 0.5
        pixels = joined.clamp(0, 1).permute(1, 2, 0).contiguous().cpu().numpy()
        textures[name] = Texture(pixels, subject[name].color_space)
    width_m = subject.width_m and subject.width_m * origin.shape[1] / subject.size_px[1]
    return replace(subject, textures=textures, width_m=width_m)


def _checked_size(subject: Maps, parameters: QuiltParameters) -> tuple[int, int]:
    height, width = subject.size_px
    if min(height, width) < SMALLEST_PX:
        raise ParameterError(
            f"the source is {width}x{height} px, too small to cut pieces from",
            f"give a picture of at least {SMALLEST_PX} px a side; 256 or more looks best",
        )
    size_px = parameters.size_px(subject)
    if min(size_px) < SMALLEST_PX:
        raise ParameterError(
            f"width_px and height_px must be at least {SMALLEST_PX}, got {size_px[1]}x{size_px[0]}",
            "choose a larger size, or 0 for the source's",
        )
    return size_px


def _to_torch(texture: Texture, context: Context) -> torch.Tensor:
    """(C, H, W) float32 on the context's device."""
    return torch.from_numpy(np.ascontiguousarray(texture.pixels.transpose(2, 0, 1))).to(context.device)
