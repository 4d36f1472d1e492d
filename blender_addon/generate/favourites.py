# SPDX-License-Identifier: GPL-3.0-or-later
"""Variations to choose from: their pictures, the buttons that pick, star and mix them, and the favourites."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import replace

import bpy
from bpy.props import FloatProperty, IntProperty, StringProperty

from ..bridge.inputs import recipe_called
from ..core.errors import Message, ParameterError
from ..core.recipe import Recipe
from ..core.system.untrusted import excerpt
from ..engine.catalogue import catalogue, properties_of
from ..interface import previews
from ..interface.drawing import ui_scale
from ..jobs.operator import InstantOperator, TaskOperator, poll, report_result
from ..jobs.session import jobs
from ..jobs.task import Task, TaskReport, error_report
from ..parameters.groups import drawn_parameters, label_of
from ..parameters.properties import MAX_INT
from ..tools.action import WorkerAction
from ..tools.form import given_properties, parse_names
from ..tools.panel import section
from . import variations
from .request import show_recipe, without_source
from .variations import Variation

MOST = 16
"""Most favourites; the core has the same limit."""


class _Favourites:
    """Favourite recipes by their JSON, the locked parameters, and the file that they belong to."""

    def __init__(self) -> None:
        self.recipes: dict[str, Recipe] = {}
        self.locked: set[str] = set()
        self.file_epoch = 0


_liked = _Favourites()


def favourites() -> tuple[Recipe, ...]:
    """Recipes of this file's favourites, the earliest first."""
    return tuple(_liked.recipes.values()) if _liked.file_epoch == jobs.file_epoch else ()


def toggle(recipe: Recipe) -> bool:
    """Toggle a recipe as favourite; return whether it is one now. Raise ParameterError if there are too many."""
    if _liked.file_epoch != jobs.file_epoch:
        clear()
    key = recipe.to_json()
    if _liked.recipes.pop(key, None):
        return False
    if len(_liked.recipes) >= MOST:
        raise ParameterError("there are {} favourites, and no more are taken", "clear them, or take one away", MOST)
    _liked.recipes[key] = recipe
    return True


def clear() -> None:
    """Forget all favourites and locks."""
    _liked.recipes, _liked.locked, _liked.file_epoch = {}, set(), jobs.file_epoch


def lockable() -> dict[str, str]:
    """Labels of the favourites' parameters that can be locked, by name."""
    tools = dict.fromkeys(step.tool for recipe in favourites() for step in _without_estimators(recipe).steps)
    known = [catalogue[tool] for tool in tools if tool in catalogue]
    return {name: label_of(name, properties_of(tool)[name]) for tool in known for name in drawn_parameters(tool)}


def locked_parameters() -> set[str]:
    """Names of the locked parameters, which keep the values of the leading favourite."""
    return _liked.locked & lockable().keys()


def toggle_lock(name: str) -> None:
    """Toggle the lock of a parameter. Raise ParameterError if no favourite has it."""
    if name not in lockable():
        message = "no favourite has a parameter {}"
        raise ParameterError(message, "see Locked Parameters in the panel for those that they have", excerpt(name))
    _liked.locked ^= {name}


def task(context: bpy.types.Context, liked: Sequence[Recipe], variety: float, locked: Collection[str]) -> Task:
    """Task that makes four variations like these recipes, and shows each as it comes, in place of the latest."""
    name = variations.latest_name() or context.scene.impasto.tool
    parents = [_without_estimators(recipe) for recipe in liked]
    values = {"favourites": parents, "variety": variety, "locked": sorted(locked)}
    search = WorkerAction(kind="more-like", values=values)
    count, subject = variations.COUNT, variations.latest_subject()
    first = random.randrange((MAX_INT - count) // len(parents)) * len(parents)
    seeds = range(first, first + count)  # the favourites take turns as the leading one
    return variations.task_of_matches("More like this", name, subject, seeds, without_source(context), search)


def _without_estimators(recipe: Recipe) -> Recipe:
    """The recipe without the record of its run and without estimators at its end: those are set in the panel."""
    steps = list(recipe.steps)
    while len(steps) > 1 and catalogue[steps[-1].tool]["kind"] == "estimator":
        steps.pop()
    return replace(recipe, steps=tuple(steps), inputs={}, made_with={})


unregister = clear


def register() -> None:
    """Begin without favourites."""
    clear()


SIDE_PX, SCALE = 210, 10.0
"""Width of a picture at a resolution scale of 1, and its size in button heights."""


def draw_grid(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup, entries: Sequence[Variation]) -> None:
    """Draw variations, as many in a row as there is room for.

    settings: the Impasto panel's; its seed marks the chosen variation.
    """
    repeats = 2 if settings.tile_preview else 1
    region = bpy.context.region
    columns = max(1, int(region.width / (SIDE_PX * ui_scale()))) if region else 2
    grid = layout.grid_flow(row_major=True, columns=min(columns, 4), even_columns=True)
    for index, variation in enumerate(entries):
        column = grid.column(align=True)
        column.template_icon(previews.icon_of_pixels(f"variation {index}", variation.pixels, repeats), scale=SCALE)
        row = column.row(align=True)
        button = row.operator("impasto.pick_variation", text="Pick", depress=variation.seed == settings.seed)
        button.index = index
        if not variation.needs_source:
            is_liked = variation.recipe in favourites()
            icon = "SOLO_ON" if is_liked else "SOLO_OFF"
            row.operator("impasto.favourite", text="", icon=icon, depress=is_liked).index = index
    if any(not variation.needs_source for variation in entries) and favourites():
        _draw_more_like(layout, settings)


def _draw_more_like(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Draw the button that makes more like the favourites, their variety, and a lock for each of their parameters."""
    column = layout.column(align=True)
    row = column.row(align=True)
    row.operator("impasto.more_like", icon="SOLO_ON")
    row.operator("impasto.clear_favourites", text="", icon="X")
    column.prop(settings, "variety", slider=True)
    if (body := section(layout, "impasto_locks", "Locked Parameters", closed=True)) is None:
        return
    locked = locked_parameters()
    grid = body.grid_flow(columns=2, even_columns=True, align=True)
    for name, label in lockable().items():
        is_locked = name in locked
        icon = "LOCKED" if is_locked else "UNLOCKED"
        grid.operator("impasto.lock_parameter", text=label, icon=icon, depress=is_locked).name = name


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
        """The variation of this index; the last one while there are fewer."""
        latest = variations.latest_variations(context)
        return latest[min(self.index, len(latest) - 1)]


class IMPASTO_OT_pick_variation(OfVariation, bpy.types.Operator):
    """Take the seed of this variation, or all that a match found for it, and keep it"""

    bl_label = "Pick Variation"

    def do(self, context: bpy.types.Context) -> TaskReport:
        settings, variation = context.scene.impasto, self.chosen_variation(context)
        if not variation.is_of_panel:
            show_recipe(context.scene, variation.recipe)
            settings.found_for = variations.latest_subject()
        settings.seed, settings.lock_seed = variation.seed, True
        return TaskReport("INFO", Message("The seed is {}", settings.seed))


class IMPASTO_OT_favourite(OfVariation, bpy.types.Operator):
    """Like this variation, or no longer: More Like This makes others that resemble the favourites"""

    bl_label = "Favourite"
    bl_options = {"REGISTER"}  # noqa: RUF012  favourites are of the session

    def do(self, context: bpy.types.Context) -> TaskReport:
        variation = self.chosen_variation(context)
        if variation.needs_source:
            raise ParameterError("variations of a source cannot be mixed", "vary a material that needs no source")
        toggle(variation.recipe)
        return TaskReport("INFO", Message("Favourites: {}", len(favourites())))


class IMPASTO_OT_clear_favourites(bpy.types.Operator):
    """Forget all favourites; their materials stay"""

    bl_label = "Clear Favourites"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return poll(cls, "" if favourites() else "There are no favourites")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        clear()
        return {"FINISHED"}


class IMPASTO_OT_lock_parameter(bpy.types.Operator):
    """Keep this parameter as the favourites have it when More Like This mixes them, or let it vary again"""

    bl_label = "Lock Parameter"

    name: StringProperty(name="Name", description="Name of the parameter")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        try:
            toggle_lock(self.name)
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
        return "" if favourites() else "Mark a variation as favourite first"

    def task(self, context: bpy.types.Context) -> Task:
        variations.live.cancel()
        names = parse_names(self.favourites, "favourites")
        liked = [recipe_called(name) for name in names] or favourites()
        if not liked:
            raise ParameterError("there are no favourites", "mark a variation as favourite, or name materials")
        variety = given_properties(self, ("variety",)).get("variety", context.scene.impasto.variety)
        locked = parse_names(self.locked, "locked") or ([] if names else locked_parameters())
        return task(context, liked, variety, locked)
