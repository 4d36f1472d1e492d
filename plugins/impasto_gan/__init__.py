"""A generator that learns materials from the artist's photographs or map sets, and makes them at any size."""

from __future__ import annotations

from pathlib import Path

from impasto import hookimpl
from impasto.tools import Tool

from .torus.tool import Torus, TrainTorus


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [Torus(), TrainTorus()]


@hookimpl
def impasto_models() -> Path:
    """Folder of the bundled models."""
    return Path(__file__).parent / "models"
