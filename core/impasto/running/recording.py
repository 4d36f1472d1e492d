"""The record of a run in its recipe: all parameters, hashes of inputs and of what tools loaded, versions, device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from typing import Any

from ..context import Context
from ..descriptions import DIRECTIONS, MESH
from ..plugins.registry import registry
from ..recipe import Recipe, are_active, begin_on_source
from ..texture import Maps
from ..tools import SizeParameters, Tool
from .inputs import SOURCE, RecipeInput, subject_of


@dataclass(frozen=True)
class RunLog:
    """Tools' notes for the user, and SHA-256 of the models, exemplars and weights that they loaded, by name."""

    notes: list[str]
    hashes: Mapping[str, dict[str, str]] = field(default_factory=lambda: {"models": {}, "exemplars": {}, "weights": {}})

    def loaded(self, kind: str, name: str, sha256: str) -> None:
        """A model, an exemplar or published weights were loaded."""
        self.hashes[kind][name] = sha256


def record(
    recipe: Recipe,
    tools: Sequence[Tool],
    parameters: Sequence[Any],
    inputs: Mapping[str, RecipeInput],
    context: Context,
    log: RunLog,
) -> Recipe:
    """The recipe with all defaults, and the record of its run; inputs that it does not use are left out."""
    named = {MESH, DIRECTIONS}.union(*(step.input_names for step in recipe.steps))
    if tools[0].uses_subject or begin_on_source(recipe.active_steps):
        named.add(SOURCE)
    elif isinstance(parameters[0], SizeParameters):  # of the subject, which is not recorded, only the size was used
        height, width = parameters[0].size_px(subject_of(inputs))
        parameters = [parameters[0].model_copy(update={"width_px": width, "height_px": height}), *parameters[1:]]
    chosen = iter(parameters)
    steps = tuple(
        replace(step, parameters=next(chosen).model_dump(mode="json")) if is_active else step
        for step, is_active in zip(recipe.steps, are_active(recipe.steps), strict=True)
    )
    return replace(
        recipe,
        steps=steps,
        inputs={name: record_input(given) for name, given in inputs.items() if name in named},
        made_with={
            "versions": versions_of(tools),
            "device": context.device.split(":")[0],
            "precision": context.precision,
            **{kind: hashes for kind, hashes in log.hashes.items() if hashes},
            **({"stopped": True} if context.is_stopped() else {}),
        },
    )


def record_input(given: RecipeInput) -> dict[str, str | float]:
    """Name, SHA-256 and scale of an input."""
    found: dict[str, str | float] = {"name": given.name, "sha256": given.sha256()}
    if not isinstance(given, Maps):
        return found
    scale = {"width_m": given.tile_width_m, "height_range_m": given.height_range_m}
    found |= {"color_space": given.color_space} if given.color_space else {}
    return found | {name: value for name, value in scale.items() if value is not None}


def versions_of(tools: Sequence[Tool]) -> dict[str, str]:
    """Versions of Impasto, of the packages that compute, and of the plugins that the tools belong to."""
    names = {tool.name for tool in tools}
    owners = {plugin.distribution for plugin in registry().plugins if names.intersection(plugin.tools)}
    return {name: _version(name) for name in sorted({"impasto", "torch", "numpy"} | owners)}


@cache
def _version(distribution: str) -> str:
    """Version of a distribution, read once because that takes longer than a small preview."""
    return version(distribution)
