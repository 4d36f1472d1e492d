# SPDX-License-Identifier: GPL-3.0-or-later
"""The panels above all others: the tabs with one row for the running task, and this material.

Nothing is drawn above them, and the height of the first two does not change while tasks run.
"""

from __future__ import annotations

import bpy

from ..bridge.target import active_material
from ..interface.drawing import draw_status
from ..material.drawing import draw_adjustments, draw_material, draw_stand_in
from .panel import Tab, in_editors, section

COLUMNS = 3
"""Tabs in a row. With more tabs, their names would be cut off."""


class IntentPanel(Tab):
    """Base of the panel of the tabs: `in_editors` makes a class of it for each editor."""

    bl_label = "Impasto"
    bl_options = {"HIDE_HEADER"}  # noqa: RUF012  as Blender wants it
    bl_order = 0
    layout: bpy.types.UILayout

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        grid = column.grid_flow(row_major=True, columns=COLUMNS, even_columns=True, align=True)
        grid.prop(context.scene.impasto, "tab", expand=True)
        draw_status(column)


class MaterialPanel(Tab):
    """Base of the panel of the active object's material: `in_editors` makes a class of it for each editor."""

    bl_label = "This Material"
    bl_order = 1
    layout: bpy.types.UILayout

    def draw(self, context: bpy.types.Context) -> None:
        layout, material = self.layout, active_material(context)
        draw_material(layout, context, material)
        if (body := section(layout, "impasto_adjust", "Adjust", closed=True)) and material:
            draw_adjustments(body, context, material)
        draw_stand_in(layout, context)


PANELS = (*in_editors(IntentPanel, "intents"), *in_editors(MaterialPanel, "material"))
