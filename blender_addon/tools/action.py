# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the worker from any panel: a recipe with its inputs, for a result, a preview or an answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..bridge import materials, naming, on_object, recipe_inputs, results
from ..bridge.inputs import SOURCE, Input, read, ready
from ..bridge.joined import JoinedMaterials
from ..bridge.meshes import MeshSurface
from ..bridge.target import NEW, NONE, Target
from ..core.descriptions import DIRECTIONS, MESH
from ..core.engine.client import Client
from ..core.engine.messages import RELIT, Delivery, JobInput, JobResult, ResultView
from ..core.errors import Message, ParameterError
from ..core.options import RunOptions, Sink
from ..core.recipe import Recipe, Step
from ..engine import engine
from ..engine.catalogue import catalogue, properties_of
from ..jobs.session import connect
from ..jobs.task import Applied, Task, TaskReport
from ..paths import absolute
from .form import AS_STORED, Form

LIT_PX = 256
"""Side of the ball and of the plane on which a panel shows a result."""
LONGEST_PX = 256
"""Longer side of a preview."""


@dataclass(frozen=True, kw_only=True)
class WorkerAction:
    """A request to the worker: a recipe and its inputs, of which the part that needs the main thread has been read.

    kind, values: name and values of an action other than a run. scale: of the source. color_space: replaces the one
    that the source's file states. supersedes: key; earlier requests with the same key are cancelled. detach: the
    request continues when Blender closes. notes: sentences for the report on what was left out.
    """

    recipe: Recipe | None = None
    inputs: Mapping[str, Input] = field(default_factory=dict)
    kind: str = "run"
    values: Mapping[str, Any] = field(default_factory=dict)
    options: RunOptions = field(default_factory=lambda: RunOptions(engine.preferences().device))
    scale: Mapping[str, float] = field(default_factory=dict)
    color_space: str = AS_STORED
    supersedes: str = ""
    detach: bool = False
    notes: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        form: Form,
        recipe: Recipe | None,
        inputs: Mapping[str, Input],
        surface: MeshSurface | JoinedMaterials | None = None,
        *,
        keeps_steps: bool = False,
    ) -> WorkerAction:
        """Action on the form's device, with the scale and the colour space of its source.

        surface: mesh with the source as texture; the tools work across its seams. Raise ParameterError if they
        cannot. keeps_steps: compute only the steps that have changed since earlier actions.
        """
        mesh, notes = _mesh_inputs(surface, inputs, form)
        options = RunOptions(form.device or engine.preferences().device, keeps_steps=keeps_steps)
        facts: dict[str, Any] = {"scale": form.scale, "color_space": form.color_space, "notes": notes}
        return cls(recipe=recipe, inputs={**inputs, **mesh}, options=options, **facts)

    @classmethod
    def as_it_is(cls, source: Input | None = None) -> WorkerAction:
        """Action whose result is its source, unchanged, to show it. Raise ParameterError if no tool can do this."""
        name = catalogue.usual("prepare")
        if not name:
            raise ParameterError("no tool can hand over maps as they are", "install the plugin impasto_transform")
        return cls(recipe=Recipe((Step(name),)), inputs={} if source is None else {SOURCE: source})

    def ready(self) -> WorkerAction:
        """The same action with inputs in the form that the worker accepts. It may be called on any thread."""
        return replace(self, inputs={name: ready(value) for name, value in self.inputs.items()})

    def answer(self, task: Task, client: Client, deliver: Delivery | ResultView | None = None) -> JobResult:
        """The worker's answer. For a task's `work`."""
        sent = self.ready().inputs
        job = client.submit(
            self.recipe,
            sent,
            self.options,
            action=self.kind,
            values=self.values,
            deliver=deliver,
            scale=self.scale,
            color_spaces=self._color_spaces(sent),
            supersedes=self.supersedes,
            detach=self.detach,
        )
        return task.wait_for(job)

    def _color_spaces(self, sent: Mapping[str, Path | JobInput]) -> dict[str, str]:
        """Colour space of the source, if it replaces that of the file. Images of floats have none."""
        source = sent.get(SOURCE)
        is_stored = isinstance(source, Path) or (source and all(one.itemsize == 1 for one in source.arrays.values()))
        return {SOURCE: self.color_space} if is_stored and self.color_space != AS_STORED else {}

    def picture(self, task: Task, client: Client, *, runs_small: bool = False) -> Mapping[str, np.ndarray]:
        """Small picture of the result under a light, and its maps. For a task's `work`.

        runs_small: run all steps at the size of the picture, and keep their results.
        """
        small = replace(self, options=replace(self.options, keeps_steps=runs_small))
        return small.answer(task, client, ResultView("preview", LONGEST_PX, runs_small=runs_small)).arrays

    def task(self, label: str, apply: Callable[[JobResult], TaskReport], view: ResultView | None = None) -> Task:
        """Task that applies the worker's answer."""
        connected = connect()
        return Task(label, lambda task: self.answer(task, connected(), view), apply)


def result_task(
    label: str,
    action: WorkerAction,
    target: Target,
    form: Form,
    *,
    find: Callable[[Task, Client], Recipe] | None = None,
    can_stop: bool = False,
    then: results.Then = lambda *_: (),
    split: Callable[[JobResult], Sequence[tuple[JobResult, Target]]] | None = None,
    stored_inputs: Collection[str] = (),
) -> Task:
    """Task that puts the result of an action into `target`, or each part that `split` returns into its own target.

    find: finds the recipe with the worker's help. can_stop: the task can end early and keep its result so far. then:
    further work on the main thread. stored_inputs: names of inputs that no image or file holds; the result keeps them.
    """
    on_object.take_back()
    connected = connect()
    lit_px = LIT_PX if target.material != NONE else 0
    deliver = Delivery("encoded", "png" if form.bits == "8" else "png16", lit_px=lit_px)
    folder = Path(absolute(form.out_dir)) if form.out_dir else None
    sent: dict[str, Input] = {}

    def work(task: Task) -> JobResult:
        client, options = connected(), action.options
        if folder:
            name = naming.of_files(target.name)
            name = name if form.replace else naming.free(folder, name)
            options = replace(options, sink=Sink(folder, name, deliver.format, form.replace))
        recipe = find(task, client) if find else action.recipe
        sent_action = replace(action.ready(), recipe=recipe, options=options)
        sent.update(sent_action.inputs)
        return sent_action.answer(task, client, deliver)

    def apply(result: JobResult) -> Applied:
        lit = result.arrays.get(RELIT)
        maps = {name: array for name, array in result.arrays.items() if name != RELIT}
        result = replace(result, arrays=maps, notes=(*result.notes, *action.notes))
        result = result if MESH in sent else with_width(result, target)  # on a mesh, its UVs decide on the size
        if target.is_in_open_file:
            recipe_inputs.keep(value for name in stored_inputs if isinstance(value := sent[name], JobInput))
        report = yield from results.put(split(result) if split else [(result, target)], then)
        return report if lit is None else replace(report, lit=(lit[0, :, :LIT_PX], lit[0, :, LIT_PX:]))

    return Task(label, work, apply, can_stop=can_stop)


def with_width(result: JobResult, target: Target) -> JobResult:
    """The result. If it is for a new material of unknown width, it gets a guessed width and a note.

    The guess is the default width of a procedural material whose name occurs in the target's name. A range of heights
    that no step was given is of a picture 1 m wide, and becomes as large a share of the guessed width.
    """
    if target.material != NEW or target.painted or result.width_m or target.width_m:
        return result
    said = f" {target.name.casefold().replace('_', ' ').replace('-', ' ')} "
    for tool in catalogue:
        kind = f" {tool['name'].replace('-', ' ').removesuffix('s')}"
        width_m = properties_of(tool).get("width_m", {}).get("default", 0)
        if tool["thumbnail"] and width_m and kind in said:
            note = Message("Real Width guessed: {}, as of {}", materials.length_text(width_m), tool["label"])
            steps = result.recipe.steps if result.recipe else ()
            is_given = any(step.parameters.get("height_range_m") for step in steps)
            relief_m = result.height_range_m and result.height_range_m * (1 if is_given else width_m)
            return replace(result, width_m=width_m, height_range_m=relief_m, notes=(*result.notes, note))
    return result


def _mesh_inputs(
    surface: MeshSurface | JoinedMaterials | None, inputs: Mapping[str, Input], form: Form
) -> tuple[dict[str, Input], Sequence[str]]:
    """Inputs for the mesh of a surface and its directions. Without a mesh, a note on the reason.

    Raise ParameterError if the form demands a mesh and there is none.
    """
    directions: dict[str, Input] = {DIRECTIONS: read(form.directions)} if form.directions else {}
    if MESH in inputs:
        return directions, ()
    if form.across_seams is False or (surface is None and not form.across_seams):
        return {}, ()
    try:
        if surface is None:
            message = "the picture is no texture of the active object's material"
            raise ParameterError(message, "choose the object whose texture it is, or turn Across Seams off")
        return {MESH: surface.read(bpy.context), **directions}, ()
    except ParameterError as error:
        if form.across_seams:
            raise
        return {}, (Message("not across seams: {}", error.message),)
