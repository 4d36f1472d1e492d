"""Whether a filter lets a picture wrap around: a parameter of many tools."""

from __future__ import annotations

from typing import Any, Literal

from ..data.prepare import wraps
from ..parameters import Field
from ..texture import Maps

Tiling = Literal["auto", "tiling", "single"]


def tiling_field() -> Any:
    """`tiling: Tiling = tiling_field()`."""
    text = "Whether the picture repeats without a seam: see by its borders, always, or never"
    return Field("auto", description=text)


def tiles(maps: Maps, name: str, tiling: Tiling) -> tuple[bool, bool]:
    """Whether a map wraps around (vertically, horizontally), by its own borders or those of the base colour."""
    if tiling == "auto":
        own, colors = wraps(Maps({name: maps[name]})), wraps(maps) if "base_color" in maps else (False, False)
        return own[0] or colors[0], own[1] or colors[1]
    return (tiling == "tiling",) * 2
