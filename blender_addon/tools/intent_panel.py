# SPDX-License-Identifier: GPL-3.0-or-later
"""The intents at the top of the tab, each a picture above its button."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..interface import previews
from ..material.drawing import draw_stand_in
from .intents import ITEMS
from .panel import InImageEditor, InShaderEditor, InView3D, Tab

PICTURES = Path(__file__).parents[1] / "shipped" / "intents"
"""A picture for each intent, by its identifier in lower case."""
SCALE = 2.6
"""Size of a picture, in heights of a button."""
COLUMNS = 3


class IntentPanel(Tab):
    """Mixin: the same panel in each editor."""

    bl_label = "Impasto"
    bl_options = {"HIDE_HEADER"}  # noqa: RUF012  as Blender wants it
    layout: bpy.types.UILayout

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.impasto
        grid = self.layout.grid_flow(row_major=True, columns=COLUMNS, even_columns=True, align=True)
        for intent, *_ in ITEMS:
            column = grid.column(align=True)
            column.template_icon(previews.icon_of_file(PICTURES / f"{intent.lower()}.png"), scale=SCALE)
            column.prop_enum(settings, "intent", intent)
        draw_stand_in(self.layout, context)


class IMPASTO_PT_intents_view_3d(IntentPanel, InView3D, bpy.types.Panel):
    pass


class IMPASTO_PT_intents_shader_editor(IntentPanel, InShaderEditor, bpy.types.Panel):
    pass


class IMPASTO_PT_intents_image_editor(IntentPanel, InImageEditor, bpy.types.Panel):
    pass


CLASSES = (IMPASTO_PT_intents_view_3d, IMPASTO_PT_intents_shader_editor, IMPASTO_PT_intents_image_editor)
