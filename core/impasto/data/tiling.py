"""A parameter of many tools: whether the picture tiles, so that a filter continues across its borders."""

from __future__ import annotations

from typing import Any, Literal

from ..parameters import Field
from ..surface.wrapping import wraps
from ..texture import Maps

Tiling = Literal["auto", "tiling", "single"]


def tiling_field() -> Any:
    """Field of a parameter model, used as `tiling: Tiling = tiling_field()`."""
    text = "Whether the picture repeats without a seam: see by its borders, always, or never"
    return Field("auto", description=text)


def tiles(maps: Maps, tiling: Tiling) -> tuple[bool, bool]:
    """Whether the maps tile (vertically, horizontally), as the parameter says; for "auto", their borders decide."""
    return wraps(maps) if tiling == "auto" else (tiling == "tiling",) * 2
