# SPDX-License-Identifier: GPL-3.0-or-later
"""The Relight panel in the 3D view, the shader editor and the image editor."""

from __future__ import annotations

import bpy

from ..interface import previews
from ..interface.drawing import draw_text
from ..jobs.task import Place
from ..tools.lists import MORE
from ..tools.panel import Tab, draw_run, in_editors
from .turntable import FORMER, turntable

SCALE = 9.0
"""Size of the ball and of the plane, in rows of the panel."""


class RelightPanel(Tab):
    """Mixin: the same panel in each editor."""

    bl_label = "Relight"
    place = Place.RELIGHT
    intents = (MORE,)
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  as Blender wants it
    bl_order = 6

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = context.scene.impasto_relight
        layout.row().prop(settings, "subject", expand=True)
        draw_run(layout, "impasto.relight", Place.RELIGHT, "LIGHT_SUN")
        if shown := turntable.shown:
            _draw_pictures(layout)
            _draw_light(layout, settings, FORMER in shown.maps)


PANELS = in_editors(RelightPanel, "relight")


def _draw_pictures(layout: bpy.types.UILayout) -> None:
    """Draw the ball above the plane: beside each other they would be too small to judge relief by."""
    box = layout.box().column(align=True)
    for what, pixels in zip(("ball", "plane"), turntable.pictures[turntable.index], strict=True):
        box.template_icon(previews.icon_of_pixels(f"relit-{what}-{turntable.index}", pixels), scale=SCALE)
    if turntable.is_rendering:
        box.progress(factor=turntable.fraction, text="")
    if turntable.error:
        draw_text(box, turntable.error, "ERROR", boxes=1)


def _draw_light(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup, has_former: bool) -> None:
    """Draw where the light is, and whether it turns; has_former: whether there are maps from before, too."""
    column = layout.column(align=True)
    column.prop(settings, "azimuth")
    column.prop(settings, "elevation")
    row = layout.row(align=True)
    icon = "PAUSE" if turntable.is_playing else "PLAY"
    row.operator("impasto.turn_light", icon=icon, depress=turntable.is_playing)
    if has_former:
        row.prop(settings, "show_former", toggle=True)
