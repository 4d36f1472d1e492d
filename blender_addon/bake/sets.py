# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of maps to bake: the objects that share each of them. Panels ask too, so NumPy is not imported here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bpy.types import Context, Object

from .checks import check, chosen_objects
from .settings import BakeOptions
from .targets import ONE, BakeTargets


@dataclass(frozen=True)
class BakeSet:
    """One set of maps and the objects that share it. title: name of its images, material and files."""

    title: str
    objects: tuple[Object, ...]

    @classmethod
    def of(cls, *objects: Object) -> BakeSet:
        """The set of these objects, named after the first."""
        return cls(objects[0].name, objects)

    @property
    def all_objects(self) -> tuple[Object, ...]:
        """All objects that take part."""
        return self.objects

    @property
    def provenance(self) -> dict[str, str]:
        """Provenance that a single object's maps do not need."""
        return {"objects": ", ".join(item.name for item in self.objects)} if len(self.objects) > 1 else {}

    def to_json(self, name_of: Callable[[Object], str]) -> dict[str, Any]:
        """The set for another process, with a name for each object."""
        return {"title": self.title, "objects": [name_of(item) for item in self.objects]}

    @classmethod
    def from_json(cls, about: Mapping[str, Any], objects: Mapping[str, Object]) -> BakeSet:
        """The set of `to_json`, of objects by name."""
        return cls(about["title"], tuple(objects[name] for name in about["objects"]))

    @property
    def sources(self) -> tuple[Object, ...]:
        """Objects whose materials are baked."""
        return self.objects


def check_set(given: BakeSet, options: BakeOptions) -> list[str]:
    """The UV map of each object to bake to. ParameterError, which names the remedy, where baking cannot work."""
    return [check(obj, options) for obj in given.objects]


def chosen_sets(context: Context, targets: BakeTargets) -> tuple[list[BakeSet], Sequence[str]]:
    """Sets to bake of the selected objects, and notes on those that are left out.

    ParameterError where there is none. Cheap enough for a panel.
    """
    objects, notes = chosen_objects(context)
    if targets.target == ONE:
        return [BakeSet.of(*objects)], notes
    return [BakeSet.of(item) for item in objects], notes
