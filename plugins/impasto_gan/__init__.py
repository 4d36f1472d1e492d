"""Generators that learn materials from the artist's own photographs or map sets, and make them at any size.

`torus` is the one to use; those of `textbook` are the methods that it is made of, to learn from and to compare with.
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
    """Where the models that come with it are."""
    return Path(__file__).parent / "models"
