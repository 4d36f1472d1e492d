# SPDX-License-Identifier: GPL-3.0-or-later
"""Request from the Impasto panel's settings, and checks of what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import bpy

from ..bridge import materials
from ..bridge.target import ACTIVE
from ..engine.catalogue import catalogue, has_size
from ..parameters import properties
from ..tools.form import AS_STORED
from ..tools.intents import PHOTO
from ..tools.missing import tool_poll_message
from ..tools.request import Request
from ..tools.sources import FILE, NONE, chosen_source, source_poll_message
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
    """Request for a recipe that makes a material from nothing: with the panel's size, estimator, device and depth."""
    width_px, height_px = _size_of(context.scene)
    panel = replace(from_scene(context), width_px=width_px, height_px=height_px, width_m=0.0, color_space=AS_STORED)
    return replace(panel, source=None, parameters={}, inputs={})


def _size_of(scene: bpy.types.Scene) -> tuple[int, int]:
    """Width and height of the panel's tool, or else of the last one with a size; 0 for its own."""
    for name in (scene.impasto.tool, scene.impasto.sized, catalogue.usual("seamless")):
        if name in catalogue and has_size(catalogue[name]):
            group = properties.group_of(scene, catalogue[name])
            return group.width_px, group.height_px
    return 0, 0


def request_poll_message(context: bpy.types.Context) -> str:
    """Reason why the scene's settings cannot be carried out; empty where they can."""
    settings = context.scene.impasto
    return (
        tool_poll_message(context.scene, settings.tool, settings.mask_by, _has_mesh(context))
        or _source_poll_message(settings, catalogue[settings.tool])
        or _material_poll_message(context, settings)
    )


def _has_mesh(context: bpy.types.Context) -> bool:
    chosen = {*context.selected_objects, context.active_object} - {None}
    return any(item.type == "MESH" for item in chosen)


def _source_poll_message(settings: ImpastoSettings, tool: Mapping[str, Any]) -> str:
    if not tool["uses_subject"]:
        return ""
    is_wanted = settings.source_kind != NONE
    if properties.model_parameter(tool) and not tool["needs"]:  # it makes textures from nothing
        return source_poll_message(settings, is_needed=is_wanted and settings.intent == PHOTO)
    return source_poll_message(settings, is_needed=is_wanted or tool["needs"] or tool["kind"] != "generator")


def _material_poll_message(context: bpy.types.Context, settings: ImpastoSettings) -> str:
    has_material = context.active_object is not None and context.active_object.active_material is not None
    return "The active object has no material" if settings.material == ACTIVE and not has_material else ""
