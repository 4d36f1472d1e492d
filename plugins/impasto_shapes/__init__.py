"""Textures that are not seamless: decals, trim sheets, atlases, panoramas and cube faces."""

from __future__ import annotations

from impasto import hookimpl
from impasto.tools import Tool

from .atlas import PackAtlas
from .cube import CubeFaces, PanoramaFromCube
from .decal import CutDecal
from .panorama import ClosePanorama
from .trim_sheet import TrimSheet


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [CutDecal(), TrimSheet(), PackAtlas(), ClosePanorama(), CubeFaces(), PanoramaFromCube()]
