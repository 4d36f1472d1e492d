# SPDX-License-Identifier: GPL-3.0-or-later
"""The request that the Style panel's settings make, and what is missing from them."""

from __future__ import annotations

import bpy

from ..engine.catalogue import catalogue
from ..parameters import properties
from ..tools.request import Request
from ..weights import weights
from .subject import why_no_subject


def from_scene(context: bpy.types.Context) -> Request:
    """What the panel asks for, but for the subject."""
    settings = context.scene.impasto_style
    tool = catalogue[settings.tool]
    return Request(
        tool=settings.tool,
        parameters=properties.parameters_of(context.scene, tool),
        inputs=properties.images_of(context.scene, tool),
        seed=settings.seed,
        bits=settings.bits,
        estimator="none",
    )


def what_is_missing(context: bpy.types.Context) -> str:
    """Why the panel's settings cannot be carried out; empty where they can. Cheap enough for a panel."""
    settings = context.scene.impasto_style
    if settings.tool not in catalogue:
        return "Choose a stylizer"
    tool = catalogue[settings.tool]
    lacking = weights.why_missing(tool, properties.parameters_of(context.scene, tool))
    if missing := lacking or why_no_subject(context):
        return missing
    chosen = properties.images_of(context.scene, tool)
    unset = [item["name"] for item in tool["inputs"] if item["required"] and item["name"] not in chosen]
    return f"Choose an image for {', '.join(unset)}" if unset else ""
