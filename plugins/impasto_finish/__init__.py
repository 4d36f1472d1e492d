"""Finish filters: they change colour, contrast and detail, and keep a tile seamless and its maps consistent."""

from __future__ import annotations

from impasto import hookimpl
from impasto.tools import Tool

from .adjust import Adjust
from .blend_materials import BlendMaterials
from .color_transfer import ColorTransfer
from .denoise import Denoise
from .guided_detail import GuidedDetail
from .histogram_match import HistogramMatch
from .local_contrast import LocalContrast
from .match_material import MatchMaterial
from .sharpen import Sharpen
from .super_resolution import SuperResolution
from .tint import Tint
from .tone_curve import ToneCurve
from .weathering import Weathering


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [
        Adjust(),
        ToneCurve(),
        Tint(),
        ColorTransfer(),
        MatchMaterial(),
        LocalContrast(),
        Sharpen(),
        GuidedDetail(),
        Denoise(),
        HistogramMatch(),
        SuperResolution(),
        BlendMaterials(),
        Weathering(),
    ]
