# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to run a tool: from plain values to a task with a recipe, its inputs and a target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..bridge import naming, results, surfaces
from ..bridge.inputs import SOURCE, Input, Source, read, ready
from ..bridge.target import ACTIVE, NONE, Target, active_material, target_of
from ..core.engine.replies import Answer
from ..core.engine.requests import Delivery
from ..core.errors import ParameterError
from ..core.recipe import Recipe, Step, name_inputs
from ..core.texture import is_large
from ..engine import engine
from ..engine.catalogue import SIZE_PARAMETERS, catalogue, has_size, properties_of
from ..jobs.session import connect
from ..jobs.task import Report, Task
from ..parameters import inputs, properties
from ..paths import absolute

if TYPE_CHECKING:
    from ..core.engine.client import Client


@dataclass(frozen=True)
class Request:
    """A tool with its parameters and inputs in plain values, with the command line's names and defaults.

    estimator: of the maps that a generator does not make, or "none"; empty for the usual one. preparation: parameters
    of the tool that prepares the source. matched: record of the match that found the parameters.
    """

    tool: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    source: Source | None = None
    inputs: Mapping[str, Sequence[Source | None]] = field(default_factory=dict)
    width_px: int = 0
    height_px: int = 0
    seed: int = 0
    estimator: str = ""
    estimator_parameters: Mapping[str, Any] = field(default_factory=dict)
    preparation: Mapping[str, Any] = field(default_factory=dict)
    width_m: float = 0.0
    bits: str = "8"
    name: str = ""
    out_dir: str = ""
    device: str = ""
    replace: bool = False
    matched: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_settings(cls, settings: bpy.types.PropertyGroup, **more: Any) -> Request:
        """Request from a scene's settings: their tool, its parameters and images, seed, bits; `more`: other fields."""
        scene, tool = settings.id_data, catalogue[settings.tool]
        images = inputs.images_of(scene, tool)
        parameters = properties.parameters_of(scene, tool)
        return cls(settings.tool, parameters, inputs=images, seed=settings.seed, bits=settings.bits, **more)

    def recipe(self) -> Recipe:
        """Recipe: the tool and, after a generator, the estimator of the maps that it does not make."""
        tool = catalogue[self.tool]
        parameters = dict(self.parameters)
        sizes = {"width_px": self.width_px, "height_px": self.height_px}
        if has_size(tool):
            parameters.update({name: size for name, size in sizes.items() if size})
        elif any(sizes.values()):
            message = f"{self.tool} makes a result of its source's size"
            raise ParameterError(message, "leave width_px and height_px at 0")
        steps = [*self._preparing(), Step(self.tool, parameters, name_inputs(self.inputs)[0])]
        in_tiles = tool["makes_tiles"] and is_large((self.height_px, self.width_px))  # an estimator needs the whole
        estimator = self.estimator or catalogue.usual("maps") or "none"
        if tool["kind"] == "generator" and estimator != "none" and not in_tiles:
            steps.append(Step(catalogue[estimator]["name"], dict(self.estimator_parameters)))
        return Recipe(tuple(steps), self.seed, matched=self.matched)

    def _preparing(self) -> list[Step]:
        """Step that prepares the source; none without a source, or if it changes nothing."""
        if self.source is None or not self.preparation:
            return []
        tool = catalogue[catalogue.usual("prepare")]
        defaults = {name: schema["default"] for name, schema in properties_of(tool).items()}
        changes = {**defaults, **self.preparation} != defaults
        return [Step(tool["name"], dict(self.preparation))] if changes else []

    def completed(self, found: Recipe) -> Recipe:
        """A recipe that was found, in this size; a single step is followed by the estimator of the other maps."""
        if len(found.steps) == 1:
            (step,) = found.steps
            request = replace(self, tool=step.tool, parameters=step.parameters, seed=found.seed, matched=found.matched)
            if not has_size(catalogue[step.tool]):
                request = replace(request, width_px=0, height_px=0)
            return request.recipe()
        size = {name: px for name in SIZE_PARAMETERS if (px := getattr(self, name))}
        steps = (
            replace(step, parameters={**step.parameters, **size}) if has_size(catalogue[step.tool]) else step
            for step in found.steps
        )
        return replace(found, steps=tuple(steps))

    @property
    def scale(self) -> dict[str, float]:
        """Real-world width of the source, if it is known."""
        return {"width_m": self.width_m} if self.width_m > 0 else {}

    def result_name(self) -> str:
        """Name of the results: the given one, or one after their source and model or style."""
        if self.name:
            return naming.of_parts(self.name)
        return naming.of_result(catalogue[self.tool], self.parameters, self.source, self.inputs)

    def read_inputs(self) -> dict[str, Input]:
        """Source and other inputs, read as far as only the main thread can. ImpastoError if one cannot be read."""
        _, named = name_inputs(self.inputs)
        sources = named if self.source is None else {SOURCE: self.source, **named}
        return {name: read(source) for name, source in sources.items()}

    def target(self, context: bpy.types.Context, material: str, **look: Any) -> Target:
        """Target of its result; a filter's replaces the image that it was made of, and keeps other maps."""
        target = target_of(context, material, self.result_name(), width_m=self.width_m, **look)
        if catalogue[self.tool]["kind"] != "filter" or material == NONE:
            return target
        before = active_material(context)
        nodes = surfaces.map_nodes(before) if before else {}
        is_own = self.source in [node.image for node in nodes.values()]
        if before is None or "base_color" not in nodes or (material != ACTIVE and not is_own):
            return target
        return replace(target, painted=before.session_uid)

    def task(self, target: Target, then: Callable[[Answer], Sequence[str]] | None = None) -> Task:
        """Task that carries the request out, and then calls `then`. Raises ImpastoError if it cannot be."""
        given = self.read_inputs()
        tool = catalogue[self.tool]
        return make_task(
            tool["label"],
            self.recipe(),
            given,
            target,
            scale=self.scale,
            bits=self.bits,
            out_dir=self.out_dir,
            device=self.device,
            replace=self.replace,
            can_stop=tool["kind"] == "stylizer",
            then=then,
        )


def make_task(
    label: str,
    recipe: Recipe | Callable[[Task, Client], Recipe],
    inputs: Mapping[str, Input],
    target: Target,
    *,
    scale: Mapping[str, float],
    bits: str = "8",
    out_dir: str = "",
    device: str = "",
    replace: bool = False,
    can_stop: bool = False,
    then: Callable[[Answer], Sequence[str]] | None = None,
) -> Task:
    """Task in which the worker runs the recipe; its result goes to `target`.

    recipe: or a function, for the task's work, that finds it with the worker's help.
    device: empty for that of the preferences. replace: overwrite files of this name; otherwise new ones get a number.
    can_stop: it can end early and keep its result so far. then(made): further work on the main thread, which returns
    notes for the report.
    """
    connected, device = connect(), device or engine.preferences().device
    deliver = Delivery("encoded", "png" if bits == "8" else "png16")
    folder = Path(absolute(out_dir)) if out_dir else None

    def work(task: Task) -> Answer:
        client, wanted = connected(), deliver
        if folder:
            name = naming.of_files(target.name)
            name = name if replace else naming.free(folder, name)
            wanted = Delivery("files", deliver.format, str(folder), name, replace=replace)
        found = recipe(task, client) if callable(recipe) else recipe
        sent = {name: ready(given) for name, given in inputs.items()}
        return task.wait_for(client.submit(found, sent, deliver=wanted, device=device, scale=scale))

    def apply(made: Answer) -> Report:
        return results.put(made, target, then(made) if then else ())

    return Task(label, work, apply, can_stop=can_stop)
