# SPDX-License-Identifier: GPL-3.0-or-later
"""Bake: the active object's materials, procedural or not, to images on its own UVs."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..bridge import materials
from ..core.errors import ImpastoError
from ..jobs.operator import TaskOperator, poll, tell, why_busy_or_rendering, why_not_clicked
from ..jobs.session import jobs
from ..jobs.task import Place, Report, Task
from ..paths import absolute
from . import process, results
from .checks import MAPS, BakeOptions, check, chosen_objects
from .maps import BakedMap, bake_maps
from .request import Plan
from .settings import BakeProperties
from .sources import labelled, sources_of


class IMPASTO_OT_bake(BakeProperties, TaskOperator, bpy.types.Operator):
    """Bake the selected objects' materials to new images, each object on its own UVs"""

    bl_idname = "impasto.bake"
    bl_label = "Bake Maps"
    place = Place.BAKE

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        try:
            chosen_objects(context)
        except ImpastoError as error:
            return str(error)
        return ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll(cls, ("" if bpy.app.background else why_busy_or_rendering()) or why_not_clicked(cls, context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Bake here and now; for scripts, and wherever there is no window.

        Where a worker's threads run, a Blender of its own does it, as Cycles is called within `temp_override`, which
        crashes beside them (see `jobs.push_undo`).
        """
        if jobs.clients:
            return super().execute(context)
        try:
            plan, objects = self._plan(context)
            baked = [labelled(list(bake_maps(obj, plan.options)), sources_of(obj)) for obj in objects]
            report = plan.put(plan.save(baked))
        except ImpastoError as error:
            report = Report("ERROR", str(error))
        return tell(self, report)

    def task(self, context: bpy.types.Context) -> Task:
        """The same in a Blender in the background for each object, which a click in a window starts."""
        plan, objects = self._plan(context)
        for obj in objects:
            check(obj, plan.options)
        sources = [sources_of(obj) for obj in objects]
        given = process.hand_over(objects, plan.options)

        def work(task: Task) -> list[list[BakedMap]]:
            maps = process.bake_all(task, given)
            return plan.save([labelled(*one) for one in zip(maps, sources, strict=True)])

        return Task("Bake", work, plan.put)

    def _plan(self, context: bpy.types.Context) -> tuple[Plan, list[bpy.types.Object]]:
        objects, notes = chosen_objects(context)
        targets = [results.target_of(obj, self._value(context, "material")) for obj in objects]
        folder = self._value(context, "out_dir")
        path = Path(absolute(folder)) if folder else None
        return Plan(self._options(context), targets, path, self._value(context, "replace"), notes), objects

    def _options(self, context: bpy.types.Context) -> BakeOptions:
        names = ("width_px", "height_px", "margin_px", "margin_type", "samples", "uv_map")
        chosen = self._value(context, "maps")
        maps = tuple(name for name in MAPS if name in chosen)
        return BakeOptions(maps, unit_m=materials.unit_m(), **{name: self._value(context, name) for name in names})

    def _value(self, context: bpy.types.Context, name: str) -> object:
        """A property as the call gives it, else as the scene is set to."""
        source = self if self.properties.is_property_set(name) else context.scene.impasto_bake
        return getattr(source, name)


CLASSES = (IMPASTO_OT_bake,)
