"""Finish filters: changes of colour, contrast and detail that leave a tile seamless and its maps in step."""

from __future__ import annotations

from impasto import hookimpl
from impasto.tools import Tool

from .adjust import Adjust
from .color_transfer import ColorTransfer
from .denoise import Denoise
from .detail import Detail
from .histogram_match import HistogramMatch
from .local_contrast import LocalContrast
from .sharpen import Sharpen
from .tint import Tint


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [
        Adjust(),
        Tint(),
        ColorTransfer(),
        LocalContrast(),
        Sharpen(),
        Detail(),
        Denoise(),
        HistogramMatch(),
    ]
