# SPDX-License-Identifier: GPL-3.0-or-later
"""Results in the open file: the latest, those with a star, and the materials that results replaced.

A result points to the material that it replaced. Without this user, the material would be lost when the file is saved,
with all data that only the material uses. A fake user keeps a result that no object has at the moment. Times and stars
are properties of results, so that they are found again after undo, renaming and reopening.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import bpy
from bpy.props import BoolProperty, CollectionProperty, IntProperty, PointerProperty, StringProperty

from ..core.errors import ParameterError
from . import images, surfaces
from .surfaces import MapImage
from .target import check_assignable

Result: TypeAlias = bpy.types.Material | bpy.types.Image
MADE = "impasto_made"
"""Custom property with the time at which a result was made, in seconds since 1970."""
STARRED = "impasto_starred"
"""Custom property of results that have a star."""
listeners: list[Callable[[Result], None]] = []
"""Functions that are called with each new result."""


def note(result: Result) -> None:
    """Make a material or an image the latest result."""
    result[MADE] = time.time()
    for listener in listeners:
        listener(result)


def keep(results: Iterable[bpy.types.ID]) -> None:
    """Keep results in the file although nothing may use them when it is saved."""
    for one in results:
        one.use_fake_user = True


def star(result: Result, is_starred: bool) -> None:
    """Give a result a star, or take it away."""
    if is_starred:
        result[STARRED] = True
    else:
        result.pop(STARRED, None)


def latest_results() -> list[Result]:
    """All results in this file, the latest first."""
    found = [one for kind in (bpy.data.materials, bpy.data.images) for one in kind if MADE in one]
    return sorted(found, key=lambda one: -one[MADE])


EVERYWHERE = -1
"""Slot of a replaced material that is an earlier state of the same material. It is restored wherever that is used."""


class ImpastoFormer(bpy.types.PropertyGroup):
    """Replaced material of a slot of an object, which another material replaced. The latest of a slot comes last."""

    material: PointerProperty(type=bpy.types.Material)
    object: StringProperty()
    slot: IntProperty(default=EVERYWHERE, min=EVERYWHERE)


def assign(item: bpy.types.Object, material: bpy.types.Material, slot: int | None = None) -> None:
    """Put a material into a slot of an object, by default the active slot. It keeps the material that it replaces."""
    index = item.active_material_index if slot is None else slot
    if not item.material_slots:
        item.active_material = material
        _hold(material, None, item.name, index)
        return
    there = item.material_slots[index]
    before = there.material
    if before == material:
        return
    if not item.data.is_editable:
        there.link = "OBJECT"
    there.material = material
    _hold(material, before, item.name, index)
    if before and before.is_editable:
        before.impasto_is_former = True


def keep_state(material: bpy.types.Material) -> None:
    """Keep a copy of a material before it changes."""
    state = material.copy()
    if state.asset_data:
        state.asset_clear()
    material.impasto_former.clear()  # the copy keeps the replaced materials
    _hold(material, state)


def plain_copy(material: bpy.types.Material) -> bpy.types.Material:
    """A copy of a material that keeps none of the materials that it replaced."""
    copy = material.copy()
    copy.impasto_former.clear()
    copy.impasto_is_former = False
    return copy


def textures_of(material: bpy.types.Material) -> bpy.types.Material | None:
    """A copy of a material that keeps its textures, whatever happens to it; None if it has no base colour."""
    if not surfaces.has_base_color(material):
        return None
    copy = plain_copy(material)
    copy.name = f"{material.name}_textures"
    copy.impasto_layers.layers.clear()
    copy.impasto_layers.material = None
    for name in (images.RECIPE, MADE, STARRED):
        copy.pop(name, None)
    if copy.asset_data:
        copy.asset_clear()
    return copy


def _hold(
    material: bpy.types.Material, before: bpy.types.Material | None, item: str = "", slot: int = EVERYWHERE
) -> None:
    new = material.impasto_former.add()
    new.material, new.object, new.slot = before, item, slot


def choices(material: bpy.types.Material | None, item: bpy.types.Object | None = None) -> list[bpy.types.Material]:
    """Replaced materials that can be restored: those of the object, or else all. Cheap enough for a panel."""
    found = _of_object(material, item).values() if material else ()
    return list(dict.fromkeys(entry.material for entry in found if entry.material))


def latest(material: bpy.types.Material, item: bpy.types.Object | None = None) -> bpy.types.Material:
    """The replaced material that is restored first. Raise ParameterError if there is none."""
    if found := choices(material, item):
        return found[0]
    raise _replaces_none(material)


def _replaces_none(material: bpy.types.Material) -> ParameterError:
    return ParameterError("the material {} took the place of no other", "choose an object where it did", material.name)


def _of_object(material: bpy.types.Material, item: bpy.types.Object | None) -> dict[int, ImpastoFormer]:
    """Entries that can be restored on an object, by index in the list: the latest of each slot, or the latest state.

    An object that got the material in another way, such as a copy, has no entries. Then all entries can be restored,
    the latest first.
    """
    entries = dict(reversed(list(enumerate(material.impasto_former))))
    latest: dict[int, int] = {}
    for place, entry in entries.items():
        if item and entry.object == item.name:
            latest.setdefault(entry.slot, place)
    states = [place for place, entry in entries.items() if entry.slot == EVERYWHERE]
    return {place: entries[place] for place in list(latest.values()) or states[:1] or entries}


def restore(
    material: bpy.types.Material, objects: Sequence[bpy.types.Object], chosen: bpy.types.Material | None = None
) -> list[str]:
    """Restore the materials that this one replaced on objects, and keep it in the file. Return the restored names.

    chosen: the material for objects without entries. Raise ParameterError if there is none, or it cannot be restored.
    """
    users = [
        item
        for item in objects
        if any(slot.material == material for slot in item.material_slots) and choices(material, item)
    ]
    if not users:
        raise _replaces_none(material)
    for item in users:
        check_assignable(item)
    keep([material])
    back: list[bpy.types.Material] = []
    for item in users:
        places = _of_object(material, item)
        if not places:  # an earlier state was restored everywhere
            continue
        is_state = any(entry.slot == EVERYWHERE for entry in places.values())
        back += [_restore_state(material, *places)] if is_state else _restore_slots(material, item, chosen)
    return list(dict.fromkeys(now.name for now in back))


def _restore_slots(
    material: bpy.types.Material, item: bpy.types.Object, chosen: bpy.types.Material | None
) -> list[bpy.types.Material]:
    places = _of_object(material, item)
    noted = {entry.slot: entry.material for entry in places.values() if entry.object == item.name}
    other = chosen or next((entry.material for entry in places.values() if entry.material), None)
    materials = {slot.slot_index: noted.get(slot.slot_index) if noted else other for slot in item.material_slots}
    slots = [slot for slot in item.material_slots if slot.material == material and materials[slot.slot_index]]
    for slot in slots:
        slot.material = materials[slot.slot_index]
    if noted:
        _forget(material, places)
    return [slot.material for slot in slots]


def _restore_state(material: bpy.types.Material, place: int) -> bpy.types.Material:
    """Replace a material everywhere by its earlier state, which gets the material's name."""
    state = material.impasto_former[place].material
    _forget(material, [place])
    material.user_remap(state)
    names = material.name, state.name
    state.name = f"{names[0]} "  # two materials cannot have the same name
    material.name, state.name = names[::-1]
    return state


def forget(material: bpy.types.Material) -> None:
    """Forget the materials that this one replaced. Those that nothing else uses are no longer saved."""
    _forget(material, range(len(material.impasto_former)))


def release(material: bpy.types.Material) -> None:
    """Keep replaced materials by fake users, not by this material, which would take them into other files."""
    keep(entry.material for entry in material.impasto_former if entry.material and entry.material.is_editable)
    forget(material)


def _forget(material: bpy.types.Material, places: Iterable[int]) -> None:
    materials = [material.impasto_former[place].material for place in places]
    for place in sorted(places, reverse=True):
        material.impasto_former.remove(place)
    still = use_counts()
    for one in materials:
        if one and one.is_editable and one not in still:
            one.impasto_is_former = False


def images_of(material: bpy.types.Material | None) -> dict[str, MapImage]:
    """Images of the latest replaced material by map; none without a base colour."""
    newest = next(iter(choices(material)), None)
    nodes = surfaces.map_nodes(newest) if newest else {}
    return {name: MapImage(node.image, node.channel) for name, node in nodes.items()} if "base_color" in nodes else {}


def not_only_held() -> list[bpy.types.Material]:
    """Materials of the file, except those that are kept only because another replaced them."""
    times = use_counts()
    return [material for material in bpy.data.materials if material.users > times[material]]


def use_counts() -> Counter[bpy.types.Material]:
    """Number of times that each material is kept as a replaced one."""
    return Counter(entry.material for one in bpy.data.materials for entry in one.impasto_former if entry.material)


@contextmanager
def left_out(materials: Iterable[bpy.types.Material]) -> Iterator[None]:
    """Context in which materials do not keep those that they replaced, which would be written to another file, too."""
    replaced = {
        one: [(entry.material, entry.object, entry.slot) for entry in one.impasto_former]
        for one in materials
        if one.is_editable
    }
    try:
        for material in replaced:
            material.impasto_former.clear()
        yield
    finally:
        for material, entries in replaced.items():
            for entry in entries:
                new = material.impasto_former.add()
                new.material, new.object, new.slot = entry


def _saving(*_: object) -> None:
    """Keep replaced materials by a fake user if the materials that replaced them were deleted."""
    for material in bpy.data.materials:
        if material.users == 0 and material.impasto_is_former:
            material.use_fake_user = True


HANDLERS = (("save_pre", _saving),)


CLASSES = (ImpastoFormer,)
PROPERTIES = (
    (bpy.types.Material, "impasto_former", CollectionProperty(type=ImpastoFormer)),
    (bpy.types.Material, "impasto_is_former", BoolProperty(options={"HIDDEN"})),
)
