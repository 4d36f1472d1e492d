# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipe that the Impasto panel shows: its tool is chosen, and the sliders are its parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import bpy

from ..bridge import naming
from ..core.errors import ParameterError
from ..core.recipe import Recipe, Step
from ..core.system.untrusted import parse_json
from ..engine.catalogue import catalogue
from ..parameters import properties
from ..tools.lists import LISTS


def show_recipe(scene: bpy.types.Scene, recipe: Recipe) -> bool:
    """Set the panel to the first step of a recipe, and to its seed; return whether the panel has such a tool."""
    step, settings = recipe.steps[0], scene.impasto
    kinds, _ = LISTS["tool"]
    if step.tool not in catalogue or catalogue[step.tool]["kind"] not in kinds:
        return False
    settings.tool = step.tool
    properties.put_parameters(scene, catalogue[step.tool], step.parameters)
    settings.seed, settings.matched = recipe.seed, json.dumps(dict(recipe.matched))
    properties.tell_changed(properties.TEXTURE)(None, None)
    return True


def shown_recipe(scene: bpy.types.Scene) -> Recipe:
    """Recipe of the panel's tool alone, with its sliders as they are now, and the record of its match."""
    settings = scene.impasto
    step = Step(settings.tool, properties.parameters_of(scene, catalogue[settings.tool]))
    return Recipe((step,), settings.seed, matched=matcher_of(settings))


def matcher_of(settings: bpy.types.PropertyGroup) -> Mapping[str, str]:
    """Record of the match that found the panel's parameters, whatever became of them since; empty if none did."""
    if not settings.matched:
        return {}
    try:
        matched = parse_json(settings.matched, "the record of a match", kind=ParameterError)
        return Recipe((Step(settings.tool),), matched=matched).matched
    except ParameterError:  # of a file that something else has written
        return {}


def name_of_match(settings: bpy.types.PropertyGroup) -> str:
    """Name for results of the match that the panel shows: its first words, or its picture's; empty if there is none."""
    matched = matcher_of(settings)
    name = matched.get("text", "").partition(";")[0] or Path(matched.get("name", "")).stem
    return naming.of_parts(name) if name else ""
