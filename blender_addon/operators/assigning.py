# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a material that was made while nothing was selected on the objects that are selected now."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from .. import results
from ..core.errors import ImpastoError
from ..tasks import Report
from .working import poll, tell


class IMPASTO_OT_assign(bpy.types.Operator):
    """Give this material to the selected objects"""

    bl_idname = "impasto.assign"
    bl_label = "Assign"
    bl_options = {"UNDO"}  # noqa: RUF012  as Blender wants it

    material: StringProperty(name="Material", description="Name of the material")

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Why a click can do nothing useful now; empty where it can."""
        return "" if results.can_be_given(context) else "Select the objects that shall have it"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll(cls, cls.why_not(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            report = results.assign(self.material, results.can_be_given(context))
        except ImpastoError as error:
            report = Report("ERROR", str(error))
        return tell(self, report)


CLASSES = (IMPASTO_OT_assign,)
