# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that give materials to objects and faces, find who has them, and give back what they replaced."""

from __future__ import annotations

from collections.abc import Sequence

import bmesh
import bpy
from bpy.props import StringProperty

from ..bridge import image_editors, replaced
from ..bridge.inputs import image_called
from ..bridge.materials import material_called
from ..bridge.target import assignable_objects, check_assignable, chosen_material
from ..core.errors import Message, ParameterError
from ..jobs.operator import InstantOperator
from ..jobs.task import TaskReport


def assign(name: str, objects: Sequence[bpy.types.Object]) -> TaskReport:
    """Assign the material of this name to objects. Raise ParameterError if it is gone, or an object cannot have it."""
    material = material_called(name)
    if not objects:
        raise ParameterError("no object is selected that can have a material", "select one")
    for item in objects:
        check_assignable(item)
    for item in objects:
        replaced.assign(item, material)
    without_uv = [item.name for item in objects if item.type == "MESH" and not item.data.uv_layers]
    notes = [Message("{} has no UVs: unwrap it", ", ".join(without_uv))] if without_uv else []
    said = f"{', '.join(item.name for item in objects)}: {name}"
    return TaskReport.noted(said, notes, materials=(name,))


def assign_to_faces(name: str, objects: Sequence[bpy.types.Object]) -> TaskReport:
    """Assign the material of this name to the selected faces of objects in edit mode; others keep theirs.

    Raise ParameterError if it is gone, or no face is selected.
    """
    material, count = material_called(name), 0
    for item in objects:
        mesh = bmesh.from_edit_mesh(item.data)
        chosen = [face for face in mesh.faces if face.select]
        slot = _slot_for(item, material) if chosen else 0
        for face in chosen:
            face.material_index = slot
        bmesh.update_edit_mesh(item.data)
        count += len(chosen)
    if not count:
        raise ParameterError("no face is selected", "select those that shall have it, or leave edit mode")
    return TaskReport("INFO", Message("Assigned {} to the selected faces ({})", name, count), materials=(name,))


def assign_to_slot(name: str, item: bpy.types.Object, slot: int) -> TaskReport:
    """Assign the material of this name to the faces of an object's slot. Raise ParameterError if it cannot have one."""
    material = material_called(name)
    check_assignable(item)
    replaced.assign(item, material, min(slot, max(0, len(item.material_slots) - 1)))
    return TaskReport("INFO", Message("{}: {}", item.name, name), materials=(name,))


def _slot_for(item: bpy.types.Object, material: bpy.types.Material) -> int:
    """Slot of an object that has a material, added where none has it."""
    check_assignable(item)
    found = [slot.material for slot in item.material_slots]
    if material not in found:
        new = [material] if found else [None, material]  # the other faces are in the first slot, whatever is there
        for one in new:
            item.data.materials.append(one)
        found += new
    return found.index(material)


EDITED = "EDIT_MESH"
NAMED = StringProperty(name="Material", description="Name of the material; empty: the active object's")


def assign_chosen(context: bpy.types.Context, name: str) -> TaskReport:
    """Assign the material of this name to the selected objects; in edit mode, to the selected faces."""
    if context.mode == EDITED:
        return assign_to_faces(name, context.objects_in_mode_unique_data)
    return assign(name, assignable_objects(context))


class IMPASTO_OT_assign(InstantOperator, bpy.types.Operator):
    """Give this material to the selected objects; in edit mode, to the selected faces"""

    bl_label = "Assign"

    material: StringProperty(name="Material", description="Name of the material")

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if assignable_objects(context) else "Select the objects that shall have it"

    def do(self, context: bpy.types.Context) -> TaskReport:
        return assign_chosen(context, self.material)


class IMPASTO_OT_select_users(InstantOperator, bpy.types.Operator):
    """Select the objects that have this material; in edit mode, their faces that have it"""

    bl_label = "Select Users"

    material: StringProperty(name="Material", description="Name of the material")

    def do(self, context: bpy.types.Context) -> TaskReport:
        material = material_called(self.material)
        if context.mode == EDITED:
            return self._select_faces(material, context.objects_in_mode_unique_data)
        users = [one for one in context.view_layer.objects if material in _materials(one) and one.visible_get()]
        if not users:
            raise ParameterError("no object that is seen has the material {}", "assign it to one", material.name)
        for one in context.view_layer.objects:
            one.select_set(one in users)
        context.view_layer.objects.active = users[0]
        return TaskReport("INFO", Message("Selected {}", ", ".join(one.name for one in users)))

    def _select_faces(self, material: bpy.types.Material, objects: Sequence[bpy.types.Object]) -> TaskReport:
        count = 0
        for one in objects:
            slots = [index for index, found in enumerate(_materials(one)) if found == material]
            mesh = bmesh.from_edit_mesh(one.data)
            for face in mesh.faces:
                face.select_set(face.material_index in slots)
                count += face.select
            bmesh.update_edit_mesh(one.data)
        return TaskReport("INFO", Message("Selected faces: {}", count))


def _materials(item: bpy.types.Object) -> list[bpy.types.Material]:
    return [slot.material for slot in item.material_slots]


class OfReplaced(InstantOperator):
    """Mixin: an operator on the materials that another took the place of."""

    material: NAMED

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        if any(material.impasto_former for material in bpy.data.materials):
            return ""
        return "No material in this file took the place of another"


class IMPASTO_OT_restore(OfReplaced, bpy.types.Operator):
    """Give the selected objects back the material that this one took the place of; it stays in the file"""

    bl_label = "Restore"

    former: StringProperty(
        name="Replaced Material", description="Name of the one to put back if several are possible; empty: the latest"
    )

    def do(self, context: bpy.types.Context) -> TaskReport:
        material = chosen_material(context, self.material)
        chosen = material_called(self.former) if self.former else None
        objects = (
            bpy.data.objects if self.material else dict.fromkeys((context.active_object, *context.selected_objects))
        )
        back = replaced.restore(material, list(objects), chosen)
        text = Message("Restored {}; {} is kept in the file", ", ".join(back), material.name)
        return TaskReport("INFO", text, materials=tuple(back))


class IMPASTO_OT_forget_former(OfReplaced, bpy.types.Operator):
    """Forget replaced materials; unused ones are removed when the file is saved"""

    bl_label = "Forget Replaced Material"

    def do(self, context: bpy.types.Context) -> TaskReport:
        material = chosen_material(context, self.material)
        names = ", ".join(one.name for one in replaced.choices(material))
        replaced.forget(material)
        return TaskReport("INFO", Message("{} no longer keeps {}", material.name, names))


class IMPASTO_OT_show_image(InstantOperator, bpy.types.Operator):
    """Show this image in an image editor"""

    bl_label = "Show"

    image: StringProperty(name="Image", description="Name of the image")

    def do(self, context: bpy.types.Context) -> TaskReport:
        image = image_called(self.image)
        if image_editors.is_image_editor(context):
            context.space_data.image = image
        elif not bpy.app.background:
            image_editors.show(image)
        return TaskReport("INFO", Message("{} is shown in an image editor", image.name))


class IMPASTO_OT_material_preview(bpy.types.Operator):
    """Show materials in the 3D view, which solid shading does not"""

    bl_label = "Material Preview"

    def execute(self, context: bpy.types.Context) -> set[str]:
        for space in views_without_materials(context):
            space.shading.type = "MATERIAL"
        return {"FINISHED"}


def views(context: bpy.types.Context) -> list[bpy.types.SpaceView3D]:
    """The 3D view of the panel, or else all 3D views of the window."""
    area, screen = context.area, context.screen
    areas = [area] if area and area.type == "VIEW_3D" else list(screen.areas if screen else ())
    return [one.spaces.active for one in areas if one.type == "VIEW_3D"]


def views_without_materials(context: bpy.types.Context) -> list[bpy.types.SpaceView3D]:
    """3D views of `views` that do not show materials."""
    return [space for space in views(context) if space.shading.type in ("WIREFRAME", "SOLID")]
