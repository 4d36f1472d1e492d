# SPDX-License-Identifier: GPL-3.0-or-later
"""Bake: the selected objects' materials, procedural or not, to images on their own UVs."""

from __future__ import annotations

import bpy

from ..jobs.operator import TaskOperator
from ..jobs.task import Place, Task, TaskReport
from ..tools.form import values_in
from .objects.sets import chosen_sets
from .request import BakeRequest
from .settings import BakeOptions, BakeProperties
from .targets import BakeTargets


class IMPASTO_OT_bake(BakeProperties, TaskOperator, bpy.types.Operator):
    """Bake the selected objects' materials to new images, each object on its own UVs"""

    bl_label = "Bake Maps"
    place = Place.BAKE
    needs_engine = False

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        settings = context.scene.impasto_bake
        options = BakeOptions.from_properties(values_in(BakeOptions, settings))
        targets = BakeTargets(**values_in(BakeTargets, settings))
        chosen_sets(context, targets, need_materials=options.need_materials)
        return ""

    def do(self, context: bpy.types.Context) -> TaskReport:
        return self._request(context).carry_out()

    def task(self, context: bpy.types.Context) -> Task:
        return self._request(context).task()

    def _request(self, context: bpy.types.Context) -> BakeRequest:
        return BakeRequest.from_scene(context, self)
