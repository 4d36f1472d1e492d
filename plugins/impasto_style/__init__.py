"""Style transfer: a picture, or the maps of a surface, repainted in the style of other pictures.

Importing this loads no torch.
"""

from __future__ import annotations

from impasto import hookimpl
from impasto.library.weights import Weights
from impasto.tools import Tool

from .catalogue import CATALOGUE
from .gatys import CnnTexture, Gatys
from .neighbours import Neighbours
from .patches import PatchesStyle
from .wct import Wct


@hookimpl
def impasto_tools() -> list[Tool]:
    """The stylizers, beginning with the one that needs no weights, and a generator that shares their code."""
    return [PatchesStyle(), Gatys(), Neighbours(), Wct(), CnnTexture()]


@hookimpl
def impasto_weights() -> tuple[Weights, ...]:
    """Weights of the networks whose features can measure a style."""
    return CATALOGUE
