"""Generators that learn materials from the artist's own photographs or map sets, and make them at any size.

`torus` is the one to use, and `stackgan` makes materials of phrases; `textbook` holds the methods that they build on,
to learn from and to compare with.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from impasto import hookimpl
from impasto.tools import Tool

from .stackgan.command import add_captions
from .stackgan.tool import StackGan, TrainStackGan
from .textbook.tool import textbook_tools
from .torus.tool import Torus, TrainTorus


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [Torus(), TrainTorus(), StackGan(), TrainStackGan(), *textbook_tools()]


@hookimpl
def impasto_models() -> Path:
    """Folder of the bundled models."""
    return Path(__file__).parent / "models"


@hookimpl
def impasto_commands(subparsers: argparse._SubParsersAction) -> None:
    """`impasto captions`, which makes training data for `train-stackgan`."""
    add_captions(subparsers)
