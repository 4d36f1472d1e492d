# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what a tool still needs: weights, a model, an image for an input. Cheap enough for panels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

from ..bridge.mesh_masks import IMAGE, MASK
from ..core.descriptions import MESH
from ..engine.catalogue import catalogue
from ..parameters import inputs, properties
from ..parameters.groups import chosen_model
from ..weights import weights


def tool_poll_message(
    owner: bpy.types.Scene | bpy.types.PropertyGroup, name: str, mask_by: str = IMAGE, has_mesh: bool = False
) -> str:
    """Reason why a tool of a scene or a layer cannot run as it is set; empty if it can."""
    if name not in catalogue:
        return "Choose a tool"
    tool = catalogue[name]
    why = weights.weights_poll_message(tool, properties.parameters_of(owner, tool)) or _model_poll_message(owner, tool)
    return why or inputs_poll_message(owner, tool, mask_by, has_mesh)


def inputs_poll_message(
    scene: bpy.types.Scene, tool: Mapping[str, Any], mask_by: str = IMAGE, has_mesh: bool = False
) -> str:
    """Sentence on the images or the mesh that are still to be chosen for a tool's inputs; empty if none are."""
    chosen, required = inputs.images_of(scene, tool), [item for item in tool["inputs"] if item["required"]]
    if any(item["kind"] == MESH for item in required) and not has_mesh:
        return "Select a mesh object"
    known = {*chosen, *([] if mask_by == IMAGE else [MASK])}
    missing = [item["name"] for item in required if item["kind"] != MESH and item["name"] not in known]
    if missing:
        return f"Choose an image for {', '.join(missing)}"
    short = [item for item in required if item["kind"] != MESH and len(chosen.get(item["name"], ())) < item["least"]]
    return f"Choose {short[0]['least']} or more images for {short[0]['name']}" if short else ""


def _model_poll_message(scene: bpy.types.Scene, tool: Mapping[str, Any]) -> str:
    parameter, group = properties.model_parameter(tool), properties.group_of(scene, tool)
    if parameter is None or chosen_model(group, tool):
        return ""
    if name := getattr(group, properties.identifier(parameter)):
        return f"There is no model called {name}: choose another"
    return f"{tool['label']} needs a model that you trained: see Train"
