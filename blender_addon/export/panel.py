# SPDX-License-Identifier: GPL-3.0-or-later
"""The Export panel with its settings, and `impasto.export`: its button, and the call for scripts."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ..bridge.target import active_material, chosen_material, object_called
from ..jobs.operator import TaskOperator
from ..jobs.task import Place, Task
from ..tools.form import values_over, with_properties
from ..tools.lists import EXPORT
from ..tools.panel import Tab, draw_run, in_editors
from .request import Export


@with_properties(Export)
class ExportSettings(bpy.types.PropertyGroup):
    """Settings of the Export panel, in each scene."""


@with_properties(Export)
class IMPASTO_OT_export(TaskOperator, bpy.types.Operator):
    """Write the maps of the active object's material as the files that an engine expects"""

    bl_label = "Export Maps"
    place = Place.EXPORT

    material: StringProperty(name="Material", description="Name of the material; empty: the active object's")
    object: StringProperty(
        name="Object", description="Name of the object to bake the material on; empty: chosen as the material needs it"
    )

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        if active_material(context) is None:
            return "Select an object with a material"
        return "" if context.scene.impasto_export.out_dir else "Choose a folder for the files"

    def task(self, context: bpy.types.Context) -> Task:
        export = Export(**values_over(Export, context.scene.impasto_export, self))
        return export.task(chosen_material(context, self.material), object_called(self.object))


class ExportPanel(Tab):
    """Mixin: the same panel in each editor."""

    bl_label = "Export"
    place = Place.EXPORT
    intents = (EXPORT,)

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = context.scene.impasto_export
        column = layout.column()
        column.prop(settings, "preset")
        column.prop(settings, "pictures", placeholder="mr=metallic,roughness")
        for name in ("out_dir", "format", "replace"):
            column.prop(settings, name)
        draw_run(layout, "impasto.export", Place.EXPORT, "EXPORT")


PANELS = in_editors(ExportPanel, "export")


POINTER = (bpy.types.Scene, "impasto_export", ExportSettings)
