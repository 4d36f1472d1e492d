# SPDX-License-Identifier: GPL-3.0-or-later
"""Request from the Impasto panel's settings, checks of what is missing, and recipes put back into the panel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ..bridge import materials, naming
from ..bridge.inputs import SOURCE, Source, images_of
from ..bridge.recipe_inputs import missing_inputs, put_source
from ..bridge.target import ACTIVE
from ..core.descriptions import FROM_PHOTOGRAPHS
from ..core.errors import ParameterError
from ..core.recipe import Recipe, Step
from ..core.system.untrusted import parse_json
from ..engine.catalogue import catalogue, defaults_of, has_size
from ..parameters import inputs, properties
from ..tools.form import AS_STORED
from ..tools.lists import LISTS, MODEL, PHOTO, WORDS, is_pictured
from ..tools.request import Request
from ..tools.sources import FILE, NONE, chosen_source, source_poll_message, tool_poll_message
from .settings import ImpastoSettings


def from_scene(context: bpy.types.Context) -> Request:
    """Request from the scene's settings."""
    settings = context.scene.impasto
    tool = catalogue[settings.tool]
    estimator = catalogue[settings.estimator] if settings.estimator in catalogue else None  # noqa: SIM401  it has no get
    group = properties.group_of(context.scene, tool)
    return Request.from_settings(
        settings,
        source=chosen_source(settings) if tool["uses_subject"] else None,
        estimator=settings.estimator,
        estimator_parameters=properties.parameters_of(context.scene, estimator) if estimator else {},
        width_m=settings.width_m * materials.unit_m(),
        color_space=settings.color_space if settings.source_kind == FILE else AS_STORED,
        **properties.size_of(group, tool),
    )


def without_source(context: bpy.types.Context) -> Request:
    """Request without a source, with the panel's size, estimator, device and depth."""
    width_px, height_px = _size_of(context.scene)
    panel = replace(from_scene(context), width_px=width_px, height_px=height_px, width_m=0.0, color_space=AS_STORED)
    return replace(panel, source=None, parameters={}, inputs={})


def _size_of(scene: bpy.types.Scene) -> tuple[int, int]:
    """Width and height of the panel's tool, or else of the last tool with a size; 0: the tool's own."""
    for name in (scene.impasto.tool, scene.impasto.sized, catalogue.usual("seamless")):
        if name in catalogue and has_size(catalogue[name]):
            group = properties.group_of(scene, catalogue[name])
            return group.width_px, group.height_px
    return 0, 0


def request_poll_message(context: bpy.types.Context) -> str:
    """Reason why the panel's settings cannot run; empty if they can."""
    settings, active = context.scene.impasto, context.active_object
    has_mesh = any(item and item.type == "MESH" for item in (*context.selected_objects, active))
    no_material = settings.material == ACTIVE and not (active and active.active_material)
    return (
        tool_poll_message(context.scene, settings.tool, settings.mask_by, has_mesh)
        or _source_poll_message(settings, catalogue[settings.tool])
        or ("The active object has no material" if no_material else "")
    )


def _source_poll_message(settings: ImpastoSettings, tool: Mapping[str, Any]) -> str:
    if not tool["uses_subject"]:
        return ""
    is_wanted = settings.source_kind != NONE
    if properties.model_parameter(tool) and not tool["needs"]:  # it makes textures from nothing
        return source_poll_message(settings, is_needed=is_wanted and settings.intent == PHOTO)
    return source_poll_message(settings, is_needed=is_wanted or tool["needs"] or tool["kind"] != "generator")


def show_recipe(scene: bpy.types.Scene, recipe: Recipe) -> bool:
    """Set the panel to a recipe's first step and seed; return whether the panel has its tool.

    Raise ParameterError, before anything changes, for values that the panel cannot have.
    """
    step, settings = recipe.steps[0], scene.impasto
    kinds, _ = LISTS["tool"]
    if step.tool not in catalogue or catalogue[step.tool]["kind"] not in kinds:
        return False
    tool = properties.check_step(step)
    settings.tool = step.tool
    properties.put_parameters(scene, tool, step.parameters)
    settings.seed, settings.matched = recipe.seed, json.dumps(dict(recipe.matched))
    properties.preview_update(properties.TEXTURE)(None, None)
    return True


def restore_settings(scene: bpy.types.Scene, recipe: Recipe, sources: Mapping[str, Source]) -> list[str]:
    """Set the panel to a whole recipe with these inputs; return the names of missing inputs.

    Raise ParameterError, before anything changes, for a recipe that the panel cannot show.
    """
    step, estimator = _parts(recipe)
    settings, tool = scene.impasto, properties.check_step(step)
    if estimator:
        properties.check_step(estimator)
    sources = {name: source for name, source in sources.items() if not isinstance(source, bpy.types.Material)}
    pictures = images_of(sources, step.input_names)
    settings.intent = PHOTO if SOURCE in recipe.inputs else WORDS if is_pictured(step.tool) else MODEL
    show_recipe(scene, replace(recipe, steps=(step,)))
    properties.put_size(properties.group_of(scene, tool), tool, step.parameters)
    put_source(settings, sources.get(SOURCE), recipe.inputs.get(SOURCE, {}))
    inputs.put_images(scene, tool, step, pictures)
    if tool["kind"] == "generator" and not tool["makes_all_maps"]:
        settings.estimator = estimator.tool if estimator else "none"
    if estimator:
        properties.put_parameters(scene, catalogue[estimator.tool], estimator.parameters)
    settings.lock_seed = True
    return missing_inputs(recipe, sources)


def _parts(recipe: Recipe) -> tuple[Step, Step | None]:
    """Steps of the panel's tool and of the estimator, if there is one. Raise ParameterError for any other recipe."""
    steps, kinds = list(recipe.active_steps), LISTS["tool"][0]
    if any(step.tool not in catalogue for step in steps):
        steps = []
    if len(steps) > 1 and catalogue[steps[1].tool]["task"] in FROM_PHOTOGRAPHS and _is_usual(steps[0]):
        steps.pop(0)  # a photograph that needs it gets it again
    kind = catalogue[steps[0].tool]["kind"] if steps else ""
    is_estimated = len(steps) == 2 and kind == "generator" and catalogue[steps[1].tool]["kind"] == "estimator"
    estimator = steps.pop() if is_estimated else None
    if len(steps) != 1 or kind not in kinds:
        raise ParameterError("the Impasto panel cannot show this recipe", "press Edit Layers")
    return steps[0], estimator


def _is_usual(step: Step) -> bool:
    """Whether a step is a filter with its default parameters."""
    tool = catalogue[step.tool]
    defaults = defaults_of(tool)
    return tool["kind"] == "filter" and {**defaults, **step.parameters} == defaults


def shown_recipe(scene: bpy.types.Scene) -> Recipe:
    """Recipe of the panel's tool alone, as its sliders are now, with the record of its match."""
    settings = scene.impasto
    step = Step(settings.tool, properties.parameters_of(scene, catalogue[settings.tool]))
    return Recipe((step,), settings.seed, matched=matcher_of(settings))


def matcher_of(settings: bpy.types.PropertyGroup) -> Mapping[str, str]:
    """Record of the match that found the panel's parameters, even if they changed since; empty without a match."""
    if not settings.matched:
        return {}
    try:
        matched = parse_json(settings.matched, "the record of a match", kind=ParameterError)
        return Recipe((Step(settings.tool),), matched=matched).matched
    except ParameterError:  # of a file that something else has written
        return {}


def name_of_match(settings: bpy.types.PropertyGroup) -> str:
    """Name for results of the panel's match: its first words or its picture's name; empty without a match."""
    matched = matcher_of(settings)
    name = matched.get("text", "").partition(";")[0] or Path(matched.get("name", "")).stem
    return naming.of_parts(name) if name else ""
