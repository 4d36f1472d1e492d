# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the view and of painting regions in each scene."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty

from ..bridge import image_editors
from ..tools.form import Form, with_properties

BRUSH, LASSO, BOX = "BRUSH", "LASSO", "BOX"
MOST_RADIUS_PX = 2048


def _view_changed(_settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    image_editors.redraw()


@with_properties(Form, "across_seams")
class RegionSettings(bpy.types.PropertyGroup):
    """View of the image editors, and the brush."""

    is_shifted: BoolProperty(
        name="Shifted by Half",
        description="Show images shifted by half in both directions, so that their borders meet in the middle. "
        "The images themselves stay as they are",
        update=_view_changed,
    )
    shape: EnumProperty(
        name="Shape",
        description="What a drag paints",
        items=(
            (BRUSH, "Brush", "A stroke of a round brush"),
            (LASSO, "Lasso", "The area around which you draw"),
            (BOX, "Box", "A rectangle from corner to corner"),
        ),
    )
    radius_px: IntProperty(
        name="Radius",
        description="Radius of the brush in pixels of the image",
        default=24,
        min=1,
        max=MOST_RADIUS_PX,
        soft_max=256,
        subtype="PIXEL",
    )


def settings_of(context: bpy.types.Context) -> RegionSettings:
    """The settings of the context's scene."""
    return context.scene.impasto_region


POINTER = (bpy.types.Scene, "impasto_region", RegionSettings)
