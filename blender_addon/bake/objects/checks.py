# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that an object can be baked. Panels check too."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from bpy.types import Context, Material, Mesh, Object

from ...core.errors import Message, ParameterError
from ...core.system.untrusted import excerpt
from ..settings import MAPS, BakeOptions
from .reads import check_images, output_node, uses_nodes


def check_object(obj: Object | None, *, needs_material: bool = True) -> None:
    """Raise ParameterError, which names the remedy, if the object lacks what a bake needs. Cheap enough for a panel."""
    if obj is None:
        raise ParameterError("There is no active object", "select a mesh object")
    check_mesh(obj)
    if needs_material and not any(slot.material for slot in obj.material_slots):
        raise ParameterError("{} has no material", "add one in the Material properties", obj.name)
    if not obj.data.uv_layers:
        raise ParameterError("{} has no UV map", "unwrap it in edit mode (UV > Smart UV Project)", obj.name)


def check_mesh(obj: Object) -> None:
    """Raise ParameterError if an object is no mesh."""
    if obj.instance_type == "COLLECTION":
        remedy = "make it real (Object > Apply > Make Instances Real), or bake the objects of the collection"
        raise ParameterError("{} is an instance of a collection", remedy, obj.name)
    if obj.type != "MESH":
        raise ParameterError("{} is not a mesh but a {}", "use Object > Convert > Mesh", obj.name, obj.type.lower())


def chosen_objects(
    context: Context, candidates: Sequence[Object], *, needs_material: bool = True
) -> tuple[list[Object], list[str]]:
    """Objects to bake, the active one first, and notes on candidates that are left out.

    Raise ParameterError if there is none. Cheap enough for a panel.
    """
    active, chosen, notes = context.active_object, [], []
    for item in candidates:
        try:
            if (item.type == "MESH" or item.instance_type == "COLLECTION") and item != active:
                check_object(item, needs_material=needs_material)
                chosen.append(item)
        except ParameterError as error:
            notes.append(Message("left out: {}", error.message))
    if not chosen or (active and active.type == "MESH"):
        check_object(active, needs_material=needs_material)
        chosen.insert(0, active)
    return chosen, notes


def check(obj: Object, options: BakeOptions, *, needs_material: bool = True, slots: Collection[int] = ()) -> str:
    """Name of the UV map to bake to. Raise ParameterError, with a remedy, if baking cannot work.

    needs_material: the maps show its own surface, if they show any. slots: indices of those that are baked; (): all.
    """
    needs_material = needs_material and options.need_materials
    check_object(obj, needs_material=needs_material)
    unknown = [name for name in options.maps if name not in MAPS]
    if unknown or not options.maps:
        wrong = Message("{} cannot be baked", ", ".join(unknown)) if unknown else "No map is chosen"
        raise ParameterError(wrong, "choose from {}", ", ".join(MAPS))
    obj.update_from_editmode()
    if not obj.data.polygons:
        raise ParameterError("{} has no faces", "add some, or select another object", obj.name)
    if needs_material:
        _check_slots(obj, slots)
    layers = obj.data.uv_layers
    if options.uv_map and options.uv_map not in layers:
        names = ", ".join(layers.keys())
        raise ParameterError("{} has no UV map called {}", "choose from {}", obj.name, excerpt(options.uv_map), names)
    return options.uv_map or next((layer.name for layer in layers if layer.active_render), layers[0].name)


def check_high(obj: Object, *, needs_material: bool = True) -> None:
    """Raise ParameterError if the materials of an object cannot be baked onto another. Empty slots are plain."""
    obj.update_from_editmode()
    for slot in obj.material_slots if needs_material else ():
        if slot.material is not None:
            check_material(slot.material)


def _check_slots(obj: Object, chosen: Collection[int]) -> None:
    materials = [slot.material for slot in obj.material_slots]
    slots = np.zeros(len(obj.data.polygons), np.int32)
    if attribute := obj.data.attributes.get("material_index"):  # absent where all faces use the first slot
        attribute.data.foreach_get("value", slots)
    faces = np.bincount(np.clip(slots, 0, len(materials) - 1), minlength=len(materials))
    if chosen and not faces[list(chosen)].any() and not obj.modifiers:
        name = materials[min(chosen)].name
        raise ParameterError("no face of {} has the material {}", "assign it in edit mode", obj.name, name)
    for index, material in enumerate(materials):
        if chosen and index not in chosen:
            continue
        if material is None and faces[index]:
            message = "Material slot {} of {} is empty, but {} faces use it"
            raise ParameterError(message, "give it a material, or remove the slot", index + 1, obj.name, faces[index])
        if material is not None:
            check_material(material)


def check_material(material: Material) -> None:
    """Raise ParameterError if nothing leads out of the material's nodes, FileError if an image lacks its file."""
    if uses_nodes(material) and output_node(material) is None:
        raise ParameterError("The material {} has no Material Output", "add one in the Shader Editor", material.name)
    check_images(material)


def check_evaluated(obj: Object, mesh: Mesh, uv_map: str, name: str = "") -> None:
    """Raise ParameterError if modifiers of an object, of which `mesh` is made, remove its UV map or add materials.

    name: the object's, if this is a copy of it.
    """
    name = name or obj.name
    remedy = "apply the modifiers to a copy of it (Object > Apply > Visual Geometry to Mesh), and bake that"
    if not mesh.polygons:  # Blender 5.0 crashes
        raise ParameterError("the modifiers of {} leave it no faces", "add some, or select another object", name)
    if uv_map not in mesh.uv_layers:
        raise ParameterError("the modifiers of {} remove its UV map {}", remedy, name, uv_map)
    own = {slot.material.original for slot in obj.material_slots if slot.material}
    other = [item.name for item in mesh.materials if item is not None and item.original not in own]
    if other:
        message = "the modifiers of {} give it materials that no slot has: {}"
        raise ParameterError(message, remedy, name, ", ".join(other))


def check_local(obj: Object) -> None:
    """Raise ParameterError if an object cannot be given a material."""
    if not obj.is_editable:
        remedy = "make it local (Object, Relations, Make Local), or make a material without assigning it"
        raise ParameterError("the object {} is linked from another file", remedy, obj.name)
