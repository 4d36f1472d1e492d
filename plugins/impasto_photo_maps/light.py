"""Shadows in a picture of any size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from impasto.library.models import read_model
from impasto.library.networks import network_of
from impasto.library.tensors import SUFFIX
from impasto.numerics.borders import Plane, Wraps
from impasto.numerics.resampling import antialiased_resize, bilinear_resize
from impasto.surface.color_tensors import linear_to_srgb, srgb_to_linear

from .light_network import LightNetwork, shadow_log
from .network import MIDDLE_GREY, MODELS, STRIDE, upsampling
from .shadow_borders import followed, line_left
from .shadow_regions import DEEPEST, LEAST_DEPTH, shadows

LIGHT_MODEL, LIGHT_TOOL = "remove-light", "remove-light"
WORKING_PX = 192
"""Side of the square with the area at which larger pictures are looked at."""
AROUND_PX = 48
"""Mirrored surroundings at that size."""
LEAST_CELLS = 8
"""Least size, in cells of `STRIDE` pixels, at which a picture is looked at."""
BLACK = 0.0015
BORDERS_PX = 384
"""Side of the square with the area at which the borders of shadows are followed in larger pictures."""
LEAST_SHADOW = 0.35
"""Probability from which on a picture has a shadow."""


@dataclass(frozen=True)
class Lighting:
    """Shadows in a picture: natural logarithms (3, H, W) of what they take of the light, and the probability of any."""

    shadow: Tensor
    shadowed: float

    @property
    def covered(self) -> Tensor:
        """Whether pixels (H, W) lie in shadow."""
        return self.shadow.mean(0) > LEAST_DEPTH


@torch.inference_mode()
def lighting(network: LightNetwork, picture: Tensor, wraps: Wraps, mask: Tensor | None = None) -> Lighting:
    """Shadows in a linear picture (3, H, W), which wraps around (vertically, horizontally) or is mirrored there.

    mask: where its shadows are (H, W), in [0, 1], roughly; None to find them.
    """
    height, width = picture.shape[1:]
    side_px = math.sqrt(height * width)
    shrink = max(1.0, side_px / WORKING_PX)
    down, across = (
        (0, 0) if wrap else (min(round(AROUND_PX * shrink), side),) * 2
        for wrap, side in zip(wraps, (height, width), strict=True)
    )
    plane = Plane((height, width), (down, across))
    exposed = picture * (MIDDLE_GREY / picture.mean().clamp_min(1e-4))
    whole = plane.extend(linear_to_srgb(exposed.clamp(0, 1)))[None]
    around = whole.shape[2], whole.shape[3]
    size = [max(LEAST_CELLS, round(length / shrink / STRIDE)) * STRIDE for length in around]
    small = antialiased_resize(whole, size, "bilinear", True)
    matte, depth, summary = _recognised(network, small - 0.5)
    shadowed = float(summary[0, 0].sigmoid())
    logs, depth = _logarithms(small), upsampling(depth, STRIDE).clamp_max(DEEPEST)
    if mask is None and shadowed < LEAST_SHADOW:
        shadow = torch.zeros_like(whole)
    else:
        fine_shrink = max(1.0, side_px / BORDERS_PX)
        finer = round(around[0] / fine_shrink), round(around[1] / fine_shrink)
        at = lambda x, size_px: antialiased_resize(x, size_px, "bilinear", True)  # noqa: E731
        fine = _logarithms(at(whole, finer))
        if mask is None:
            matte, depth = shadows(logs, matte.sigmoid(), depth)
            matte = followed(fine, bilinear_resize(matte, finer), around)
        else:
            matte = followed(fine, at(plane.extend(mask)[None, None], finer), around)
            _, depth = shadows(logs, at(matte, size), depth, is_certain=True)
        shadow = shadow_log(matte, bilinear_resize(depth, around))
        shadow -= bilinear_resize(line_left(fine + at(shadow, finer), at(matte, finer)), around)
    return Lighting(plane.crop(shadow[0]), shadowed)


def _logarithms(picture: Tensor) -> Tensor:
    """Logarithms of the linear values of an sRGB picture."""
    return (srgb_to_linear(picture) + BLACK).log()


def _recognised(network: LightNetwork, picture: Tensor) -> list[Tensor]:
    """Matte, depth and summary of a picture (1, 3, H, W): means over its mirror images. Its shading, flat, is left."""
    mirrored: tuple[tuple[int, ...], ...] = ((), (2,), (3,), (2, 3))
    found = network(torch.cat([picture.flip(axes) for axes in mirrored]))
    upright = [torch.cat([x[None].flip(axes) for x, axes in zip(one, mirrored, strict=True)]) for one in found[:2]]
    return [x.mean(0, keepdim=True) for x in (*upright, found[3])]


@cache
def load_light() -> LightNetwork:
    """The bundled network. Raise ModelError if its file is damaged."""
    tensors = read_model(MODELS / f"{LIGHT_MODEL}{SUFFIX}").load()
    return network_of(LightNetwork, tensors, LIGHT_MODEL, LIGHT_TOOL).eval()
