"""The hooks of plugins. A plugin is a module with an entry point in the group `impasto`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np

    from ..actions import Action
    from ..context import Context
    from ..data.dataset import Dataset
    from ..io.formats import Exporter
    from ..library.models import Model
    from ..library.weights import Weights
    from ..matchers import Matcher
    from ..text_encoders import TextEncoder
    from ..tools import Tool

hookspec = pluggy.HookspecMarker("impasto")
hookimpl = pluggy.HookimplMarker("impasto")


@hookspec
def impasto_tools() -> Sequence[Tool]:
    """Tools that the plugin adds."""
    raise NotImplementedError


@hookspec
def impasto_matchers() -> Sequence[Matcher]:
    """Matchers that the plugin adds: from a phrase or a picture to a recipe."""
    raise NotImplementedError


@hookspec
def impasto_text_encoders() -> Sequence[TextEncoder]:
    """Text encoders that the plugin adds, for models that learn from captions."""
    raise NotImplementedError


@hookspec
def impasto_actions() -> Sequence[Action]:
    """Actions that the plugin adds, for workers and batches."""
    raise NotImplementedError


@hookspec
def impasto_exporters() -> Sequence[Exporter]:
    """File formats that maps can be written in."""
    raise NotImplementedError


@hookspec
def impasto_models() -> Path:
    """Folder of the models bundled with the plugin; it need not exist."""
    raise NotImplementedError


@hookspec
def impasto_weights() -> Sequence[Weights]:
    """Published weights of networks, which tools of the plugin can use once the user has installed them."""
    raise NotImplementedError


@hookspec
def impasto_commands(subparsers: argparse._SubParsersAction) -> None:
    """Add subcommands to `impasto`: set `run=function(arguments, terminal)` as each parser's default."""


@hookspec
def impasto_options(command: str, parser: argparse.ArgumentParser) -> None:
    """Add options to the parser of a command, such as `stylize`, or actions to one such as `models`."""


@hookspec(firstresult=True)
def impasto_encode(patches: np.ndarray, context: Context) -> np.ndarray | None:
    """Features (N, F) of patches (N, S, S, 3) in a network with published weights, for judging results.

    None if no weights for it are installed; the next plugin is then asked.
    """


@hookspec(firstresult=True)
def impasto_report(
    model: Model, data: Dataset, file: Path, device: str, on_progress: Callable[[float, str], None]
) -> str | None:
    """Write the report of a model that was trained on `data` to `file`, as a web page; its verdict in a sentence."""
