"""Textbook generators, to learn from and to compare with: a variational autoencoder and several GANs.

For materials, use `torus`, which builds on them.
"""

from __future__ import annotations

from impasto import hookimpl
from impasto.tools import Tool

from .tools import classroom_tools


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return classroom_tools()
