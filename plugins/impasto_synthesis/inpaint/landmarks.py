"""Finds blemishes and landmarks, which draw the eye where a picture repeats, as a mask to look at and edit."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import label, maximum_filter

from impasto.context import Context
from impasto.numerics.statistics import LANDMARKS, PrincipalChannels, circular_blur, in_deviations
from impasto.surface.resizing import resize, resized_map, size_at_most
from impasto.surface.wrapping import wraps
from impasto.texture import Maps
from impasto.tools import Result

from .parameters import FindLandmarksParameters
from .repair import is_too_small

SEARCHED_PX = 256
"""Longer side for the search; landmarks are at least 1/32 of the shorter side."""
EXTENT = 0.6
"""Salience at a landmark's border, relative to its middle."""
MEDIAN_OF_NORMAL = 0.6745
"""Median absolute value of a standard normal variable, for deviations that ignore outliers."""


def landmarks_of(subject: Maps, parameters: FindLandmarksParameters, context: Context) -> Result:
    """A mask, white at the subject's landmarks, with their number and the largest salience."""
    context.progress(0.1, "Looking for landmarks")
    height, width = subject.size_px
    if is_too_small(subject, context):
        return Result(Maps.from_arrays({"base_color": np.zeros((height, width, 3))}, name=subject.name))
    size_px = size_at_most((height, width), SEARCHED_PX)
    small = Maps({name: resized_map(name, texture, size_px) for name, texture in subject.items()})
    context.progress(0.5, "Looking for landmarks")
    mask, found = _salient_places(small, parameters)
    grow_px = round(parameters.grow * min(size_px))
    grown = maximum_filter(mask, 2 * grow_px + 1, mode="constant")[..., None].astype(np.float32)
    full = resize(grown, (height, width)) > 0.5
    context.note("{} landmarks were found", len(found))
    figures = {"landmarks": float(len(found)), "salience": max(found, default=0.0)}
    white = np.repeat(full.astype(np.float32), 3, axis=2)
    return Result(Maps.from_arrays({"base_color": white}, width_m=subject.width_m, name=subject.name), figures=figures)


def _salient_places(maps: Maps, parameters: FindLandmarksParameters) -> tuple[np.ndarray, list[float]]:
    """Mask (h, w) of the most salient places, and the salience of each in standard deviations."""
    salience = salience_of(maps)
    mask, found = np.zeros(salience.shape, bool), list[float]()
    while len(found) < parameters.most:
        place = np.unravel_index(int(salience.argmax()), salience.shape)
        peak = float(salience[place])
        if peak < parameters.threshold:
            break
        areas, _ = label(salience >= EXTENT * peak, np.ones((3, 3)))
        around = areas == areas[place]
        mask |= around
        found.append(peak)
        salience = np.where(around, 0, salience)
    return mask, found


def salience_of(maps: Maps) -> np.ndarray:
    """Largest salience (h, w) of each place over scales and channels, in robust standard deviations."""
    pixels = PrincipalChannels(maps, tuple(maps)).of(maps)
    if not pixels.shape[2]:  # the picture has one colour
        return np.zeros(maps.size_px, np.float32)
    (height, width), (wraps_down, wraps_across) = maps.size_px, wraps(maps)
    pad = [(0, 0) if wraps_ else (side - 1,) * 2 for side, wraps_ in ((height, wraps_down), (width, wraps_across))]
    wide = np.pad(pixels, (*pad, (0, 0)), mode="reflect")
    (top, _), (left, _) = pad
    found = []
    for scale in LANDMARKS:
        deviation_px = scale * min(maps.size_px)
        smooth = circular_blur(wide, deviation_px)[top : top + height, left : left + width]
        smooth = smooth - np.median(smooth, (0, 1))
        if not wraps_down:
            smooth /= spread_at_borders(height, deviation_px)[:, None, None]
        if not wraps_across:
            smooth /= spread_at_borders(width, deviation_px)[None, :, None]
        found.append(in_deviations(smooth, np.median(np.abs(smooth), (0, 1)) / MEDIAN_OF_NORMAL))
    return np.max(found, 0)


def spread_at_borders(side: int, deviation_px: float) -> np.ndarray:
    """Standard deviation (side,) of Gaussian-filtered white noise with mirrored borders, 1 far from them.

    At d px from a border, the mirrored half counts pixels twice: σ² = 1 + exp(-d²/s²) for a filter of deviation s.
    """
    from_border = np.minimum(np.arange(side), np.arange(side)[::-1])
    return np.sqrt(1 + np.exp(-((from_border / deviation_px) ** 2)))
