# SPDX-License-Identifier: GPL-3.0-or-later
"""Favourites among the variations, of one round or several, and further variations that resemble them."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import replace

import bpy

from ..core.errors import ParameterError
from ..core.recipe import Recipe
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.session import connect, jobs
from ..jobs.task import Report, Task
from ..parameters.properties import MAX_INT
from ..tools.live import run
from . import variations
from .request import without_source

MOST = 16
"""Limit of favourites, which is the core's."""


class _Favourites:
    """Recipes that are liked, as JSON, and the file in which they are."""

    def __init__(self) -> None:
        self.recipes: dict[str, Recipe] = {}
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
    """Forget all favourites."""
    _liked.recipes, _liked.file_epoch = {}, jobs.file_epoch


def task(context: bpy.types.Context, liked: Sequence[Recipe], variety: float, locked: Collection[str]) -> Task:
    """Task that makes four variations like these, shown as they come where the latest were shown."""
    connected, name, epoch = connect(), variations.latest_name() or context.scene.impasto.tool, jobs.file_epoch
    request = replace(without_source(context), device=engine.preferences().device)
    parents, subject = [_without_estimators(recipe) for recipe in liked], variations.latest_subject()
    seeds = _seeds(len(parents))
    notes: list[str] = []

    def work(task: Task) -> None:
        client, made = connected(), []
        for seed in seeds:
            found = task.wait_for(client.more_like(parents, seed=seed, variety=variety, locked=sorted(locked)))
            notes.extend(note for note in found.notes if note not in notes)
            recipe = request.completed(found.recipe)
            pixels = run(task, client, request, {}, recipe=recipe)
            made.append(variations.Variation(recipe.seed, pixels, recipe))
            variations.keep(name, epoch, subject, made)

    def tell(_: None) -> Report:
        return Report("WARNING" if notes else "INFO", "; ".join(["Choose one of the variations", *notes]))

    return Task("More like this", work, tell)


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
