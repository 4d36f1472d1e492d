"""Halves of a picture: a model is trained on one and judged on the other, so that copying earns no score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..errors import ParameterError
from ..texture import Maps, Texture

OTHER_PART: Mapping[str, str] = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
"""The opposite half of each half; "all" has none."""


def training_part(maps: Maps) -> str:
    """The half to train on: "left" of a wide or square picture, "top" of a tall one."""
    height, width = maps.size_px
    return "left" if width >= height else "top"


def part_of(maps: Maps, part: str) -> Maps:
    """The "left", "right", "top" or "bottom" half of every map, or "all"; an odd middle line belongs to no half."""
    if part == "all":
        return maps
    if part not in OTHER_PART:
        raise ParameterError(f"a picture has no part {part!r}", f"use one of all, {', '.join(OTHER_PART)}")
    height, width = maps.size_px
    half_height, half_width = max(1, height // 2), max(1, width // 2)
    window = {
        "left": (slice(None), slice(half_width)),
        "right": (slice(None), slice(width - half_width, None)),
        "top": (slice(half_height), slice(None)),
        "bottom": (slice(height - half_height, None), slice(None)),
    }[part]
    halved = {name: Texture(maps[name].pixels[window], maps[name].color_space) for name in maps}
    width_m = maps.width_m
    if width_m is not None and part in ("left", "right"):
        width_m *= half_width / width
    return replace(maps, textures=halved, width_m=width_m)
