"""The core's own plugin: the file formats that come with it."""

from __future__ import annotations

from collections.abc import Sequence

from ..io.formats import BUILTIN_EXPORTERS, Exporter
from .hookspecs import hookimpl


@hookimpl
def impasto_exporters() -> Sequence[Exporter]:
    """PNG and OpenEXR."""
    return BUILTIN_EXPORTERS
