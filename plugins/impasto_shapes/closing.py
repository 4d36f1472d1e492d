"""Closes pictures along their width: the left end overlaps the right one, joined by a minimum-error cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from impasto.patterns.cuts import Bands
from impasto.surface.orientation import unit_normals
from impasto.texture import NORMAL_MAPS, Maps

FEATHER_PX = 3
"""Width of the blend on either side of the cut."""


def close(maps: Maps, overlap_px: int, most: float | None = 1.0) -> Maps:
    """The maps narrower by `overlap_px`, so that their right border continues at their left one.

    First, a difference in brightness or height between the ends is spread over the whole width, as a ramp. most: the
    largest value; None for encoded light, so that suns do not decide.
    """
    if not overlap_px:
        return maps
    width = maps.size_px[1]
    level = {name: _level(array, overlap_px, name, most) for name, array in maps.arrays().items()}
    name = "base_color" if "base_color" in level else next(iter(level))
    left, right = (part.clip(0, 1) for part in (level[name][:, :overlap_px], level[name][:, -overlap_px:]))
    share = _share_of_left(((right - left) ** 2).sum(2))
    closed = {}
    for name, array in level.items():
        array = array.copy()
        end = array[:, width - overlap_px :]
        array[:, :overlap_px] = end + share * (array[:, :overlap_px] - end)
        array = array[:, : width - overlap_px]
        closed[name] = np.clip(unit_normals(array) if name in NORMAL_MAPS else array, 0, most)
    width_m = maps.width_m and maps.width_m * (width - overlap_px) / width
    return replace(replace(maps, textures={}).with_arrays(closed), width_m=width_m)


def _level(array: np.ndarray, overlap_px: int, name: str, most: float | None) -> np.ndarray:
    """A map (H, W, C) plus a ramp that removes the mean difference between its ends."""
    if name in NORMAL_MAPS or name == "opacity":
        return array
    step = (array[:, -overlap_px:].clip(0, 1) - array[:, :overlap_px].clip(0, 1)).mean((0, 1))
    ramp = np.linspace(0.5, -0.5, array.shape[1], dtype=np.float32)[None, :, None]
    return np.clip(array + step * ramp, 0, most)


def _share_of_left(difference: np.ndarray) -> np.ndarray:
    """Share (H, W, 1) of the left end in the overlap, by squared differences (H, W); 0 on its left side."""
    height, width = difference.shape
    alike = np.broadcast_to(difference.astype(np.float32), (2, height, width))
    band = Bands((height, width), {"left": width}).cut(alike).astype(np.float32)
    reach = min(FEATHER_PX, width // 4)
    wide = np.pad(band, ((0, 0), (reach + 1, reach)), "edge")
    sums = np.cumsum(wide, axis=1)
    return ((sums[:, 2 * reach + 1 :] - sums[:, : -2 * reach - 1]) / (2 * reach + 1))[..., None]
