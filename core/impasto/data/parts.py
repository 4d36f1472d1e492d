"""Parts of a picture. A model learns one half; settings are chosen on a quarter, and the last quarter judges it.

That way a model gets no score for copying, and none for settings that happen to suit the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..errors import ParameterError
from ..system.untrusted import excerpt
from ..texture import Maps, Texture

OTHER_PART: Mapping[str, str] = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
"""The opposite half of each half; "all" has none."""
LEAST_QUARTER_PX = 256
"""A quarter with a shorter side of at least this much is enough to judge by. Otherwise the half is used."""


def training_part(maps: Maps) -> str:
    """The half to train on: "left" of a wide or square picture, "top" of a tall one."""
    height, width = maps.size_px
    return "left" if width >= height else "top"


def part_of(maps: Maps, part: str) -> Maps:
    """The "left", "right", "top" or "bottom" half of every map, or "all". An odd middle line is in neither half."""
    if part == "all":
        return maps
    if part not in OTHER_PART:
        raise ParameterError("a picture has no part {}", "use one of all, {}", excerpt(part), ", ".join(OTHER_PART))
    height, width = maps.size_px
    half_height, half_width = max(1, height // 2), max(1, width // 2)
    windows = {
        "left": (slice(None), slice(half_width)),
        "right": (slice(None), slice(width - half_width, None)),
        "top": (slice(half_height), slice(None)),
        "bottom": (slice(height - half_height, None), slice(None)),
    }
    return window_of(maps, windows[part])


def window_of(maps: Maps, window: tuple[slice, ...]) -> Maps:
    """The window (rows, or rows and columns) of every map."""
    textures = {name: Texture(maps[name].pixels[window], maps[name].color_space) for name in maps}
    part = replace(maps, textures=textures)
    return replace(part, width_m=maps.width_m and maps.width_m * (part.size_px[1] / maps.size_px[1]))


def unseen_part(maps: Maps, learned: str, choosing: bool = False) -> Maps:
    """The quarter to judge by: the lower or right quarter in the half opposite to the `learned` one.

    choosing: return the other quarter, by which settings are chosen. If quarters are too small, the half is returned.
    """
    half = part_of(maps, OTHER_PART[learned])
    first, second = ("top", "bottom") if learned in ("left", "right") else ("left", "right")
    quarter = part_of(half, first if choosing else second)
    return quarter if min(quarter.size_px) >= LEAST_QUARTER_PX else half
