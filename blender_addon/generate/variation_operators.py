# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that make four variations and choose one of them."""

from __future__ import annotations

import bpy
from bpy.props import IntProperty

from ..jobs.operator import TaskOperator, poll, tell
from ..jobs.task import Report, Task
from . import variations
from .shown_recipe import show_recipe


class IMPASTO_OT_variations(TaskOperator, bpy.types.Operator):
    """Make what the panel is set to with four other seeds, and show the results scaled down"""

    bl_idname = "impasto.variations"
    bl_label = "Four Variations"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        return variations.why_not(context)

    def task(self, context: bpy.types.Context) -> Task:
        return variations.task(context)


class IMPASTO_OT_pick_variation(bpy.types.Operator):
    """Take the seed of this variation, or all that a match found for it, and keep it"""

    bl_idname = "impasto.pick_variation"
    bl_label = "Pick Variation"
    bl_options = {"UNDO"}  # noqa: RUF012  as Blender wants it

    index: IntProperty(name="Index", description="Which of the four, from 0", min=0, max=variations.COUNT - 1)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll(cls, "" if variations.shown(context) else "Make four variations first")

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings, variation = context.scene.impasto, variations.shown(context)[self.index]
        if variation.recipe is not None:
            show_recipe(context.scene, variation.recipe)
        settings.seed, settings.lock_seed = variation.seed, True
        return tell(self, Report("INFO", f"The seed is {settings.seed}"))


CLASSES = (IMPASTO_OT_variations, IMPASTO_OT_pick_variation)
