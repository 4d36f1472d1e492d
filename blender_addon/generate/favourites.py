# SPDX-License-Identifier: GPL-3.0-or-later
"""Favourites among the variations, of one round or several, and further variations that resemble them."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import replace

import bpy

from ..core.errors import ParameterError
from ..core.recipe import Recipe
from ..core.system.untrusted import excerpt
from ..engine.catalogue import catalogue, properties_of
from ..jobs.session import jobs
from ..jobs.task import Task
from ..parameters.groups import drawn_parameters
from ..parameters.properties import MAX_INT
from ..parameters.schemas import label_of
from ..tools.action import WorkerAction
from . import variations
from .request import without_source

MOST = 16
"""Limit of favourites, which is the core's."""


class _Favourites:
    """Recipes that are liked, as JSON, the parameters that they keep, and the file in which they are."""

    def __init__(self) -> None:
        self.recipes: dict[str, Recipe] = {}
        self.locked: set[str] = set()
        self.file_epoch = 0


_liked = _Favourites()


def favourites() -> tuple[Recipe, ...]:
    """Recipes of this file's favourites, the earliest first."""
    return tuple(_liked.recipes.values()) if _liked.file_epoch == jobs.file_epoch else ()


def is_favourite(variation: variations.Variation) -> bool:
    """Whether a variation is one of them."""
    return variation.recipe in favourites()


def toggle(recipe: Recipe) -> bool:
    """Make a recipe a favourite, or no longer one; return whether it is. ParameterError if there are too many."""
    if _liked.file_epoch != jobs.file_epoch:
        clear()
    key = recipe.to_json()
    if _liked.recipes.pop(key, None):
        return False
    if len(_liked.recipes) >= MOST:
        raise ParameterError(f"there are {MOST} favourites, and no more are taken", "clear them, or take one away")
    _liked.recipes[key] = recipe
    return True


def clear() -> None:
    """Forget all favourites, and what they keep."""
    _liked.recipes, _liked.locked, _liked.file_epoch = {}, set(), jobs.file_epoch


def lockable() -> dict[str, str]:
    """Labels, by name, of the parameters that the favourites can keep: those that vary."""
    tools = dict.fromkeys(step.tool for recipe in favourites() for step in _without_estimators(recipe).steps)
    known = [catalogue[tool] for tool in tools if tool in catalogue]
    return {name: label_of(name, properties_of(tool)[name]) for tool in known for name in drawn_parameters(tool)}


def locked_parameters() -> set[str]:
    """Names of the parameters that keep the values of the leading favourite."""
    return _liked.locked & lockable().keys()


def toggle_lock(name: str) -> None:
    """Lock a parameter, or let it vary again. ParameterError if no favourite has it."""
    if name not in lockable():
        raise ParameterError(
            f"no favourite has a parameter {excerpt(name)}",
            "see Locked Parameters in the panel for those that they have",
        )
    _liked.locked ^= {name}


def task(context: bpy.types.Context, liked: Sequence[Recipe], variety: float, kept: Collection[str]) -> Task:
    """Task that makes four variations like these, shown as they come where the latest were shown."""
    name = variations.latest_name() or context.scene.impasto.tool
    parents = [_without_estimators(recipe) for recipe in liked]
    search = WorkerAction(kind="more-like", values={"favourites": parents, "variety": variety, "locked": sorted(kept)})
    seeds, subject = _seeds(len(parents)), variations.latest_subject()
    return variations.task_of_matches("More like this", name, subject, seeds, without_source(context), search)


def _seeds(parents: int) -> list[int]:
    """Seeds of the four, in which the favourites take turns as the leading one."""
    first = random.randrange((MAX_INT - variations.COUNT) // parents) * parents
    return [first + index for index in range(variations.COUNT)]


def _without_estimators(recipe: Recipe) -> Recipe:
    """The recipe without the record of its run and the estimators at its end, which are the panel's."""
    steps = list(recipe.steps)
    while len(steps) > 1 and catalogue[steps[-1].tool]["kind"] == "estimator":
        steps.pop()
    return replace(recipe, steps=tuple(steps), inputs={}, made_with={})


unregister = clear


def register() -> None:
    """Begin without favourites."""
    clear()
