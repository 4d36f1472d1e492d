"""Tools for textures of whole objects; they know the mesh, its UV islands and the seams between them."""

from __future__ import annotations

from impasto import hookimpl
from impasto.tools import Tool

from .cover import CoverObject
from .erase_seams import EraseSeams


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [CoverObject(), EraseSeams()]
