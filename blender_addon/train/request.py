# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to train: from plain values to a task for the long worker, whose model is then chosen in the panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
from bpy.props import EnumProperty, PointerProperty, StringProperty

from ..bridge import encode, images, materials
from ..bridge.inputs import SOURCE, Source, existing
from ..core.engine.messages import JobInput
from ..core.engine.remote import read_files
from ..core.errors import Message, ParameterError
from ..core.options import RunOptions
from ..core.recipe import Recipe, Step
from ..core.system.transaction import temporary_folder
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.description import use_description
from ..jobs.session import LONG, connect, jobs
from ..jobs.task import Task, TaskReport
from ..parameters import properties
from ..parameters.properties import MAX_INT
from ..tools.action import WorkerAction
from ..tools.form import Form, argument, parse_object, same_as, values_in, with_properties
from ..tools.lists import items_of
from ..tools.sources import AN_IMAGE, FOLDER, WidthSettings, chosen_source

DATASET = "dataset"
NAME = "name"
"""Parameter of every trainer with the name of its model."""


@dataclass(frozen=True)
class TrainingRequest:
    """A trainer with its data and parameters in plain values, with the command line's names and defaults."""

    tool: str
    data: Source | None = None
    parameters: Mapping[str, Any] = argument(
        dict, "Parameters", 'The trainer\'s parameters as JSON: {"steps": 400}', read=parse_object
    )
    licence: str = argument("", "Licence", "Licence of the data, such as CC0-1.0 or own; the model's card keeps it")
    width_m: float = same_as(Form, "width_m")
    seed: int = argument(0, "Seed", "Another seed, another course of the training", min=0, max=MAX_INT)
    device: str = same_as(Form, "device")

    def task(self) -> Task:
        """Task that trains. Raise ImpastoError if it cannot be started."""
        if catalogue[self.tool]["kind"] != "trainer":
            remedy = Message("choose from {}", ", ".join(one["name"] for one in catalogue if one["kind"] == "trainer"))
            raise ParameterError("{} is no trainer", remedy, self.tool)
        if self.data is None:
            raise ParameterError("there is nothing to learn from", "give a picture, a folder or an image")
        if jobs.training:
            raise ParameterError("a training runs already: {}", "wait for it, or stop it", jobs.training.label)
        data = _read(self.data)
        connected, preferences = connect(LONG), engine.preferences()
        dataset = replace(data, licence=self.licence, width_m=self.width_m or None)
        options = RunOptions(self.device or preferences.device)
        detach, inputs = preferences.keep_training, {self._input: dataset}
        action = WorkerAction(recipe=self._recipe(), inputs=inputs, options=options, detach=detach)

        def work(task: Task) -> tuple[tuple[Path, ...], Mapping[str, Any]]:
            client = connected()
            return action.answer(task, client).models, client.describe().wait()

        epoch = jobs.file_epoch
        label = Message("Training {}", self.parameters.get(NAME, ""))
        return Task(label, work, lambda trained: _apply(trained, epoch), is_long=True)

    @property
    def _input(self) -> str:
        """Name of the trainer's data set input; `source` if it has none."""
        inputs = catalogue[self.tool]["inputs"]
        return next((item["name"] for item in inputs if item.get("kind") == DATASET), SOURCE)

    def _recipe(self) -> Recipe:
        inputs = {} if self._input == SOURCE else {self._input: self._input}
        step = Step(self.tool, dict(self.parameters), inputs)
        return Recipe((step,), self.seed)


def from_scene(context: bpy.types.Context) -> TrainingRequest:
    """Request from the Train panel's settings."""
    settings = context.scene.impasto_training
    tool = catalogue[settings.tool]
    parameters = properties.parameters_of(context.scene, tool)
    about = values_in(TrainingRequest, settings) | {"width_m": settings.width_m * materials.unit_m()}
    return TrainingRequest(settings.tool, chosen_source(settings, settings.data_kind), parameters, **about)


def request_poll_message(context: bpy.types.Context) -> str:
    """Reason why the panel's training cannot begin; empty if it can."""
    settings = context.scene.impasto_training
    if settings.tool not in catalogue:
        return "Choose a trainer"
    chosen = {"IMAGE": settings.image, "FILE": settings.filepath, "FOLDER": settings.folder}[settings.data_kind]
    return "" if chosen else "Choose what to learn from: a file, a folder, or an image of this .blend"


def _read(data: Source) -> JobInput:
    """File or folder to learn from; an image that is no plain file is sent as a file.

    A training may outlive this Blender, so a file that Blender writes would have to outlive it, too.
    """
    found = images.read(data) if isinstance(data, bpy.types.Image) else existing(data)
    if isinstance(found, Path):
        return JobInput(path=found)
    with temporary_folder() as folder:
        return JobInput(files=read_files(encode.write(data, folder)))


def _apply(files_and_answer: tuple[tuple[Path, ...], Mapping[str, Any]], epoch: int) -> TaskReport:
    """List the new model, and choose it in the generator that runs it, unless another file is open now."""
    models, description = files_and_answer
    use_description(description)
    name = models[0].stem if models else ""
    if not name:
        return TaskReport("WARNING", "The training made no model")
    tool = properties.choose_model(bpy.context.scene, name) if epoch == jobs.file_epoch else None
    files = tuple(map(str, models))
    text = Message("The model {} is ready", name)
    return TaskReport("INFO", text, model=name if tool else "", models=(name,), files=files)


@with_properties(TrainingRequest, "licence", "seed")
class TrainingSettings(WidthSettings, bpy.types.PropertyGroup):
    """Settings of the Train panel, in each scene."""

    tool: EnumProperty(name="Trainer", description="What learns", items=items_of("trainer"))
    data_kind: EnumProperty(
        name="Data",
        description="What it learns from",
        items=(
            ("FILE", "File", "A photograph"),
            (FOLDER, "Folder", "Photographs, maps of one material, or a folder for each material"),
            AN_IMAGE,
        ),
    )
    filepath: StringProperty(name="File", description="A photograph")
    folder: StringProperty(
        name="Folder", description="Photographs, maps of one material, or a folder for each material"
    )
    image: PointerProperty(name="Image", description="An image of this .blend file", type=bpy.types.Image)


POINTER = (bpy.types.Scene, "impasto_training", TrainingSettings)
