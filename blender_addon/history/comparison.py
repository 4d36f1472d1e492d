# SPDX-License-Identifier: GPL-3.0-or-later
"""Two entries beside each other under one light: their balls, and below them their planes."""

from __future__ import annotations

import bpy
import numpy as np

from ..bridge import images, naming
from ..bridge.inputs import read
from ..bridge.recipe_inputs import all_sources
from ..bridge.surfaces import MapImage
from ..jobs.session import connect
from ..jobs.task import Task, TaskReport
from ..relight.operators import maps_of, subject_of_images, subject_of_material
from ..relight.turntable import NOW, SIDE_PX, ShownMaps, light_of, render
from ..tools.action import WorkerAction
from .entries import HistoryEntry


class EntryComparison:
    """Names of the two that are shown, and their picture."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Know nothing."""
        self.names: tuple[str, ...] = ()
        self.pixels: np.ndarray | None = None


comparison = EntryComparison()


def compare_task(context: bpy.types.Context, pair: tuple[HistoryEntry, HistoryEntry]) -> Task:
    """Task that shows two entries beside each other. ImpastoError if one of them cannot be read."""
    subjects = {f"{index} {entry.name}": _subject(entry) for index, entry in enumerate(pair)}
    connected, plain, light = connect(), WorkerAction.as_it_is(), light_of(context.scene)

    def work(task: Task) -> np.ndarray:
        client, pictures = connected(), []
        for name, subject in subjects.items():
            shown = ShownMaps(name, {NOW: maps_of(task, client, subject)})
            pictures.append(render(task, client, plain, shown, light)[0])
        balls, planes = ([one[:, part] for one in pictures] for part in (slice(SIDE_PX), slice(SIDE_PX, None)))
        return np.concatenate([np.concatenate(balls, 1), np.concatenate(planes, 1)])

    def apply(made: np.ndarray) -> TaskReport:
        comparison.names, comparison.pixels = tuple(entry.label for entry in pair), made
        return TaskReport("INFO", f"{pair[0].label} and {pair[1].label} are shown under one light")

    return Task("Compare", work, apply)


def _subject(entry: HistoryEntry) -> WorkerAction:
    """Maps of an entry: of a result as they are, else of its recipe, run again."""
    if isinstance(entry.item, bpy.types.Material):
        return subject_of_material(entry.item)
    if (image := entry.image) is not None:
        maps = {one.get(images.MAP, ""): MapImage(one) for one in naming.images_of_set(image)}
        return subject_of_images(maps | {"base_color": MapImage(image)})
    recipe = entry.recipe
    return WorkerAction(recipe=recipe, inputs={name: read(source) for name, source in all_sources(recipe).items()})


HANDLERS = (("load_pre", lambda *_: comparison.clear()),)


def unregister() -> None:
    comparison.clear()
