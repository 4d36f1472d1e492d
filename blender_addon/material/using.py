# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that give materials to objects, and give back what they took the place of."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ..bridge import former, results
from ..bridge.inputs import material_called
from ..bridge.target import assignable_objects, chosen_material
from ..core.errors import ImpastoError
from ..jobs.operator import poll, tell
from ..jobs.task import Place, Report, error_report
from .operators import NAMED


class OnMaterial:
    """Mixin: an operator that does something with a material at once."""

    bl_options = {"UNDO"}  # noqa: RUF012  as Blender wants it
    place = Place.TEXTURE

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Reason why a click can do nothing useful now; empty if it can."""
        return ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll(cls, cls.why_not(context))

    def do(self, context: bpy.types.Context) -> Report:
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            return tell(self, self.do(context))
        except ImpastoError as error:
            return tell(self, error_report(error))


class IMPASTO_OT_assign(OnMaterial, bpy.types.Operator):
    """Give this material to the selected objects"""

    bl_idname = "impasto.assign"
    bl_label = "Assign"

    material: StringProperty(name="Material", description="Name of the material")

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        return "" if assignable_objects(context) else "Select the objects that shall have it"

    def do(self, context: bpy.types.Context) -> Report:
        return results.assign(self.material, assignable_objects(context))


class OfFormer(OnMaterial):
    """Mixin: an operator on the materials that another took the place of."""

    material: NAMED

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        if any(material.impasto_former for material in bpy.data.materials):
            return ""
        return "No material in this file took the place of another"


class IMPASTO_OT_restore(OfFormer, bpy.types.Operator):
    """Give the selected objects back the material that this one took the place of; it stays in the file"""

    bl_idname = "impasto.restore"
    bl_label = "Restore"

    former: StringProperty(
        name="Former Material", description="Name of the one to put back where several are possible; empty: the latest"
    )

    def do(self, context: bpy.types.Context) -> Report:
        material = chosen_material(context, self.material)
        chosen = material_called(self.former) if self.former else None
        objects = (
            bpy.data.objects if self.material else dict.fromkeys((context.active_object, *context.selected_objects))
        )
        back = former.restore(material, list(objects), chosen)
        return Report("INFO", f"Restored {', '.join(back)}; {material.name} is kept in the file", materials=tuple(back))


class IMPASTO_OT_forget_former(OfFormer, bpy.types.Operator):
    """Let go of the materials that this one took the place of: what nothing else uses is lost when the file is saved"""

    bl_idname = "impasto.forget_former"
    bl_label = "Forget Former Material"

    def do(self, context: bpy.types.Context) -> Report:
        material = chosen_material(context, self.material)
        names = ", ".join(one.name for one in former.choices(material))
        former.forget(material)
        return Report("INFO", f"{material.name} no longer keeps {names}")


CLASSES = (
    IMPASTO_OT_assign,
    IMPASTO_OT_restore,
    IMPASTO_OT_forget_former,
)
