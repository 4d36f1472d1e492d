# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.mark_asset`: an asset with a preview that needs no render."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ..bridge import former, images, surfaces
from ..bridge.target import chosen_material
from ..core.errors import ImpastoError, ParameterError
from ..jobs.operator import poll, tell
from ..jobs.session import push_undo
from ..jobs.task import Report, error_report

NAMED = StringProperty(name="Material", description="Name of the material; empty: the active object's")
TAG = "Impasto"
PREVIEW_PX = 256


class IMPASTO_OT_mark_asset(bpy.types.Operator):
    """Mark the material as an asset, with its base colour as preview and what it was made of as description"""

    bl_idname = "impasto.mark_asset"
    bl_label = "Mark as Asset"

    material: NAMED

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return poll(cls, "" if bpy.data.materials else "There is no material yet")

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            material = chosen_material(context, self.material)
            if material.library is not None:
                raise ParameterError(f"the material {material.name} is linked from another file", "mark it there")
            mark(material)
            push_undo("Impasto: Mark as Asset")
        except ImpastoError as error:
            return tell(self, error_report(error))
        return tell(self, Report("INFO", f"Marked the material {material.name} as an asset"))


def mark(material: bpy.types.Material) -> None:
    """Mark a material as an asset, which holds no former ones; an existing one gets a new preview and description."""
    color = surfaces.map_nodes(material).get("base_color")
    material.asset_mark()
    former.release(material)
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


CLASSES = (IMPASTO_OT_mark_asset,)
