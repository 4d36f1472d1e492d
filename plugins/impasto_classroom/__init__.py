"""Generators of the textbook, to learn from and to compare with: a variational autoencoder, and three GANs.

`torus` is the one to use for materials; it builds on what these show.
"""

from __future__ import annotations

from impasto import hookimpl
from impasto.tools import Tool

from .tools import classroom_tools


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return classroom_tools()
