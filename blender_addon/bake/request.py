# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to bake: objects, options, targets. It is carried out here or in a background Blender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..bridge.target import Target
from ..jobs.session import jobs
from ..jobs.task import Report, Task
from ..paths import absolute
from ..tools.arguments import values_over
from . import process, results
from .maps import BakedMap, bake_set
from .sets import BakeSet, check_set, chosen_sets
from .settings import BakeOptions, BakeOutput
from .sources import sources_of, with_recipes
from .targets import BakeTargets


@dataclass(frozen=True)
class BakeRequest:
    """Sets of objects, options and targets of a bake. notes: remarks for the user."""

    sets: Sequence[BakeSet]
    options: BakeOptions
    targets: Sequence[Target]
    folder: Path | None = None
    replace: bool = False
    notes: Sequence[str] = ()

    @classmethod
    def from_scene(cls, context: bpy.types.Context, operator: bpy.types.Operator) -> BakeRequest:
        """The panel's request; the operator's properties override it. ImpastoError if nothing can be baked."""
        settings = context.scene.impasto_bake
        output = BakeOutput(**values_over(BakeOutput, settings, operator))
        sets, notes = chosen_sets(context, BakeTargets(**values_over(BakeTargets, settings, operator)))
        return cls(
            sets,
            BakeOptions.from_properties(values_over(BakeOptions, settings, operator)),
            [results.target_of(one, output.material) for one in sets],
            Path(absolute(output.out_dir)) if output.out_dir else None,
            output.replace,
            notes,
        )

    def carry_out(self) -> Report:
        """Bake now, and wait.

        While a worker's threads run, a background Blender does it: Cycles is called within `temp_override`, which
        crashes beside them (see `jobs.session.push_undo`).
        """
        if jobs.clients:
            return jobs.finish(self.task())
        baked = [with_recipes(list(bake_set(one, self.options)), sources_of(*one.sources)) for one in self.sets]
        return self._put(self._save(baked))

    def task(self) -> Task:
        """The task that has a Blender in the background bake the sets."""
        for one in self.sets:
            check_set(one, self.options)
        sources = [sources_of(*one.sources) for one in self.sets]
        given = process.prepare(self.sets, self.options)

        def work(task: Task) -> list[list[BakedMap]]:
            maps = process.bake_all(task, given)
            return self._save([with_recipes(*one) for one in zip(maps, sources, strict=True)])

        return Task("Bake", work, self._put)

    def _save(self, baked: list[list[BakedMap]]) -> list[list[BakedMap]]:
        """Write the maps as files too, if a folder is set; return them."""
        if self.folder:
            for maps in baked:
                results.save(maps, self.folder, replace=self.replace)
        return baked

    def _put(self, baked: list[list[BakedMap]]) -> Report:
        """Make images and materials of the maps."""
        return results.put(list(zip(baked, self.targets, strict=True)), self.notes)
