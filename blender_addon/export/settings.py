# SPDX-License-Identifier: GPL-3.0-or-later
"""The Export panel's settings in each scene, which are also the operator's properties."""

from __future__ import annotations

import bpy
from bpy.props import PointerProperty

from ..tools.arguments import with_properties
from .request import Export


@with_properties(Export)
class ExportSettings(bpy.types.PropertyGroup):
    """Settings of the Export panel, in each scene."""


def register() -> None:
    bpy.utils.register_class(ExportSettings)
    bpy.types.Scene.impasto_export = PointerProperty(type=ExportSettings)


def unregister() -> None:
    del bpy.types.Scene.impasto_export
    bpy.utils.unregister_class(ExportSettings)
