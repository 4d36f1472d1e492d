"""Generators that learn materials from the artist's own photographs or map sets, and make them at any size.

`torus` is the one to use; `textbook` holds the methods that it builds on, to learn from and to compare with.
"""

from __future__ import annotations

from pathlib import Path

from impasto import hookimpl
from impasto.tools import Tool

from .textbook.tool import textbook_tools
from .torus.tool import Torus, TrainTorus


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [Torus(), TrainTorus(), *textbook_tools()]


@hookimpl
def impasto_models() -> Path:
    """Folder of the bundled models."""
    return Path(__file__).parent / "models"
