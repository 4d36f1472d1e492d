"""Relief: normals from heights and back, occlusion, detail normals, and the sign of normal maps."""

from __future__ import annotations

from impasto import hookimpl
from impasto.tools import Tool

from .detail_normals import DetailNormals
from .fix_normals import FixNormals
from .height_to_normal import HeightToNormal
from .height_to_occlusion import HeightToOcclusion
from .normal_to_height import NormalToHeight


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [NormalToHeight(), HeightToNormal(), HeightToOcclusion(), DetailNormals(), FixNormals()]
