# SPDX-License-Identifier: GPL-3.0-or-later
"""Request from the Style panel's settings, and checks of what is missing."""

from __future__ import annotations

import bpy

from ..engine.catalogue import catalogue
from ..tools.missing import why_no_input, why_unready
from ..tools.request import Request
from .subject import why_no_subject


def from_scene(context: bpy.types.Context) -> Request:
    """The panel's request, but for the subject."""
    return Request.from_settings(context.scene.impasto_style, estimator="none")


def why_incomplete(context: bpy.types.Context) -> str:
    """Reason why the panel's settings cannot be carried out; empty where they can. Cheap enough for a panel."""
    settings = context.scene.impasto_style
    if settings.tool not in catalogue:
        return "Choose a stylizer"
    tool = catalogue[settings.tool]
    return why_unready(context.scene, tool) or why_no_subject(context) or why_no_input(context.scene, tool)
