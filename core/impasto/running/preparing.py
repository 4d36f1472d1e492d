"""A recipe that is ready to run: checked against its inputs, with the arguments of each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any

import numpy as np

from ..context import Context, step_rngs
from ..descriptions import DIRECTIONS, FROM_PHOTOGRAPHS, MESH, PREPARE
from ..device import choose_device, fast_precision
from ..errors import Message
from ..host import Host
from ..io.presets import packing_of
from ..options import RunOptions
from ..plugins.registry import registry
from ..recipe import GROUP, Recipe, Step, are_active, begin_on_source
from ..texture import Maps
from ..tools import Parameters, Result, SizeParameters, Tool, validate
from .cache import StepCache, kept
from .inputs import (
    SOURCE,
    RecipeInput,
    active_tools,
    as_needed,
    check_inputs,
    refuse_empty,
    seamed_mesh,
    subject_of,
    values_of,
    with_directions,
    with_masks_as_stored,
    with_numbers_for_each,
)
from .masks import STREAM
from .preview_size import at_preview_size
from .recording import RunLog, record_input, versions_of
from .steps import ReadyStep
from .streaming import is_streamed
from .tiled import names_on_subject, on_sheet
from .wanted import at_wanted_size


@dataclass(frozen=True)
class Ready:
    """A checked recipe: its steps, the subject, and the inputs at the sizes that the recipe needs.

    aligned_inputs: names of the inputs that lie on the subject, such as masks. mesh: the mesh, if the subject has seams
    on it. notes: for the user.
    """

    recipe: Recipe
    steps: list[ReadyStep]
    inputs: Mapping[str, RecipeInput]
    subject: Maps
    aligned_inputs: set[str]
    mesh: Any
    notes: list[str]
    is_streamed: bool

    @property
    def tools(self) -> list[Tool]:
        return [step.tool for step in self.steps]

    def context(self, options: RunOptions, host: Host, log: RunLog) -> Context:
        """The context of the steps, whose tools record in `log` what they load, and their notes."""
        device = choose_device(options.device)
        known = registry()
        return Context(
            device=device,
            precision=fast_precision(device) if any(tool.may_use_bfloat16 for tool in self.tools) else "float32",
            enough_px=options.preview_px or options.enough_px,
            mesh=self.mesh,
            sheet=self.subject.sheet,
            models=known.model_library(options.models_folder),
            weights=known.weights_library(options.weights_folder),
            on_progress=host.on_progress,
            on_preview=host.on_preview,
            on_loaded=log.loaded,
            on_note=log.notes.append,
            is_cancelled=host.is_cancelled,
            is_stopped=host.is_stopped,
        )

    def record(self, context: Context, log: RunLog, result: Result) -> Recipe:
        """The recipe with the values of all parameters, and the record of its run. Unused inputs are left out."""
        parameters = [
            step.parameters if decided is None else decided
            for step, decided in zip(self.steps, result.decided, strict=True)
        ]
        used = {MESH, DIRECTIONS}.union(*(step.input_names for step in self.recipe.steps))
        if self.tools[0].uses_subject or begin_on_source(self.recipe.active_steps):
            used.add(SOURCE)
        elif isinstance(parameters[0], SizeParameters):  # only the size of the subject was used: record that
            height, width = parameters[0].size_px(subject_of(self.inputs))
            parameters[0] = parameters[0].model_copy(update={"width_px": width, "height_px": height})
        chosen = iter(parameters)
        steps = tuple(
            replace(step, parameters=next(chosen).model_dump(mode="json")) if is_active else step
            for step, is_active in zip(self.recipe.steps, are_active(self.recipe.steps), strict=True)
        )
        return replace(
            self.recipe,
            steps=steps,
            inputs={name: record_input(value) for name, value in self.inputs.items() if name in used},
            made_with={
                "versions": versions_of(self.tools),
                "device": context.device.split(":")[0],
                "precision": context.precision,
                **{kind: hashes for kind, hashes in log.hashes.items() if hashes},
                **({"stopped": True} if context.is_stopped() else {}),
            },
        )


def prepare(recipe: Recipe, inputs: Mapping[str, RecipeInput], options: RunOptions, cache: StepCache | None) -> Ready:
    """Check a recipe and its inputs, and make its steps ready. Raise ParameterError for anything that is wrong."""
    active, tools = recipe.active_steps, active_tools(recipe)
    parameters = [validate(tool, step.parameters) for tool, step in zip(tools, active, strict=True)]
    check_inputs(active, tools, {name: input_ for name, input_ in inputs.items() if name not in recipe.spare_inputs})
    refuse_empty(inputs)
    parameters = [with_numbers_for_each(*step) for step in zip(tools, parameters, active, strict=True)]
    inputs = at_wanted_size(inputs, active, tools, parameters)
    if options.preview_px:
        parameters, inputs = at_preview_size(tools, parameters, inputs, options.preview_px, cache)
    streams = False
    if options.sink is not None:
        packing_of(options.sink.export)  # an error before the work
        streams = is_streamed(active, tools, parameters, inputs, options.sink)
    if options.prepares and not streams and len(active) == len(recipe.steps):
        place = next((index for index, tool in enumerate(tools) if tool.task in FROM_PHOTOGRAPHS), None)
        if place is not None and (needed := _needed_by_photograph(tools, parameters[:place], inputs, cache)):
            longer = (*active[:place], *(Step(tool.name) for tool in needed), *active[place:])
            ready = prepare(replace(recipe, steps=longer), inputs, replace(options, prepares=False), cache)
            message = "{} was put before the other steps, since the photograph needs it"
            return replace(ready, notes=[*ready.notes, *(Message(message, tool.label) for tool in needed)])
    subject, aligned_inputs = as_needed(subject_of(inputs), tools), names_on_subject(active, tools)
    placed = on_sheet(with_masks_as_stored(with_directions(inputs), active), aligned_inputs, tools)
    notes = [note for item in inputs.values() if isinstance(item, Maps) for note in item.notes]
    mesh = seamed_mesh(placed, notes)
    rngs = compress(_rngs(recipe), are_active(recipe.steps))
    steps = []
    for tool, own, step, rng in zip(tools, parameters, active, rngs, strict=True):
        image: Any = placed[step.mask.input] if step.mask and step.mask.input else None
        steps.append(ReadyStep(tool, own, values_of(tool, step, placed), rng, step.mask, image, in_group=step.in_group))
    return Ready(recipe, steps, inputs, subject, aligned_inputs, mesh, notes, streams)


def _needed_by_photograph(
    tools: Sequence[Tool], before: Sequence[Parameters], inputs: Mapping[str, RecipeInput], cache: StepCache | None
) -> list[Tool]:
    """Tools that are lacking for the source, if that is a single opaque picture, as it was turned and cropped.

    before: parameters of the steps before that which makes a texture or maps of it.
    """
    source = inputs.get(SOURCE)
    if not isinstance(source, Maps) or {*source} - {"opacity"} != {"base_color"} or source.sheet or MESH in inputs:
        return []
    if "opacity" in source and source["opacity"].pixels.min() < 0.5:
        return []

    def look() -> Result:
        photograph = source
        for tool, own in zip(tools, before, strict=False):
            if tool.task == PREPARE:
                made = tool.apply(photograph, own, {}, Context())
                photograph = made.maps if isinstance(made, Result) else made
        others = (tool for tool in registry().tools.values() if tool not in tools)
        return Result(figures={tool.name: tool.is_needed_by(photograph) for tool in others})

    found = kept(source, (*tools, *before), look, cache).figures
    return [tool for name, tool in registry().tools.items() if found.get(name)]


def _rngs(recipe: Recipe) -> Iterator[np.random.Generator]:
    """Random generator of each step. Adding a group, or a tool that takes no seed, changes no other step."""
    others, count = step_rngs(recipe.seed, len(recipe.steps)), 0
    for step in recipe.steps:
        own = np.random.SeedSequence(recipe.seed, spawn_key=(count, STREAM))
        takes_seed = step.tool != GROUP and getattr(registry().tools.get(step.tool), "takes_seed", True)
        yield others[count] if takes_seed else np.random.default_rng(own)
        count += takes_seed
