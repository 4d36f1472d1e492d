# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to bake: objects, options, targets. It is carried out here or in a background Blender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ..bridge import materials
from ..bridge.target import Target
from ..jobs.session import jobs
from ..jobs.task import Report, Task
from ..paths import absolute
from . import process, results
from .checks import MAPS, BakeOptions, check, chosen_objects
from .maps import BakedMap, bake_maps
from .sources import sources_of, with_recipes

OPTIONS = ("width_px", "height_px", "margin_px", "margin_type", "samples", "uv_map")
SETTINGS = ("maps", *OPTIONS, "material", "out_dir", "replace")
"""Names of the scene's settings, which are also the operator's properties."""


def options_of(chosen: Mapping[str, Any]) -> BakeOptions:
    """Options from settings by name."""
    maps = tuple(name for name in MAPS if name in chosen["maps"])
    return BakeOptions(maps, unit_m=materials.unit_m(), **{name: chosen[name] for name in OPTIONS})


@dataclass(frozen=True)
class BakeRequest:
    """Objects, options and targets of a bake. notes: remarks for the user."""

    objects: Sequence[bpy.types.Object]
    options: BakeOptions
    targets: Sequence[Target]
    folder: Path | None = None
    replace: bool = False
    notes: Sequence[str] = ()

    @classmethod
    def from_scene(cls, context: bpy.types.Context, given: Mapping[str, Any]) -> BakeRequest:
        """The panel's request; `given` overrides its settings. ImpastoError if nothing can be baked."""
        chosen = {name: getattr(context.scene.impasto_bake, name) for name in SETTINGS} | dict(given)
        objects, notes = chosen_objects(context)
        return cls(
            objects,
            options_of(chosen),
            [results.target_of(obj, chosen["material"]) for obj in objects],
            Path(absolute(chosen["out_dir"])) if chosen["out_dir"] else None,
            chosen["replace"],
            notes,
        )

    def carry_out(self) -> Report:
        """Bake now, and wait.

        While a worker's threads run, a background Blender does it: Cycles is called within `temp_override`, which
        crashes beside them (see `jobs.session.push_undo`).
        """
        if jobs.clients:
            return jobs.finish(self.task())
        baked = [with_recipes(list(bake_maps(obj, self.options)), sources_of(obj)) for obj in self.objects]
        return self._put(self._saved(baked))

    def task(self) -> Task:
        """The task that has a Blender in the background bake each object."""
        for obj in self.objects:
            check(obj, self.options)
        sources = [sources_of(obj) for obj in self.objects]
        given = process.prepare_all(self.objects, self.options)

        def work(task: Task) -> list[list[BakedMap]]:
            maps = process.bake_all(task, given)
            return self._saved([with_recipes(*one) for one in zip(maps, sources, strict=True)])

        return Task("Bake", work, self._put)

    def _saved(self, baked: list[list[BakedMap]]) -> list[list[BakedMap]]:
        """Write the maps as files too, if a folder is set; return them."""
        if self.folder:
            for maps in baked:
                results.save(maps, self.folder, replace=self.replace)
        return baked

    def _put(self, baked: list[list[BakedMap]]) -> Report:
        """Make images and materials of the maps."""
        return results.put(list(zip(baked, self.targets, strict=True)), self.notes)
