# SPDX-License-Identifier: GPL-3.0-or-later
"""The Export panel: for which engine, and where to."""

from __future__ import annotations

import bpy

from ..bridge.target import active_material
from ..engine import engine
from ..interface.drawing import name_place
from ..jobs.task import Place
from ..setup.panel import draw_missing_engine
from ..tools.panel import InView3D, Tab, draw_run


class IMPASTO_PT_export(Tab, InView3D, bpy.types.Panel):
    bl_label = "Export"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  as Blender wants it
    bl_order = 6

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.impasto_export
        layout.use_property_split = True
        layout.use_property_decorate = False
        name_place(layout, Place.EXPORT)
        if engine.find() is None:
            draw_missing_engine(layout.box(), Place.EXPORT)
        column = layout.column()
        column.prop(settings, "preset")
        column.prop(settings, "pictures", placeholder="orm=ambient_occlusion,roughness,metallic")
        for name in ("out_dir", "format", "replace"):
            column.prop(settings, name)
        if material := active_material(context):
            column.label(text=material.name, icon="MATERIAL", translate=False)
        draw_run(layout, "impasto.export", Place.EXPORT, "EXPORT")


CLASSES = (IMPASTO_PT_export,)
