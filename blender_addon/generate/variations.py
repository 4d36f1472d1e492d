# SPDX-License-Identifier: GPL-3.0-or-later
"""Small pictures of results: the live preview of the panel's, and the latest four variations, of it or of a match."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..bridge.target import active_material
from ..core.engine.client import Client
from ..core.engine.messages import PREVIEW
from ..core.recipe import Recipe
from ..core.texture import is_large
from ..engine.catalogue import catalogue, has_size
from ..jobs.session import connect, jobs
from ..jobs.task import Task, TaskReport
from ..parameters import points, properties
from ..parameters.properties import MAX_INT
from ..tools.action import WorkerAction
from ..tools.live import Live
from ..tools.request import Request
from .request import from_scene, request_poll_message

COUNT = 4
MOST_KEPT = 64
"""Most variations in the history, which keeps them in memory only."""


@dataclass(frozen=True, eq=False)
class Variation:
    """A seed and its picture: uint8 RGB, row 0 at the top.

    needs_source: its recipe begins with a picture. is_of_panel: it differs from the panel by its seed alone. made_s: in
    seconds since 1970.
    """

    seed: int
    pixels: np.ndarray
    recipe: Recipe
    needs_source: bool = False
    is_of_panel: bool = False
    made_s: float = field(default_factory=time.time)


class _LatestVariations:
    """The latest variations. key: their tool or matcher, and their file. subject: what they are variations of.

    earlier: all variations of this file in this session, up to a limit, the latest at the end.
    """

    def __init__(self) -> None:
        self.earlier: deque[Variation] = deque(maxlen=MOST_KEPT)
        self.items: tuple[Variation, ...] = ()
        self.key: tuple[str, int] = ("", 0)
        self.subject = ""


_latest = _LatestVariations()


def latest_variations(context: bpy.types.Context) -> tuple[Variation, ...]:
    """The latest variations, if they belong to the chosen tool or to a match."""
    name = _latest.key[0]
    return variations_of(name) if name in catalogue.matchers or name == context.scene.impasto.tool else ()


def variations_of(name: str) -> tuple[Variation, ...]:
    """Finished variations of this tool or matcher."""
    return _latest.items if _latest.key == (name, jobs.file_epoch) else ()


def keep(name: str, file_epoch: int, subject: str, items: Sequence[Variation]) -> None:
    """Show these variations of a tool or matcher from now on. subject: key of what they are variations of."""
    if _latest.key[1] != file_epoch:
        _latest.earlier.clear()
    _latest.items, _latest.key, _latest.subject = tuple(items), (name, file_epoch), subject
    _latest.earlier.extend(item for item in items if item not in _latest.earlier)


def variations_of_file() -> tuple[Variation, ...]:
    """Variations made in this file and session, up to a limit, the earliest first."""
    return tuple(_latest.earlier) if _latest.key[1] == jobs.file_epoch else ()


def forget(variation: Variation) -> None:
    """Remove a variation from the history."""
    _latest.earlier.remove(variation)


def latest_name() -> str:
    """Tool or matcher of the latest variations; empty if there are none in this file."""
    name, file_epoch = _latest.key
    return name if file_epoch == jobs.file_epoch and _latest.items else ""


def latest_subject() -> str:
    """Key of what the latest variations are variations of."""
    return _latest.subject


def are_of(subject: str) -> bool:
    """Whether the latest variations belong to the subject with this key."""
    return subject == _latest.subject


def are_of_other_settings(context: bpy.types.Context) -> bool:
    """Whether the panel was changed since the variations were made, except for the seed."""
    return not are_of(_without_seed(from_scene(context)))


def task(context: bpy.types.Context) -> Task:
    """Task that makes the panel's result with four new seeds, and shows each as it comes."""
    live.cancel()
    request = from_scene(context)
    action, recipe = request.preview(), request.recipe()

    def make(task: Task, client: Client, seed: int) -> tuple[Variation, Sequence[str]]:
        one = replace(action, recipe=replace(recipe, seed=seed))
        pixels = one.picture(task, client)[PREVIEW]
        return Variation(seed, pixels, one.recipe, needs_source=bool(action.inputs), is_of_panel=True), ()

    seeds = random.sample(range(MAX_INT), COUNT)
    return task_of("Four variations", request.tool, _without_seed(request), seeds, make)


def task_of_matches(
    label: str, name: str, subject: str, seeds: Sequence[int], request: Request, search: WorkerAction
) -> Task:
    """Task that finds a recipe for each seed, and shows a small picture of it as it comes.

    name: tool or matcher. subject: key of what is varied. request: size, device and form of the results. search: action
    that finds a recipe, without a seed.
    """
    action = WorkerAction.of(request, None, {})

    def make(task: Task, client: Client, seed: int) -> tuple[Variation, Sequence[str]]:
        found = replace(search, values={**search.values, "seed": seed}).answer(task, client)
        recipe = request.recipe_of_match(found.recipe)
        pixels = replace(action, recipe=recipe).picture(task, client)[PREVIEW]
        return Variation(recipe.seed, pixels, recipe), found.notes

    return task_of(label, name, subject, seeds, make)


def task_of(
    label: str,
    name: str,
    subject: str,
    seeds: Sequence[int],
    make: Callable[[Task, Client, int], tuple[Variation, Sequence[str]]],
) -> Task:
    """Task that makes a variation, with notes on it, for each seed, and shows each as it comes."""
    connected, epoch = connect(), jobs.file_epoch
    notes: list[str] = []

    def work(task: Task) -> None:
        client, results = connected(), []
        for seed in seeds:
            variation, more = make(task, client, seed)
            results.append(variation)
            notes.extend(note for note in more if note not in notes)
            keep(name, epoch, subject, results)

    return Task(label, work, lambda _: TaskReport.noted("Made four variations", notes))


def has_preview(tool: Mapping[str, Any]) -> bool:
    """Whether the panel shows a preview of a tool: if it makes textures, or uses points on a picture."""
    return has_seeds(tool) or bool(points.points_of(tool))


def has_seeds(tool: Mapping[str, Any]) -> bool:
    """Whether a tool makes a different picture, of any size, for each seed."""
    return tool["kind"] == "generator" and has_size(tool)


def _without_seed(request: Request) -> str:
    """Key of a request, which ignores the seed."""
    source = request.source if isinstance(request.source, Path | None) else request.source.name
    return f"{source} {request.width_m} {replace(request, seed=0).recipe().to_json()}"


class TexturePreview(Live):
    """Live preview of what the panel is set to make."""

    of = properties.TEXTURE

    def settings_poll_message(self, context: bpy.types.Context) -> str:
        if missing := request_poll_message(context):
            return missing
        tool = catalogue[context.scene.impasto.tool]
        if not has_preview(tool):
            return "This tool makes its result as its source is"
        if not has_size(tool):
            return ""
        group = properties.group_of(context.scene, tool)
        too_large = is_large((group.height_px, group.width_px))
        return "A result above 4096 × 4096 pixels is too large for a preview" if too_large else ""

    def action(self, context: bpy.types.Context) -> WorkerAction:
        return from_scene(context).preview()

    def runs_small(self, context: bpy.types.Context) -> bool:
        """Whether the preview is computed from the source scaled down."""
        return not has_seeds(catalogue[context.scene.impasto.tool])

    def material_of(self, context: bpy.types.Context) -> bpy.types.Material | None:
        """The active material; None if it has layers, since these have their own preview."""
        material = active_material(context)
        return material if material and not material.impasto_layers.layers else None


live = TexturePreview()


def _undone(*_: object) -> None:
    """Update the preview after undo, which moves points back."""
    name = bpy.context.scene.impasto.tool
    if name in catalogue and points.points_of(catalogue[name]):
        live.ask()


HANDLERS = (("undo_post", _undone), ("redo_post", _undone))


def register() -> None:
    live.register()


def unregister() -> None:
    live.unregister()
    _latest.items = ()
    _latest.earlier.clear()
