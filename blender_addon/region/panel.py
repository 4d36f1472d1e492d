# SPDX-License-Identifier: GPL-3.0-or-later
"""The Repair panel of the image editor, above This Image, and its button for faces in the 3D view."""

from __future__ import annotations

import bpy

from ..bridge.image_editors import shown_image
from ..engine.catalogue import catalogue
from ..interface.drawing import name_place
from ..jobs.task import Place
from ..tools.panel import InImageEditor, InView3D, Tab, draw_parameters, draw_run, section
from . import overlay, regions
from .view import BRUSH, settings_of


class IMPASTO_PT_repair(Tab, InImageEditor, bpy.types.Panel):
    """The view of the image, its region, and the buttons that mend it."""

    bl_label = "Repair"
    bl_order = 2  # above This Image, whose buttons and report come and go
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  as Blender wants it

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, settings_of(context)
        name_place(layout, Place.REPAIR)
        row = layout.row(align=True)
        row.operator("impasto.tiled_view", icon="MESH_GRID", depress=context.space_data.show_repeat)
        row.prop(settings, "is_shifted", toggle=True, icon="MOD_ARRAY")
        _draw_region(layout, context)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        draw_run(column, "impasto.fill_region", Place.REPAIR, "BRUSH_DATA")
        if body := section(column, "impasto_filling", "Filling", closed=True):
            _draw_filling(body, context)
        row = layout.row(align=True)
        row.operator("impasto.mend_tiling", icon="MOD_ARRAY")
        row.operator("impasto.extend_image", icon="FULLSCREEN_ENTER", text="Extend…")


def _draw_region(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the brush, and the buttons that make a region."""
    settings, column = settings_of(context), layout.column(align=True)
    column.row(align=True).prop(settings, "shape", expand=True)
    if settings.shape == BRUSH:
        column.prop(settings, "radius_px")
    column = layout.column(align=True)
    column.operator("impasto.paint_region", icon="GREASEPENCIL", depress=overlay.painting() is not None)
    column.operator("impasto.heal_stroke", icon="SCULPTMODE_HLT")
    column.operator_menu_enum("impasto.use_selection", "source", icon="RESTRICT_SELECT_OFF")
    column.operator("impasto.find_landmarks", icon="VIEWZOOM")
    row = column.row(align=True)  # always there: Fill stays under the mouse
    row.enabled = regions.has_region(shown_image(context))
    row.operator("impasto.clear_region", icon="X")


def _draw_filling(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the parameters of the tool that fills, and whether it goes on across seams."""
    layout.prop(settings_of(context), "across_seams")
    usual = catalogue.usual("fill")
    if usual:
        draw_parameters(layout, context, catalogue[usual])


class IMPASTO_PT_repair_faces(Tab, InView3D, bpy.types.Panel):
    """The button for the textures of selected faces."""

    bl_label = "Repair"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.mode == "EDIT_MESH"

    def draw(self, context: bpy.types.Context) -> None:
        name_place(self.layout, Place.REPAIR)
        draw_run(self.layout, "impasto.fill_faces", Place.REPAIR, "BRUSH_DATA")
