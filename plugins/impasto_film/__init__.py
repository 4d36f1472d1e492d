"""Film: a shot repainted by any recipe, so that paint moves with the painted surfaces.

The plugin adds an action, `film`, with columns for batch tables, and `--film` to `impasto stylize`.
"""

from __future__ import annotations

import argparse

from impasto import hookimpl
from impasto.actions import Action

from .action import RepaintShot


@hookimpl
def impasto_actions() -> list[Action]:
    """The action that repaints a shot, for workers and batches."""
    return [RepaintShot()]


@hookimpl
def impasto_options(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the options of a film to `impasto stylize`."""
    if command == "stylize":
        from .command import add_film

        add_film(parser)
