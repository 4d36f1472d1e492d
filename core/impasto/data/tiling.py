"""Whether a filter lets a picture wrap around: a parameter of many tools."""

from __future__ import annotations

from typing import Any, Literal

from ..parameters import Field
from ..surface.wrapping import wraps
from ..texture import Maps

Tiling = Literal["auto", "tiling", "single"]


def tiling_field() -> Any:
    """`tiling: Tiling = tiling_field()`."""
    text = "Whether the picture repeats without a seam: see by its borders, always, or never"
    return Field("auto", description=text)


def tiles(maps: Maps, tiling: Tiling) -> tuple[bool, bool]:
    """Whether the maps wrap around (vertically, horizontally): as is said, or else as all of their borders show."""
    return wraps(maps) if tiling == "auto" else (tiling == "tiling",) * 2
