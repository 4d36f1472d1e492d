"""Mixing of two materials of one size by a share: one above the other, each with all its maps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..texture import COLOR_MAPS, NORMAL_MAPS, Maps, Texture
from .color import linear_pixels, linear_to_srgb
from .heights import FINE_STEEPEST_Z, normal_from_slopes, scale_m, slopes_from_height, slopes_from_normal

DEPTH = 0.2
"""Difference of heights, in [0, 1], within which both layers are visible: the value of the article."""


def mixture(below: Maps, above: Maps, share: np.ndarray, *, lifts: bool) -> Maps:
    """Maps of both, with a share (H, W, 1) of those above: heights mix in metres, colours as light, normals as slopes.

    A map that only one of them has stays as it is. Where the share is 0, all maps of `below` stay the same to the last
    bit, except for a height whose range must grow because the result exceeds it. lifts: move the heights above to the
    mean of those that they cover, as is right for another material.
    """
    below = replace(below, width_m=below.width_m or above.width_m)
    textures = {**above.textures, **below.textures}
    both = [name for name in below if name in above]
    if not both or not share.any():
        return replace(below, textures=textures, height_range_m=_range_of(below, above))
    for name in both:
        if name != "height" and name not in NORMAL_MAPS:
            textures[name] = _mixed_texture(name, below[name], above[name], share)
    mixed, edge = replace(below, height_range_m=_range_of(below, above)), np.zeros((*share.shape[:2], 2))
    if "height" in both:
        width_m, range_m = scale_m(below)
        step, height, low, high = _mixed_heights(below, above, share, lifts)
        textures["height"] = Texture(height)
        mixed = replace(below, width_m=width_m, height_range_m=range_m * (high - low))
        # product rule: slopes of the border
        edge = slopes_from_height(share[..., 0]) * (step * range_m / width_m * below.size_px[1])
    for name in NORMAL_MAPS.intersection(both):
        textures[name] = _mixed_normals(below[name], above[name], share, edge if name == "normal" else 0 * edge)
    return replace(mixed, textures=textures)


def height_share(share: np.ndarray, below: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Share (H, W, 1) of the upper layer, with a border that follows the heights (H, W, 1) of both, in [0, 1].

    A. Mishkinis, "Advanced Terrain Texture Splatting", 2013: the weight of a layer is how far the sum of its height and
    opacity exceeds that of the higher one, less `DEPTH`. Here weights are also multiplied by opacities, so that shares
    of 0 and 1 stay.
    """
    opacities = (1 - share, share)
    levels = (below + opacities[0], above + opacities[1])
    ground = np.maximum(*levels) - DEPTH
    weights = [np.maximum(level - ground, 0) * opacity for level, opacity in zip(levels, opacities, strict=True)]
    return (weights[1] / np.maximum(weights[0] + weights[1], 1e-12)).astype(np.float32)


def _range_of(below: Maps, above: Maps) -> float | None:
    return below.height_range_m if "height" in below else above.height_range_m


def _between(below: np.ndarray, above: np.ndarray, value: np.ndarray, share: np.ndarray) -> np.ndarray:
    """A mixed value; where the share is 0 or 1, exactly the value below or above."""
    return np.where(share <= 0, below, np.where(share >= 1, above, value)).astype(np.float32)


def _mixed_texture(name: str, below: Texture, above: Texture, share: np.ndarray) -> Texture:
    """A mixed map: a colour is mixed as light, and encoded as the one below."""
    if name not in COLOR_MAPS:
        value = below.pixels + share * (above.pixels - below.pixels)
        return replace(below, pixels=_between(below.pixels, above.pixels, value, share))
    light, other = linear_pixels(below), linear_pixels(above)
    value = light + share * (other - light)
    if below.color_space != "linear":
        value = np.clip(linear_to_srgb(np.clip(value, 0, 1)), 0, 1)
    top = above.pixels if above.color_space == below.color_space else value
    return replace(below, pixels=_between(below.pixels, top, value, share))


def _mixed_heights(
    below: Maps, above: Maps, share: np.ndarray, lifts: bool
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Difference (H, W, 1) of both heights, the mixed height, and its limits, all relative to the range below."""
    own, range_m = below["height"].pixels, max(scale_m(below)[1], 1e-9)
    other = above["height"].pixels
    if (other_range_m := scale_m(replace(above, width_m=below.width_m))[1]) != range_m:
        other = other * np.float32(other_range_m / range_m)
    if lifts:
        other = other + (share * (own - other)).sum() / max(float(share.sum()), 1e-6)
    value = _between(own, other, own + share * (other - own), share)
    low, high = min(float(value.min()), 0.0), max(float(value.max()), 1.0)
    if low < 0 or high > 1:
        value = ((value - low) / (high - low)).clip(0, 1)
    return other - own, value, low, high


def _mixed_normals(below: Texture, above: Texture, share: np.ndarray, edge: np.ndarray) -> Texture:
    """Normals, mixed as slopes, which are linear in height. edge: slopes (H, W, 2) of the border."""
    slopes = [slopes_from_normal(one.pixels, FINE_STEEPEST_Z) for one in (below, above)]
    value = normal_from_slopes(slopes[0] + share * (slopes[1] - slopes[0]) + edge)
    return replace(below, pixels=_between(below.pixels, above.pixels, value, share))
