# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.export`: the panel's button, and the call for scripts."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ..bridge.target import active_material, chosen_material
from ..jobs.operator import TaskOperator
from ..jobs.task import Place, Task
from ..tools.arguments import values_over, with_properties
from .request import Export


@with_properties(Export)
class IMPASTO_OT_export(TaskOperator, bpy.types.Operator):
    """Write the maps of the active object's material as the files that an engine expects"""

    bl_idname = "impasto.export"
    bl_label = "Export Maps"
    place = Place.EXPORT

    material: StringProperty(name="Material", description="Name of the material; empty: the active object's")

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        if active_material(context) is None:
            return "Select an object with a material"
        return "" if context.scene.impasto_export.out_dir else "Choose a folder for the files"

    def task(self, context: bpy.types.Context) -> Task:
        export = Export(**values_over(Export, context.scene.impasto_export, self))
        return export.task(chosen_material(context, self.material))


CLASSES = (IMPASTO_OT_export,)
