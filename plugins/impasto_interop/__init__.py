"""Generators from other frameworks, as ONNX and Keras files; and export of our models for those frameworks."""

from __future__ import annotations

import argparse

from impasto import hookimpl
from impasto.tools import Tool

from .tool import ImportedModel


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tool of this plugin."""
    return [ImportedModel()]


@hookimpl
def impasto_options(command: str, parser: argparse.ArgumentParser) -> None:
    """The commands `impasto models export` and `impasto models inputs`."""
    if command == "models":
        from .command import add_actions

        add_actions(parser)
