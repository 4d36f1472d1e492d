# SPDX-License-Identifier: GPL-3.0-or-later
"""Materials given to objects, to selected faces of theirs, or to a slot."""

from __future__ import annotations

from collections.abc import Sequence

import bmesh
import bpy

from ..core.errors import ParameterError
from ..jobs.task import TaskReport
from . import former
from .materials import material_called
from .target import check_assignable


def assign(name: str, objects: Sequence[bpy.types.Object]) -> TaskReport:
    """Assign the material of this name to objects. ParameterError if it is gone, or an object cannot have it."""
    material = material_called(name)
    if not objects:
        raise ParameterError("no object is selected that can have a material", "select one")
    for item in objects:
        check_assignable(item)
    for item in objects:
        former.assign(item, material)
    without_uv = [item.name for item in objects if item.type == "MESH" and not item.data.uv_layers]
    notes = [f"{', '.join(without_uv)} has no UVs: unwrap it"] if without_uv else []
    said = f"{', '.join(item.name for item in objects)}: {name}"
    return TaskReport.noted(said, notes, materials=(name,))


def assign_to_faces(name: str, objects: Sequence[bpy.types.Object]) -> TaskReport:
    """Assign the material of this name to the selected faces of objects in edit mode; others keep theirs.

    ParameterError if it is gone, or no face is selected.
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
    return TaskReport("INFO", f"Assigned {name} to the selected faces ({count})", materials=(name,))


def assign_to_slot(name: str, item: bpy.types.Object, slot: int) -> TaskReport:
    """Assign the material of this name to the faces of an object's slot. ParameterError if it cannot have one."""
    material = material_called(name)
    check_assignable(item)
    former.assign(item, material, min(slot, max(0, len(item.material_slots) - 1)))
    return TaskReport("INFO", f"{item.name}: {name}", materials=(name,))


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
