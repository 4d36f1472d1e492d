"""Maps as shaders blend them without repeats: pictures with Gaussian histograms, and a table that takes them back."""

from __future__ import annotations

import numpy as np
import torch

from ..io.files import encode_maps
from ..plugins.registry import registry
from ..regularity.detection import find_regularity
from ..surface.color import luma
from ..surface.gaussianization import LIMIT, GaussianMap, gaussianized
from ..surface.wrapping import wraps
from ..texture import MAP_CHANNELS, NORMAL_MAPS, Maps, Texture
from .replies import LOOKUP

FINE = frozenset({"height", *NORMAL_MAPS})
"""Maps whose steps would be seen with 8 bits."""


def gaussian_maps(maps: Maps) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Figures and arrays of an answer.

    Figures: `is_regular`, whether the maps have a pattern, and `wraps_down` and `wraps_across`. Arrays: each map as a
    PNG with a component in each channel, from -LIMIT to LIMIT, and `lookup` (N, ENTRIES, 3): shares of each component,
    in the order of maps and channels, in a map's channels, or in a normal before it is made one long.
    """
    made = [gaussianized(name, maps[name]) for name in maps]
    down, across = wraps(maps)
    figures = {"is_regular": _is_regular(maps), "wraps_down": down, "wraps_across": across}
    arrays = {one.name: np.frombuffer(_encoded(one), np.uint8) for one in made}
    tables = np.concatenate([_rgb(one) for one in made])
    return {name: float(value) for name, value in figures.items()}, {**arrays, LOOKUP: tables}


def _is_regular(maps: Maps) -> bool:
    """Whether the base colour, or else the first map, has a regular pattern."""
    return find_regularity(torch.from_numpy(luma(maps[next(iter(maps))].pixels))) is not None


def _encoded(one: GaussianMap) -> bytes:
    channels = np.full((*one.values.shape[1:], MAP_CHANNELS[one.name]), 0.5, np.float32)
    channels[..., : len(one.values)] = np.moveaxis(one.values, 0, 2) / (2 * LIMIT) + 0.5
    exporter = registry().exporter("png16" if one.name in FINE else "png")
    return encode_maps(Maps({one.name: Texture(channels)}), exporter)[one.name]


def _rgb(one: GaussianMap) -> np.ndarray:
    """The map's table with three channels: grey repeated, slopes as x and y of a normal whose z is 1."""
    count = one.lookup.shape[2]
    if count == 3:
        return one.lookup
    if count == 1:
        return np.repeat(one.lookup, 3, axis=2)
    slopes = one.lookup * np.array([-1, 1], np.float32)
    return np.concatenate([slopes, np.zeros_like(slopes[..., :1])], axis=2)
