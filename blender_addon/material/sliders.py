# SPDX-License-Identifier: GPL-3.0-or-later
"""Sliders of a material that stay live: below a result and in Blender's material properties, added and removed."""

from __future__ import annotations

import bpy

from ..bridge import mapping, materials, sliders
from ..bridge.target import active_material, chosen_material
from ..core.errors import ParameterError
from ..jobs.operator import InstantOperator
from ..jobs.task import TaskReport
from .using import NAMED


def draw_sliders(layout: bpy.types.UILayout, material: bpy.types.Material) -> None:
    """Draw the sliders of a material, or a button that adds them to one of ours."""
    sockets = sliders.shown_sockets(material.node_tree)
    if not sockets and mapping.is_offered(material):
        layout.operator("impasto.add_sliders", icon="ADD").material = material.name
        return
    column = layout.column()
    column.use_property_split = True
    for socket in sockets:
        column.prop(socket, "default_value", text=socket.name)


class ChangesSliders(InstantOperator):
    """Mixin: an operator on the sliders of a material."""

    material: NAMED

    def do(self, context: bpy.types.Context) -> TaskReport:
        material = chosen_material(context, self.material)
        materials.check_editable(material)
        return TaskReport("INFO", self.change(material), materials=(material.name,))

    def change(self, material: bpy.types.Material) -> str:
        """Change the sliders; a sentence on what was done."""
        raise NotImplementedError


class IMPASTO_OT_add_sliders(ChangesSliders, bpy.types.Operator):
    """Add sliders to the material that stay live: tint, height, roughness and wear, which can have keyframes"""

    bl_label = "Add Sliders"

    def change(self, material: bpy.types.Material) -> str:
        materials.add_sliders(material)
        if sliders.find(material.node_tree) is None:
            message = f"the material {material.name} has no maps of Impasto's"
            raise ParameterError(message, "generate some for it")
        return f"The material {material.name} has sliders"


class IMPASTO_OT_remove_sliders(ChangesSliders, bpy.types.Operator):
    """Join the images to the shader directly, as exporters to FBX and OBJ need it"""

    bl_label = "Remove Sliders"

    def change(self, material: bpy.types.Material) -> str:
        if sliders.find(material.node_tree) is None:
            raise ParameterError(f"the material {material.name} has no sliders", "choose one that has")
        sliders.remove(material.node_tree)
        return f"The material {material.name} has no sliders"


class IMPASTO_PT_sliders(bpy.types.Panel):
    """Sliders of the active object's material, in Blender's material properties."""

    bl_label = "Impasto"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "material"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        material = active_material(context)
        return material is not None and bool(sliders.find(material.node_tree) or mapping.is_offered(material))

    def draw(self, context: bpy.types.Context) -> None:
        material = active_material(context)
        if material is None:
            return
        draw_sliders(self.layout, material)
        if sliders.find(material.node_tree):
            self.layout.operator("impasto.remove_sliders", icon="X")
