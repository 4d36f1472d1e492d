"""Judges pictures, models and maps by real ones: `impasto evaluate`, and the report of a training.

`metrics` holds the measures. `pictures`, `comparison` and `maps` compare. `report` writes the page of a training.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from impasto import hookimpl

if TYPE_CHECKING:
    from impasto.data.dataset import Dataset
    from impasto.library.models import Model


@hookimpl
def impasto_commands(subparsers: argparse._SubParsersAction) -> None:
    """The command `impasto evaluate`."""
    from .command import add_evaluate

    add_evaluate(subparsers)


@hookimpl
def impasto_report(
    model: Model, data: Dataset, file: Path, device: str, on_progress: Callable[[float, str], None]
) -> str:
    """Write a page with pictures and figures of the model and of its data, and return the verdict."""
    from .report import write_report

    return write_report(model, data, file, device=device, on_progress=on_progress)
