"""`run`: carries out a recipe, the one way anything is made.

A fold over tools: each step maps the subject to the next. The function and its arguments can be pickled,
so that any `concurrent.futures.Executor` scales it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from .context import Context
from .device import choose_device
from .errors import ParameterError
from .plugins import registry
from .recipe import Recipe, Step
from .texture import Maps
from .tools import Result, Tool, validate

log = logging.getLogger(__name__)

SOURCE = "source"
"""The input that is the first step's subject."""


def run(
    recipe: Recipe,
    inputs: Mapping[str, Maps] | None = None,
    *,
    device: str = "auto",
    models_folder: Path | None = None,
    on_progress: Callable[[float, str], None] | None = None,
    on_preview: Callable[[Maps], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
    is_stopped: Callable[[], bool] | None = None,
) -> Result:
    """Run the steps over `inputs["source"]` and return the maps with the recipe that makes them again.

    `models_folder` is the library of models, if not the user's. `on_progress(fraction, message)` and
    `on_preview(maps)` are called from this thread. Raises ParameterError before anything runs where a tool,
    parameter or input is wrong, Cancelled where `is_cancelled()` turned true. Where `is_stopped()` turns true, what
    improves its result step by step ends early and keeps what there is.
    """
    inputs = dict(inputs or {})
    tools = [registry().tool(step.tool) for step in recipe.steps]
    parameters = [validate(tool, step.parameters) for tool, step in zip(tools, recipe.steps, strict=True)]
    _check_inputs(recipe.steps, tools, inputs)
    models: dict[str, str] = {}  # hashes of those that tools load
    context = _context(device, models, models_folder, on_preview, is_cancelled, is_stopped)
    result = Result(inputs.get(SOURCE, Maps()))
    seeds = np.random.SeedSequence(recipe.seed).spawn(len(tools))
    for index, (tool, step, seed) in enumerate(zip(tools, recipe.steps, seeds, strict=True)):
        _check_needs(tool, result.maps)
        step_context = replace(
            context,
            rng=np.random.default_rng(seed),
            on_progress=_share(on_progress or context.on_progress, index, len(tools)),
        )
        step_context.progress(0.0, tool.label)
        named = {name: inputs[given] for name, given in step.inputs.items()}
        made = tool.apply(result.maps, parameters[index], named, step_context)
        result = _join(result, made if isinstance(made, Result) else Result(made))
        step_context.progress(1.0, tool.label)
    result = replace(result, recipe=_record(recipe, tools, parameters, inputs, context, models))
    _tell_finished(result)
    return result


def _context(
    device: str,
    models: dict[str, str],
    models_folder: Path | None,
    on_preview: Callable[[Maps], None] | None,
    is_cancelled: Callable[[], bool] | None,
    is_stopped: Callable[[], bool] | None,
) -> Context:
    context = Context(device=choose_device(device))
    return replace(
        context,
        models_folder=models_folder or context.models_folder,
        on_model=lambda model: models.update({model.name: model.sha256()}),
        on_preview=on_preview or context.on_preview,
        is_cancelled=is_cancelled or context.is_cancelled,
        is_stopped=is_stopped or context.is_stopped,
    )


def _tell_finished(result: Result) -> None:
    try:
        registry().hook.impasto_job_finished(recipe=result.recipe, result=result)
    except Exception:  # the result is made: a listener's failure must not lose it
        log.exception("a plugin's impasto_job_finished failed")


def _share(on_progress: Callable[[float, str], None], index: int, count: int) -> Callable[[float, str], None]:
    return lambda fraction, message: on_progress((index + fraction) / count, message)


def _join(before: Result, after: Result) -> Result:
    return replace(after, models=before.models + after.models, figures={**before.figures, **after.figures})


def _check_inputs(steps: tuple[Step, ...], tools: list[Tool], inputs: Mapping[str, Maps]) -> None:
    for step, tool in zip(steps, tools, strict=True):
        known = {item.name for item in tool.inputs}
        for name, given in step.inputs.items():
            if name not in known:
                listed = ", ".join(sorted(known)) or "none"
                raise ParameterError(f"{tool.name} has no input {name!r}", f"its inputs are: {listed}")
            if given not in inputs:
                raise ParameterError(f"{tool.name}'s input {name} is {given!r}, which was not given", f"give {given}")
        for item in tool.inputs:
            if item.required and item.name not in step.inputs:
                raise ParameterError(f"{tool.name} needs the input {item.name} ({item.description})", "give it")


def _check_needs(tool: Tool, subject: Maps) -> None:
    missing = [name for name in tool.needs if name not in subject]
    if missing:
        raise ParameterError(f"{tool.name} needs {', '.join(missing)}", "give a source image, or a step that makes it")


def _record(
    recipe: Recipe,
    tools: list[Tool],
    parameters: list[Any],
    inputs: Mapping[str, Maps],
    context: Context,
    models: Mapping[str, str],
) -> Recipe:
    """The recipe with every default filled in, and what it was run on and with. Inputs that it never used are left."""
    steps = tuple(
        replace(step, parameters=chosen.model_dump(mode="json"))
        for step, chosen in zip(recipe.steps, parameters, strict=True)
    )
    used = {SOURCE} | {given for step in recipe.steps for given in step.inputs.values()}
    return replace(
        recipe,
        steps=steps,
        inputs={name: _record_input(maps) for name, maps in inputs.items() if name in used},
        made_with={
            "versions": _versions(tools),
            "device": context.device.split(":")[0],
            "precision": context.precision,
            **({"models": models} if models else {}),
        },
    )


def _record_input(maps: Maps) -> dict[str, str | float]:
    record: dict[str, str | float] = {"name": maps.name, "sha256": maps.sha256()}
    scale = {"width_m": maps.width_m, "height_range_m": maps.height_range_m}
    return record | {name: value for name, value in scale.items() if value is not None}


def _versions(tools: list[Tool]) -> dict[str, str]:
    names = {tool.name for tool in tools}
    owners = {plugin.distribution for plugin in registry().plugins if names.intersection(plugin.tools)}
    return {name: version(name) for name in sorted({"impasto", "torch", "numpy"} | owners)}
