# SPDX-License-Identifier: GPL-3.0-or-later
"""The task that runs a recipe in the worker, on a mesh if its source is a texture of one, and puts the result."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..bridge import materials, naming, on_object, recipe_inputs, results
from ..bridge.inputs import Input, read, ready
from ..bridge.joined import JoinedMaterials
from ..bridge.meshes import Surface
from ..bridge.target import NEW, NONE, Target
from ..core.descriptions import DIRECTIONS, MESH
from ..core.engine.replies import RELIT, JobResult
from ..core.engine.requests import Delivery, JobInput
from ..core.errors import ParameterError
from ..core.options import RunOptions, Sink
from ..core.recipe import Recipe, Step
from ..engine import engine
from ..engine.catalogue import catalogue, properties_of
from ..jobs.session import connect
from ..jobs.task import Applied, Task
from ..paths import absolute
from .form import Form

if TYPE_CHECKING:
    from ..core.engine.client import Client

LIT_PX = 256
"""Side of the ball and of the plane on which a panel shows a result."""


def make_task(
    label: str,
    recipe: Recipe | Callable[[Task, Client], Recipe],
    inputs: Mapping[str, Input],
    target: Target,
    form: Form,
    *,
    scale: Mapping[str, float] | None = None,
    surface: Surface | JoinedMaterials | None = None,
    can_stop: bool = False,
    then: results.Then = lambda *_: (),
    split: Callable[[JobResult], Sequence[tuple[JobResult, Target]]] | None = None,
    kept: Collection[str] = (),
    keep_steps: bool = False,
) -> Task:
    """Task in which the worker runs the recipe; its result goes to `target`, or its parts of `split` to theirs.

    recipe: or a function, for the task's work, that finds it with the worker's help. scale: of the source, if it is not
    the form's. surface: what the source is a texture of, across whose seams the tool works on. can_stop: it can end
    early and keep its result so far. then: further work on the main thread.
    kept: names of inputs that are kept with the result, since no image or file holds them. keep_steps: only what has
    changed since earlier runs is computed.
    """
    on_object.take_back()
    connected, device = connect(), form.device or engine.preferences().device
    lit_px = LIT_PX if target.material != NONE else 0
    deliver = Delivery("encoded", "png" if form.bits == "8" else "png16", lit_px=lit_px)
    folder = Path(absolute(form.out_dir)) if form.out_dir else None
    scale = form.scale if scale is None else scale
    mesh, notes = mesh_inputs(surface, inputs, form)
    inputs = {**inputs, **mesh}
    sent: dict[str, Path | JobInput] = {}

    def work(task: Task) -> JobResult:
        client, options = connected(), RunOptions(device, keeps_steps=keep_steps)
        if folder:
            name = naming.of_files(target.name)
            name = name if form.replace else naming.free(folder, name)
            options = replace(options, sink=Sink(folder, name, deliver.format, form.replace))
        found = recipe(task, client) if callable(recipe) else recipe
        sent.update({name: ready(given) for name, given in inputs.items()})
        facts = {"scale": scale, "color_spaces": form.color_spaces(sent)}
        return task.wait_for(client.submit(found, sent, options, deliver=deliver, **facts))

    def apply(made: JobResult) -> Applied:
        lit = made.arrays.get(RELIT)
        maps = {name: array for name, array in made.arrays.items() if name != RELIT}
        made = replace(made, arrays=maps, notes=(*made.notes, *notes))
        made = made if MESH in inputs else with_width(made, target)  # on a mesh, its UVs decide on the size
        if target.is_in_open_file:
            recipe_inputs.keep(given for name in kept if isinstance(given := sent[name], JobInput))
        report = yield from results.put(split(made) if split else [(made, target)], then)
        return report if lit is None else replace(report, lit=(lit[0, :, :LIT_PX], lit[0, :, LIT_PX:]))

    return Task(label, work, apply, can_stop=can_stop)


def plain_recipe() -> Recipe:
    """Recipe whose result is its source, to have it shown. ParameterError if no tool is there to prepare a source."""
    name = catalogue.usual("prepare")
    if not name:
        raise ParameterError("no tool can hand over maps as they are", "install the plugin impasto_transform")
    return Recipe((Step(name),))


def with_width(made: JobResult, target: Target) -> JobResult:
    """The result for a new material, with a guess of its width and a note on it if it is not known.

    The name of what it was made of may name a kind of material that there is a procedural one of.
    """
    if target.material != NEW or target.painted or made.width_m or target.width_m:
        return made
    said = f" {target.name.casefold().replace('_', ' ').replace('-', ' ')} "
    for tool in catalogue:
        kind = f" {tool['name'].replace('-', ' ').removesuffix('s')}"
        width_m = properties_of(tool).get("width_m", {}).get("default", 0)
        if tool["thumbnail"] and width_m and kind in said:
            note = f"Real Width guessed: {materials.length_text(width_m)}, as of {tool['label']}"
            return replace(made, width_m=width_m, notes=(*made.notes, note))
    return made


def mesh_inputs(
    surface: Surface | JoinedMaterials | None, inputs: Mapping[str, Input], form: Form
) -> tuple[dict[str, Input], Sequence[str]]:
    """The mesh of a surface beside other inputs, and its directions, or a note why there is none.

    ParameterError where it is wanted.
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
        return {}, (f"not across seams: {error.message}",)
