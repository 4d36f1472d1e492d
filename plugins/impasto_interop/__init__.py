"""Generators of other frameworks: ONNX and Keras files that the user installs into the library of models."""

from __future__ import annotations

from impasto import hookimpl
from impasto.tools import Tool

from .tool import ImportedModel


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tool of this plugin."""
    return [ImportedModel()]
