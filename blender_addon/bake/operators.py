# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to bake: objects, options, targets. It is carried out here or in a background Blender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import bpy

from ..bridge.target import NEW, Target
from ..core.errors import Cancelled, ParameterError
from ..jobs.operator import TaskOperator
from ..jobs.session import jobs
from ..jobs.task import Place, Task, TaskReport
from ..paths import absolute
from ..tools.form import values_in, values_over
from ..tools.packed_files import PackedFiles
from . import results
from .files import PNG, SEPARATE, check_names, packed_files
from .fingerprints import kept_images
from .objects.sets import BakeSet, check_set, chosen_sets
from .objects.warnings import object_warnings
from .process import background
from .process.costs import check_memory
from .render.baked_maps import BakedMap, bake_set
from .settings import BakeOptions, BakeOutput, BakeProperties, BakeTargets
from .sources.provenance import BakeSources, sources_of, with_recipes


@dataclass(frozen=True)
class BakeRequest:
    """Sets of objects, options, targets and output of a bake. notes: remarks for the user."""

    sets: Sequence[BakeSet]
    options: BakeOptions
    targets: Sequence[Target]
    output: BakeOutput = field(default_factory=BakeOutput)
    notes: Sequence[str] = ()

    @classmethod
    def from_scene(cls, context: bpy.types.Context, operator: bpy.types.Operator) -> BakeRequest:
        """The panel's request; the operator's properties override it. Raise ImpastoError if nothing can be baked."""
        settings = context.scene.impasto_bake
        output = BakeOutput(**values_over(BakeOutput, settings, operator))
        check_names(output.pattern)
        options = BakeOptions.of(settings, operator)
        targets = BakeTargets(**values_over(BakeTargets, settings, operator))
        sets, notes = chosen_sets(context, targets, need_materials=options.need_materials)
        context.view_layer.update()  # a script may just have moved or scaled something
        assigns = output.material == NEW
        notes = [*notes, *(warning.text for one in sets for warning in object_warnings(one, assigns=assigns))]
        return cls(sets, options, [results.target_of(one, output.material) for one in sets], output, notes)

    @property
    def folder(self) -> Path | None:
        """Folder for files of the maps, if they are wanted."""
        return Path(absolute(self.output.out_dir)) if self.output.out_dir else None

    def carry_out(self) -> TaskReport:
        """Bake now, and wait.

        While a worker's threads run, a background Blender does it: Cycles is called within `temp_override`, which
        crashes beside them (see `jobs.session.push_undo`). Files for an engine are written by a task, too.
        """
        if jobs.clients or self._packs:
            return jobs.finish(self.task())
        check_memory(self.sets, self.options)
        known = self._known()
        maps = [list(bake_set(one, self.options, known)) for one in self.sets]
        sources = [sources_of(one.materials) for one in self.sets]
        return self._put(self._save(_finished(maps, sources, known)))

    def task(self) -> Task:
        """The task that has a Blender in the background bake the sets."""
        for one in self.sets:
            check_set(one, self.options)
        check_memory(self.sets, self.options)
        sources = [sources_of(one.materials) for one in self.sets]
        packed = self._packed_files()
        known = self._known()
        prepared = background.prepare(self.sets, self.options, known)

        def work(task: Task) -> list[list[BakedMap]]:
            maps = background.bake_all(task, prepared)
            task.say("Keeping the maps", 1.0)
            if task.is_cancelled:
                raise Cancelled
            baked = _finished(maps, sources, known)
            if packed is None:
                return self._save(baked)
            for one in baked:
                results.pack(task, one, packed)
            return baked

        return Task("Bake", work, self._put)

    def _known(self) -> dict[str, bytes]:
        """Maps that need not be baked again, by fingerprint, with their files where these are wanted.

        Files of tiles and of other formats than PNG are not in the .blend: then all maps are baked.
        """
        of_others = self.options.file_format != PNG and not self._packs
        if not self.output.only_changed or (self.folder and (of_others or any(one.use_tiles for one in self.sets))):
            return {}
        return {
            name: image.packed_files[0].packed_file.data if self.folder else b""
            for name, image in kept_images().items()
        }

    @property
    def _packs(self) -> bool:
        """Whether the files are those that an engine expects."""
        return self.folder is not None and self.output.preset != SEPARATE

    def _packed_files(self) -> PackedFiles | None:
        """Files for an engine, if they are wanted. Raise ParameterError for a format or tiles that it does not take."""
        if self.folder is None or not self._packs:
            return None
        if any(one.use_tiles for one in self.sets):
            raise ParameterError("files for an engine have no UDIM tiles", "choose one file for each map")
        return packed_files(self.folder, self.output.preset, self.options.file_format, replace=self.output.replace)

    def _save(self, baked: list[list[BakedMap]]) -> list[list[BakedMap]]:
        """Write the maps as files too, if a folder is set; return them."""
        if self.folder:
            for maps in baked:
                results.save(maps, self.folder, pattern=self.output.pattern, replace=self.output.replace)
        return baked

    def _put(self, baked: list[list[BakedMap]]) -> TaskReport:
        """Make images and materials of the maps."""
        return results.put(list(zip(baked, self.targets, strict=True)), self.notes)


def _finished(
    maps: Sequence[Sequence[BakedMap]], sources: Sequence[BakeSources], known: Mapping[str, bytes]
) -> list[list[BakedMap]]:
    """The maps of each set, the new ones with their recipes, the others with their files."""
    return [
        [replace(one, png=known[one.provenance["fingerprint"]]) if one.is_kept else one for one in with_recipes(*pair)]
        for pair in zip(maps, sources, strict=True)
    ]


class IMPASTO_OT_bake(BakeProperties, TaskOperator, bpy.types.Operator):
    """Bake the selected objects' materials to new images, each object on its own UVs"""

    bl_label = "Bake Maps"
    place = Place.BAKE
    needs_engine = False

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        settings = context.scene.impasto_bake
        options = BakeOptions.of(settings)
        targets = BakeTargets(**values_in(BakeTargets, settings))
        chosen_sets(context, targets, need_materials=options.need_materials)
        return ""

    def do(self, context: bpy.types.Context) -> TaskReport:
        return self._request(context).carry_out()

    def task(self, context: bpy.types.Context) -> Task:
        return self._request(context).task()

    def _request(self, context: bpy.types.Context) -> BakeRequest:
        return BakeRequest.from_scene(context, self)
