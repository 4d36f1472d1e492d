"""Preparation of photographs for other tools: perspective, lens, light, crop and scale."""

from __future__ import annotations

from impasto import hookimpl
from impasto.tools import Tool

from .balance import Balance
from .best_photograph import BestPhotograph
from .crop_period import CropPeriod
from .even_light import EvenLight
from .lens import Lens
from .patch_color import PatchColor
from .real_scale import RealScale
from .straighten import Straighten


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [Lens(), Straighten(), EvenLight(), Balance(), PatchColor(), RealScale(), CropPeriod(), BestPhotograph()]
