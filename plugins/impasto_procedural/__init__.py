"""Procedural materials: instant and seamless, with consistent maps, and weathering for all of them.

`materials.toml` lists the materials and their parameters. A module in `materials` draws each one on a `Canvas`.
"""

from __future__ import annotations

from collections.abc import Sequence

from impasto import hookimpl
from impasto.matchers import Matcher
from impasto.tools import Tool

from .catalogue import all_materials
from .cover import Cover
from .marks import Marks
from .matching.matcher import PhotographMatcher


@hookimpl
def impasto_tools() -> Sequence[Tool]:
    """All materials, and the filters that lay a material over another or mark it."""
    return [*all_materials(), Cover(), Marks()]


@hookimpl
def impasto_matchers() -> list[Matcher]:
    """The matcher that finds a material for a photograph."""
    return [PhotographMatcher()]
