"""Shapes that are not tiles: decals, trim sheets, atlases, panoramas and cube faces."""

from __future__ import annotations

from impasto import hookimpl
from impasto.tools import Tool


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return []
