# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of maps to bake: the objects that share each of them. Panels ask too, so NumPy is not imported here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import bpy
from bpy.types import Context, Image, Material, Object

from ...core.errors import Message, ParameterError
from ...core.system.untrusted import parse_json
from ..settings import CHOSEN, NAMED, ONE, SELECTED, BakeOptions, BakeTargets, base_of
from .checks import check, check_high, check_mesh, check_object, chosen_objects

BAKED = "impasto_baked"
"""Custom property with the provenance of a baked image as JSON."""
TEXTS = ("object", "objects", "fingerprint")
"""Fields of it that must be texts."""


@dataclass(frozen=True)
class HighToLow:
    """High objects whose surface a low one shows. extrusion, ray_distance: in Blender units; 0: to be found."""

    highs: tuple[Object, ...]
    cage: Object | None = None
    extrusion: float = 0.0
    ray_distance: float = 0.0


@dataclass(frozen=True)
class BakeSet:
    """One set of maps and the objects that share it. title: name of its images, material and files.

    projections: one for each object, or none where each shows its own surface. use_tiles: all UDIM tiles are baked.
    slots: indices of the material slots of a single object whose faces are baked, or () for all. is_plane: the object
    is a plane that stands in for one.
    """

    title: str
    objects: tuple[Object, ...]
    projections: tuple[HighToLow, ...] = ()
    use_tiles: bool = False
    slots: tuple[int, ...] = ()
    is_plane: bool = False

    @classmethod
    def of(cls, *objects: Object, projections: Sequence[HighToLow] = (), use_tiles: bool = False) -> BakeSet:
        """The set of these objects, named after the first."""
        return cls(objects[0].name, objects, tuple(projections), use_tiles)

    @property
    def sources(self) -> tuple[Object, ...]:
        """Objects whose materials are baked."""
        return tuple(dict.fromkeys(high for one in self.projections for high in one.highs)) or self.objects

    @property
    def materials(self) -> set[Material]:
        """Materials that are baked."""
        slots = (slot for obj in self.sources for slot in obj.material_slots)
        chosen = (slot for index, slot in enumerate(slots) if not self.slots or index in self.slots)
        return {slot.material for slot in chosen if slot.material}

    @property
    def all_objects(self) -> tuple[Object, ...]:
        """All objects that take part."""
        cages = tuple(one.cage for one in self.projections if one.cage)
        return tuple(dict.fromkeys((*self.objects, *self.sources, *cages)))

    @property
    def provenance(self) -> dict[str, str]:
        """Provenance of maps that several objects share, or that show high objects; empty for others."""
        several = {"objects": _names(self.objects)} if len(self.objects) > 1 else {}
        return {**several, **({"high": _names(self.sources)} if self.projections else {})}

    def to_json(self, name_of: Callable[[Object], str]) -> dict[str, Any]:
        """The set for another process, with a name for each object."""
        text = json.dumps(vars(self), default=lambda one: name_of(one) if isinstance(one, Object) else vars(one))
        return json.loads(text)

    @classmethod
    def from_json(cls, about: Mapping[str, Any], objects: Mapping[str, Object]) -> BakeSet:
        """The set of `to_json`, of objects by name."""
        chosen = tuple(objects[name] for name in about["objects"])
        projections = []
        for one in about["projections"]:
            cage = objects[one["cage"]] if one["cage"] else None
            projections.append(
                HighToLow(**{**one, "highs": tuple(objects[name] for name in one["highs"]), "cage": cage})
            )
        own = {"objects": chosen, "projections": tuple(projections), "slots": tuple(about["slots"])}
        return cls(**{**about, **own})


def _names(objects: Sequence[Object]) -> str:
    return ", ".join(item.name for item in objects)


def check_set(bake_set: BakeSet, options: BakeOptions) -> list[str]:
    """Name of each object's UV map to bake to. Raise ParameterError, with a remedy, if baking cannot work."""
    for one in bake_set.projections:
        for high in one.highs:
            check_high(high, needs_material=options.need_materials)
        if one.cage:
            one.cage.update_from_editmode()
    needs_material = not bake_set.projections
    return [check(obj, options, needs_material=needs_material, slots=bake_set.slots) for obj in bake_set.objects]


def provenance_of(image: Image) -> Mapping[str, Any]:
    """Provenance of a baked image; empty for others."""
    return _parse(str(image.get(BAKED, "{}")))


@lru_cache(maxsize=4096)  # panels ask at every redraw
def _parse(text: str) -> Mapping[str, Any]:
    with suppress(ParameterError):  # changed by hand
        found = parse_json(text, BAKED, kind=ParameterError)
        if (
            isinstance(found, dict)
            and "object" in found
            and all(isinstance(found.get(name, ""), str) for name in TEXTS)
        ):
            return found
    return {}


def _candidates(context: Context, targets: BakeTargets) -> list[Object]:
    """Objects that are to be baked, the active one first. Raise ParameterError if none was baked before."""
    if targets.objects == CHOSEN:
        return sorted(context.selected_objects, key=lambda item: item != context.active_object)
    abouts = [about for image in bpy.data.images if (about := provenance_of(image))]
    names = {name for about in abouts for name in about.get("objects", about["object"]).split(", ")}
    found = [item for item in context.scene.objects if item.name in names]
    if not found:
        raise ParameterError("No object of the scene has baked images", "choose Selected, and bake some")
    return sorted(found, key=lambda item: item != context.active_object)


def chosen_sets(
    context: Context, targets: BakeTargets, *, need_materials: bool = True
) -> tuple[list[BakeSet], Sequence[str]]:
    """Sets to bake of the selected objects, or of those that were baked before, and notes on those that are left out.

    need_materials: the maps show what materials are set to. Raise ParameterError if there is none. Cheap enough for
    a panel.
    """
    projections: list[HighToLow] = []
    if targets.surface == SELECTED:
        low, projection, notes = _selected_to_active(context, targets)
        objects, projections = [low], [projection]
    elif targets.surface == NAMED:
        objects, projections = _by_names(context, targets)
        notes = []
    else:
        candidates = _candidates(context, targets)
        objects, notes = chosen_objects(context, candidates, needs_material=need_materials)
    if targets.target == ONE:
        return [BakeSet.of(*objects, projections=projections, use_tiles=targets.use_tiles)], notes
    own = [projections[at : at + 1] for at in range(len(objects))]
    sets = [
        BakeSet.of(item, projections=one, use_tiles=targets.use_tiles) for item, one in zip(objects, own, strict=True)
    ]
    return sets, notes


def _selected_to_active(context: Context, targets: BakeTargets) -> tuple[Object, HighToLow, list[str]]:
    """The active object, the others on it, and notes on those that have no surface to show."""
    low = context.active_object
    check_object(low, needs_material=False)
    base = base_of(low.name, targets.low_suffix) or low.name.lower()
    cage = _cage_for(low, _meshes_by_base(context, targets.cage_suffix).get(base, ()))
    highs, notes = [], []
    for item in context.selected_objects:
        try:
            check_mesh(item)
            highs += [item] if item not in (low, cage) else []
        except ParameterError as error:
            notes.append(Message("left out: {}", error.message))
    if not highs:
        raise ParameterError("No other mesh is selected", "select the high objects, and {} last", low.name)
    return low, HighToLow(tuple(highs), cage, targets.extrusion, targets.ray_distance), notes


def _by_names(context: Context, targets: BakeTargets) -> tuple[list[Object], list[HighToLow]]:
    """The low objects, the active one first, and for each the high objects of its name, hidden ones too."""
    targets.check_suffixes()
    candidates = [item for item in _candidates(context, targets) if item.type == "MESH"]
    lows = [item for item in candidates if base_of(item.name, targets.low_suffix)]
    if not lows:
        message = "No selected mesh has {} in its name"
        raise ParameterError(message, "select the low objects, or change Low Suffix", targets.low_suffix)
    highs, cages = (_meshes_by_base(context, suffix) for suffix in (targets.high_suffix, targets.cage_suffix))
    projections = []
    for low in lows:
        check_object(low, needs_material=False)
        base = base_of(low.name, targets.low_suffix)
        if base not in highs:
            name = f"{low.name[: len(base)]}{targets.high_suffix}"
            raise ParameterError("{} has no high object", "call one {}, or change High Suffix", low.name, name)
        cage = _cage_for(low, cages.get(base, ()))
        projections.append(HighToLow(tuple(highs[base]), cage, targets.extrusion, targets.ray_distance))
    return lows, projections


def _meshes_by_base(context: Context, suffix: str) -> dict[str, list[Object]]:
    """The scene's meshes with a suffix, by what is before it."""
    found: dict[str, list[Object]] = {}
    for item in context.scene.objects:
        if item.type == "MESH" and suffix and (base := base_of(item.name, suffix)):
            found.setdefault(base, []).append(item)
    return found


def _cage_for(low: Object, cages: Sequence[Object]) -> Object | None:
    """The cage with the low object's number, else the first."""
    number = low.name.rpartition(".")[2]
    return next((one for one in cages if one.name.rpartition(".")[2] == number), next(iter(cages), None))
