"""Procedural materials: endless, seamless and instant, with maps that agree, and weathering that goes on all of them.

A material is one module in `materials`: its parameters, and `surface`, which draws it on a `Canvas`.
"""

from __future__ import annotations

from impasto import hookimpl
from impasto.tools import Tool

from .materials.bricks import Bricks
from .materials.cobbles import Cobbles
from .materials.grass import Grass
from .materials.parquet import Parquet
from .materials.planks import Planks


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [Bricks(), Cobbles(), Grass(), Parquet(), Planks()]
