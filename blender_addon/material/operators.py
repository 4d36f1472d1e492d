# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators on a material: assign it, and mark it as an asset with a preview that needs no render."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ..bridge import images, results, surfaces
from ..bridge.inputs import material_called
from ..bridge.target import assignable_objects
from ..core.errors import ImpastoError, ParameterError
from ..jobs.operator import poll, tell
from ..jobs.session import push_undo
from ..jobs.task import Report, error_report

TAG = "Impasto"
PREVIEW_PX = 256


class IMPASTO_OT_mark_asset(bpy.types.Operator):
    """Mark the material as an asset, with its base colour as preview and what it was made of as description"""

    bl_idname = "impasto.mark_asset"
    bl_label = "Mark as Asset"

    material: StringProperty(name="Material", description="Name of the material; empty: the active object's")

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return poll(cls, "" if bpy.data.materials else "There is no material yet")

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            material = self._chosen(context)
            mark(material)
            push_undo("Impasto: Mark as Asset")
        except ImpastoError as error:
            return tell(self, error_report(error))
        return tell(self, Report("INFO", f"Marked the material {material.name} as an asset"))

    def _chosen(self, context: bpy.types.Context) -> bpy.types.Material:
        if self.material:
            material = material_called(self.material)
        else:
            material = context.active_object.active_material if context.active_object else None
            if material is None:
                raise ParameterError("the active object has no material", "choose a new material, or add one")
        if material.library is not None:
            raise ParameterError(f"the material {material.name} is linked from another file", "mark it there")
        return material


def mark(material: bpy.types.Material) -> None:
    """Mark a material as an asset; an existing asset gets a new preview and description."""
    color = surfaces.map_nodes(material).get("base_color")
    material.asset_mark()
    about = material.asset_data
    if TAG not in about.tags:
        about.tags.new(TAG)
    if recipe := images.recipe_in(material):
        used = [str(item["name"]) for item in recipe.inputs.values()] + sorted(recipe.made_with.get("models", {}))
        about.description = f"Made by Impasto from {', '.join(used)}" if used else "Made by Impasto"
    if color:
        pixels = images.small(color.image, PREVIEW_PX)  # (H, W, 4)
        preview = material.preview_ensure()
        preview.image_size = pixels.shape[1::-1]
        preview.image_pixels_float.foreach_set(pixels.ravel())


class IMPASTO_OT_assign(bpy.types.Operator):
    """Give this material to the selected objects"""

    bl_idname = "impasto.assign"
    bl_label = "Assign"
    bl_options = {"UNDO"}  # noqa: RUF012  as Blender wants it

    material: StringProperty(name="Material", description="Name of the material")

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Reason why a click can do nothing useful now; empty if it can."""
        return "" if assignable_objects(context) else "Select the objects that shall have it"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll(cls, cls.why_not(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            report = results.assign(self.material, assignable_objects(context))
        except ImpastoError as error:
            report = error_report(error)
        return tell(self, report)


CLASSES = (IMPASTO_OT_assign, IMPASTO_OT_mark_asset)
