"""Procedural materials: endless, seamless and instant, with maps that agree, and weathering that goes on all of them.

`materials.toml` lists the materials and their parameters; a module of `materials` draws each on a `Canvas`.
"""

from __future__ import annotations

from collections.abc import Sequence

from impasto import hookimpl
from impasto.matchers import Matcher
from impasto.tools import Tool

from .catalogue import all_materials
from .cover import Cover
from .matching.matcher import PhotographMatcher


@hookimpl
def impasto_tools() -> Sequence[Tool]:
    """All materials, and the filter that lays some of them over others."""
    return [*all_materials(), Cover()]


@hookimpl
def impasto_matchers() -> list[Matcher]:
    """The matcher of photographs."""
    return [PhotographMatcher()]
