"""Shared by the tools: the subject's checked map, whether it is seamless, and its scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from impasto.errors import ParameterError
from impasto.texture import Maps
from impasto.tools import Field, display_hints, zero_means

MOST_PX = 2**26
"""Most pixels of a map, 8192²; beyond that, these filters need too much memory."""
SHORTEST, LONGEST = 0.2, 2.0
"""Range of the mean length of normals in which a picture may be a normal map."""
SAME, LONGEST_UNIT = 1 / 128, 1.02
"""Largest range of an empty blue channel, and mean length above which normals with it are no unit vectors."""
FACING_UP = 0.2
"""Smallest mean z of normals. They may also not lean by more than 45° on average, as a bright photograph would."""


def range_field() -> Any:
    """`height_range_m: float = range_field()`; see `scale_m`."""
    text = "Height difference from black to white in metres; 0: as stated with the source, or else 4 % of its width"
    return Field(
        0.0,
        ge=0,
        le=10,
        description=text,
        json_schema_extra=display_hints(high=0.5, decimals=4) | zero_means("as the source states", 0.02),
    )


def values(maps: Maps, name: str) -> np.ndarray:
    """A map's pixels (H, W, C). Raise ParameterError if it is missing, too large, or has values that are not finite."""
    if name not in maps:
        remedy = "give a folder that has one, or the map alone"
        raise ParameterError("there is no {} map in {}", remedy, _words_of(name), ", ".join(maps) or "it")
    pixels = maps[name].pixels
    height, width = maps.size_px
    if height * width > MOST_PX:
        message = "the {} map is {}x{} px, and 64 megapixels are the limit"
        raise ParameterError(message, "scale it down first, by 0.5 for example", _words_of(name), width, height)
    if not np.isfinite(pixels).all():
        message = "the {} map has values that are NaN or infinite"
        raise ParameterError(message, "render or export it again without them", _words_of(name))
    return pixels


def normals(maps: Maps) -> np.ndarray:
    """The normals (H, W, 3), encoded in [0, 1]. Raise ParameterError if the picture is no normal map."""
    pixels = values(maps, "normal")
    vectors = 2 * pixels - 1
    length = float(np.linalg.norm(vectors, axis=2).mean())
    x, y, z = vectors.mean((0, 1))
    blue = pixels[..., 2]
    if np.ptp(blue) < SAME < np.ptp(pixels[..., :2]) and (z < FACING_UP or length > LONGEST_UNIT):
        message = "this normal map has two channels: its blue is {:.2g} everywhere"
        raise ParameterError(message, "let fix-normals compute blue from red and green: blue = rebuild", blue.mean())
    if z < max(FACING_UP, np.hypot(x, y)) or not SHORTEST < length < LONGEST:
        message = "this is no normal map: its normals do not point up"
        raise ParameterError(message, "give a tangent-space normal map, which looks bluish")
    return pixels


def with_blue(maps: Maps) -> Maps:
    """The maps with z of the normals computed from x and y for unit length."""
    pixels = values(maps, "normal").copy()
    x, y = np.moveaxis(2 * pixels[..., :2] - 1, -1, 0)
    pixels[..., 2] = 0.5 + 0.5 * np.sqrt(np.clip(1 - x * x - y * y, 0, 1))
    return maps.with_arrays({"normal": pixels})


def scale_m(maps: Maps, height_range_m: float) -> tuple[float, float]:
    """(width, height range) in metres. The range is the given one unless it is 0, the stated one, or else a default."""
    from impasto.surface import heights

    width_m, stated = heights.scale_m(maps)
    return width_m, height_range_m or stated


def _words_of(name: str) -> str:
    return name.replace("_", " ")
