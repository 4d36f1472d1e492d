"""The core's own plugin: bundled file formats, and the tool `group`, which the fold knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..context import Context
from ..io.formats import BUILTIN_EXPORTERS, Exporter
from ..recipe import GROUP
from ..texture import Maps
from ..tools import Tool
from .hookspecs import hookimpl


class Group(Tool):
    """The step that ends a group. The fold blends the result of the group with what is below it."""

    kind, name, label, group, rank = "group", GROUP, "Group", "Finish", 89
    description = "Blends the steps of its group, which are right before it, as one with what is below them"
    is_pointwise, takes_any_picture = True, False

    def apply(self, subject: Maps, parameters: Any, inputs: Mapping[str, Any], context: Context) -> Maps:
        return subject


@hookimpl
def impasto_tools() -> Sequence[Tool]:
    """The step that ends a group."""
    return [Group()]


@hookimpl
def impasto_exporters() -> Sequence[Exporter]:
    """PNG and OpenEXR."""
    return BUILTIN_EXPORTERS
