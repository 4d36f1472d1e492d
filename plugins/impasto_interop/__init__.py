"""Generators of other frameworks, ONNX and Keras files that the user installs; and our models written for those."""

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
    """`impasto models export` and `impasto models inputs`."""
    if command == "models":
        from .command import add_actions

        add_actions(parser)
