"""Style transfer: a picture, or the maps of a surface, repainted in the style of other pictures.

Importing this loads no torch.
"""

from __future__ import annotations

from impasto import hookimpl
from impasto.library.weights import Weights
from impasto.tools import Tool

from .catalogue import CATALOGUE
from .tools import style_tools


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return style_tools()


@hookimpl
def impasto_weights() -> tuple[Weights, ...]:
    """Weights of the networks whose features can measure a style."""
    return CATALOGUE
