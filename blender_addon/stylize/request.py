# SPDX-License-Identifier: GPL-3.0-or-later
"""Request from the Style panel's settings, and checks of what is missing."""

from __future__ import annotations

from dataclasses import replace

import bpy

from ..engine.catalogue import catalogue, properties_of
from ..parameters import properties
from ..parameters.groups import belongs_to_model, identifier
from ..tools.missing import why_no_input, why_unready
from ..tools.request import Request
from .subject import why_no_subject


def from_scene(context: bpy.types.Context) -> Request:
    """The panel's request, but for the subject; only with parameters that were set, and numbers of each style.

    The stylizer may choose the others by the kind of style.
    """
    settings = context.scene.impasto_style
    request, tool = Request.from_settings(settings, estimator="none"), catalogue[settings.tool]
    group, known = properties.group_of(context.scene, tool), properties_of(tool)
    given = {
        name: value
        for name, value in request.parameters.items()
        if "for_each" in known[name] or belongs_to_model(known[name]) or group.is_property_set(identifier(name))
    }
    return replace(request, parameters=given)


def why_incomplete(context: bpy.types.Context) -> str:
    """Reason why the panel's settings cannot be carried out; empty where they can. Cheap enough for a panel."""
    settings = context.scene.impasto_style
    if settings.tool not in catalogue:
        return "Choose a stylizer"
    tool = catalogue[settings.tool]
    return why_unready(context.scene, tool) or why_no_subject(context) or why_no_input(context.scene, tool)
