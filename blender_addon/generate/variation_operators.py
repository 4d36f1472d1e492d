# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that make four variations, take one of them, and make more like those that are liked."""

from __future__ import annotations

import bpy
from bpy.props import FloatProperty, IntProperty, StringProperty

from ..bridge.inputs import recipe_called
from ..core.errors import ParameterError
from ..jobs.operator import InstantOperator, TaskOperator, poll, report_result
from ..jobs.task import Task, TaskReport, error_report
from ..tools.arguments import given_properties, parse_names
from . import favourites, variations
from .shown_recipe import show_recipe


class IMPASTO_OT_variations(TaskOperator, bpy.types.Operator):
    """Make what the panel is set to with four other seeds, and show the results scaled down"""

    bl_label = "Four Variations"

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return variations.live.poll_message(context)

    def task(self, context: bpy.types.Context) -> Task:
        return variations.task(context)


class OfVariation(InstantOperator):
    """Mixin: an operator on one of the latest variations."""

    index: IntProperty(name="Index", description="Which of the four, from 0", min=0, max=variations.COUNT - 1)

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if variations.latest_variations(context) else "Make four variations first"

    def chosen_variation(self, context: bpy.types.Context) -> variations.Variation:
        """The variation; the last one, if there are not as many yet."""
        shown = variations.latest_variations(context)
        return shown[min(self.index, len(shown) - 1)]


class IMPASTO_OT_pick_variation(OfVariation, bpy.types.Operator):
    """Take the seed of this variation, or all that a match found for it, and keep it"""

    bl_label = "Pick Variation"

    def do(self, context: bpy.types.Context) -> TaskReport:
        settings, variation = context.scene.impasto, self.chosen_variation(context)
        if not variation.is_of_panel:
            show_recipe(context.scene, variation.recipe)
            settings.found_for = variations.latest_subject()
        settings.seed, settings.lock_seed = variation.seed, True
        return TaskReport("INFO", f"The seed is {settings.seed}")


class IMPASTO_OT_favourite(OfVariation, bpy.types.Operator):
    """Like this variation, or no longer: More Like This makes others that resemble the favourites"""

    bl_label = "Favourite"
    bl_options = {"REGISTER"}  # noqa: RUF012  favourites are of the session

    def do(self, context: bpy.types.Context) -> TaskReport:
        variation = self.chosen_variation(context)
        if variation.needs_source:
            raise ParameterError("variations of a source cannot be mixed", "vary a material that needs no source")
        favourites.toggle(variation.recipe)
        return TaskReport("INFO", f"Favourites: {len(favourites.favourites())}")


class IMPASTO_OT_clear_favourites(bpy.types.Operator):
    """Forget all favourites; their materials stay"""

    bl_label = "Clear Favourites"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return poll(cls, "" if favourites.favourites() else "There are no favourites")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        favourites.clear()
        return {"FINISHED"}


class IMPASTO_OT_lock_parameter(bpy.types.Operator):
    """Keep this parameter as the favourites have it when More Like This mixes them, or let it vary again"""

    bl_label = "Lock Parameter"

    name: StringProperty(name="Name", description="Name of the parameter")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        try:
            favourites.toggle_lock(self.name)
        except ParameterError as error:
            return report_result(self, error_report(error))
        return {"FINISHED"}


class IMPASTO_OT_more_like(TaskOperator, bpy.types.Operator):
    """Make four variations that resemble the favourites: their parameters are mixed, and vary"""

    bl_label = "More Like This"

    favourites: StringProperty(
        name="Favourites",
        description='Materials or images that Impasto made, as a JSON list: ["lane", "road"]; empty: the panel\'s',
    )
    variety: FloatProperty(
        name="Variety", description="0: between the favourites; 1: far around them", default=0.5, min=0.0, max=1.0
    )
    locked: StringProperty(
        name="Locked",
        description='Parameters that keep their values, as a JSON list: ["color", "width_m"]; empty: the panel\'s',
    )

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if favourites.favourites() else "Mark a variation as favourite first"

    def task(self, context: bpy.types.Context) -> Task:
        variations.live.cancel()
        names = parse_names(self.favourites, "favourites")
        liked = [recipe_called(name) for name in names] or favourites.favourites()
        if not liked:
            raise ParameterError("there are no favourites", "mark a variation as favourite, or name materials")
        variety = given_properties(self, ("variety",)).get("variety", context.scene.impasto.variety)
        kept = parse_names(self.locked, "locked") or ([] if names else favourites.locked_parameters())
        return favourites.task(context, liked, variety, kept)
