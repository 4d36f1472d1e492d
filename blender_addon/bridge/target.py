# SPDX-License-Identifier: GPL-3.0-or-later
"""Target of results. It holds session ids, because the user may delete data while a job runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import bpy

from ..core.errors import ParameterError
from ..core.system.untrusted import excerpt
from ..jobs.session import jobs
from . import materials
from .mapping import AUTO
from .materials import material_called

NEW, ACTIVE, UNUSED, NONE = "NEW", "ACTIVE", "UNUSED", "NONE"
"""Materials for results: a new material on the objects, the active one, a new one on no object, or none."""
CAN_HAVE_MATERIAL = ("MESH", "CURVE", "SURFACE", "FONT", "META", "CURVES", "POINTCLOUD", "VOLUME")


@dataclass(frozen=True)
class Target:
    """Target of a result. objects, active_material, painted and image are session ids.

    image: image that the result replaces in image editors. is_picture: the result is one picture, not the maps of a
    surface. painted: material whose textures are repainted. part: mark of a part of joined materials (`joined.PART`).
    file_epoch: number of the file that was open.
    """

    name: str
    material: str = NONE
    objects: tuple[int, ...] = ()
    active_material: int = 0
    image: int = 0
    is_picture: bool = False
    painted: int = 0
    part: str = ""
    width_m: float = 0.0
    mapping: str = AUTO
    use_displacement: bool = False
    use_ambient_occlusion: bool = False
    file_epoch: int = field(default_factory=lambda: jobs.file_epoch)

    @property
    def is_in_open_file(self) -> bool:
        """Whether the file in which the target was chosen is still open."""
        return self.file_epoch == jobs.file_epoch

    def found_objects(self) -> list[bpy.types.Object]:
        """Objects of the target that were not deleted meanwhile."""
        return [found for uid in self.objects if (found := by_uid(bpy.data.objects, uid))]


def target_of(context: bpy.types.Context, material: str, name: str, **look: Any) -> Target:
    """Target for the selected objects. Raise ParameterError if the active material cannot take maps."""
    objects = assignable_objects(context)
    active = 0
    if material == ACTIVE:
        item = context.active_object
        if item is None or item.active_material is None:
            raise ParameterError("the active object has no material", "choose a new material, or add one")
        materials.check_editable(item.active_material)
        active, objects = item.active_material.session_uid, [item]
    elif material == NEW:
        for item in objects:
            check_assignable(item)
    uids = tuple(item.session_uid for item in objects)
    return Target(name, material, uids, active, **look)


def assignable_objects(context: bpy.types.Context) -> list[bpy.types.Object]:
    """Selected objects that can have a material."""
    return [item for item in context.selected_objects if item.type in CAN_HAVE_MATERIAL]


def active_material(context: bpy.types.Context) -> bpy.types.Material | None:
    """Active material of the active object. It also works in a timer, which has no window."""
    item = context.view_layer.objects.active
    return item.active_material if item else None


def chosen_material(context: bpy.types.Context, name: str = "") -> bpy.types.Material:
    """The material of this name, or else the active object's. Raise ParameterError if there is none."""
    material = material_called(name) if name else active_material(context)
    if material is None:
        raise ParameterError("the active object has no material", "choose a new material, or add one")
    return material


def object_called(name: str) -> bpy.types.Object | None:
    """The object of this name; None for an empty one. Raise ParameterError if there is none."""
    if name and name not in bpy.data.objects:
        message = "there is no object called {}"
        raise ParameterError(message, "see bpy.data.objects for those that there are", excerpt(name))
    return bpy.data.objects[name] if name else None


def check_assignable(item: bpy.types.Object) -> None:
    """Raise ParameterError if an object cannot be given another material."""
    if not item.is_editable or (item.data is not None and not item.data.is_editable and not item.material_slots):
        message = "the object {} is linked from another file"
        raise ParameterError(message, "make it local (Object, Relations, Make Local), or deselect it", item.name)


def by_uid(collection: Iterable[bpy.types.ID], uid: int) -> bpy.types.ID | None:
    """Datablock of this session id; None if it is gone, or the id is 0."""
    return next((item for item in collection if item.session_uid == uid), None) if uid else None
