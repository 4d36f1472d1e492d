# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to match words or a picture: from plain values to a task that finds a recipe and runs it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from ..bridge import naming
from ..bridge.inputs import SOURCE, Input, Source, read
from ..bridge.target import Target, by_uid
from ..core.engine.client import Client
from ..core.engine.messages import JobResult
from ..core.errors import Message, ParameterError
from ..core.recipe import Recipe
from ..engine.catalogue import catalogue
from ..generate import variations
from ..generate.request import show_recipe
from ..jobs.task import Task
from ..parameters.properties import MAX_INT
from ..tools.action import WorkerAction, result_task
from ..tools.lists import is_pictured
from ..tools.request import Request
from ..tools.sources import chosen_source

TEXT, PICTURE = "text", "picture"


@dataclass(frozen=True)
class MatchRequest:
    """Words, or a picture that was read, for a matcher. start: a recipe to change.

    result: size, device, estimator and form of the result, without a tool. name: of the result. width_m: real-world
    width of the picture; 0: not known. key: the subject's, see `key_of`; empty to keep the one of what is shown.
    """

    matcher: Mapping[str, Any]
    subject: str | Input
    result: Request
    name: str
    seed: int = 0
    start: Recipe | None = None
    width_m: float = 0.0
    key: str = ""

    def search(self) -> WorkerAction:
        """The match, which finds a recipe."""
        values = {"matcher": self.matcher["name"], "seed": self.seed, "start": self.start}
        is_text = isinstance(self.subject, str)
        inputs = {} if is_text else {SOURCE: self.subject}
        action = WorkerAction.of(replace(self.result, width_m=self.width_m), None, inputs)
        return replace(action, kind="match", values=values | ({"text": self.subject} if is_text else {}))

    def task_in(self, context: bpy.types.Context) -> Task:
        """Task that finds the recipe and runs it, for the scene and what is selected there."""
        return self.task(self.result.target_called(context, self.name), context.scene)

    def task(self, target: Target, scene: bpy.types.Scene) -> Task:
        """Task that finds the recipe, runs it, and shows its parameters in the scene's panel."""
        notes: list[str] = []
        scene_uid, search = scene.session_uid, self.search()

        def find(task: Task, client: Client) -> Recipe:
            found = search.answer(task, client)
            notes.extend(found.notes)
            return self.result.recipe_of_match(found.recipe)

        def show(result: JobResult, _: Sequence[bpy.types.Material]) -> Sequence[str]:
            shown_in = by_uid(bpy.data.scenes, scene_uid) if target.is_in_open_file else None
            return [*notes, *(_show(shown_in, result.recipe, self.key) if shown_in else [])]

        action = WorkerAction.of(self.result, None, {})
        return result_task(self.matcher["label"], action, target, self.result, find=find, then=show)

    def variations_task(self) -> Task:
        """Task that matches with four seeds, and shows a small picture of each as it comes."""
        label, name = self.matcher["label"], self.matcher["name"]
        seeds = random.sample(range(1, MAX_INT), variations.COUNT)
        return variations.task_of_matches(label, name, self.key, seeds, self.result, self.search())


def is_found(scene: bpy.types.Scene) -> bool:
    """Whether the Impasto panel shows what was found for the words or the picture; without any: a material."""
    settings, panel = scene.impasto_match, scene.impasto
    subject = chosen_subject(settings)
    is_empty = subject is None or (isinstance(subject, str) and not subject.strip())
    return is_pictured(panel.tool) if is_empty else panel.found_for == key_of(settings.matcher, subject)


def chosen_subject(settings: bpy.types.PropertyGroup) -> str | Source | None:
    """The words or the picture that the panel is set to; None without a picture."""
    about = catalogue.matchers[settings.matcher]
    return chosen_source(settings) if about["subject"] == PICTURE else settings.text


def _show(scene: bpy.types.Scene, recipe: Recipe, key: str) -> list[str]:
    """Show a recipe in the scene's panel; return notes on steps that the panel cannot show."""
    first, *others = recipe.steps
    if not show_recipe(scene, recipe):
        return [Message("the panel does not have the tool {}, so its sliders are not shown", first.tool)]
    scene.impasto.found_for = key or scene.impasto.found_for
    more = [step.tool for step in others if catalogue[step.tool]["kind"] != "estimator"]
    return [Message("the panel shows the sliders of {} only, not of {}", first.tool, ", ".join(more))] if more else []


def matcher_for(kind: str, name: str = "", usual: str = "") -> Mapping[str, Any]:
    """Matcher of this name; without a name, the usual one if it takes such a subject, else the first that does."""
    if name:
        return catalogue.matcher(name)
    fitting = [about for about in catalogue.matchers.values() if about["subject"] == kind]
    found = [about for about in fitting if about["name"] == usual] or fitting
    if not found:
        raise ParameterError("no plugin of the engine matches this", "install one, then refresh the tools")
    return found[0]


def read_picture(source: Source | None) -> Input:
    """The picture, read as far as only the main thread can. Raise ParameterError if there is none."""
    if source is None:
        raise ParameterError("no picture is given", "choose a file, or an image of this .blend")
    return read(source)


def name_of(subject: str | Source) -> str:
    """Name of the results: the words, or the picture's name."""
    return naming.of_parts(" ".join(subject.split())) if isinstance(subject, str) else naming.of_source(subject)


def key_of(matcher: str, subject: str | Source | None) -> str:
    """Key of a subject, by which a panel knows whether its words or picture have changed."""
    named = subject.strip() if isinstance(subject, str) else subject
    return f"{matcher} {named if isinstance(named, str | Path | None) else named.name}"
