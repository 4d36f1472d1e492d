"""Style transfer: a picture, or the maps of a surface, repainted in the style of other pictures (torch only on use)."""

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
    """The stylizers, the one that needs no weights first, and the generator that shares their engine."""
    return [PatchesStyle(), Gatys(), Neighbours(), Wct(), CnnTexture()]


@hookimpl
def impasto_weights() -> tuple[Weights, ...]:
    """The networks whose features a style can be measured by."""
    return CATALOGUE
