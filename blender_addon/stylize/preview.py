# SPDX-License-Identifier: GPL-3.0-or-later
"""Live preview of the Style panel's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import bpy

from ..bridge import surfaces
from ..bridge.inputs import SOURCE
from ..core.descriptions import MESH
from ..engine.catalogue import catalogue, properties_of
from ..jobs.operator import busy_message
from ..parameters.properties import STYLE
from ..tools.action import WorkerAction
from ..tools.live import Live
from ..tools.missing import inputs_poll_message
from .request import from_scene, subject_of, subject_poll_message
from .settings import LONGEST, RELIEF, START, STROKES

PREVIEW_PX = 256
"""Longer side of a preview by a stylizer that does not say how large it paints in a moment."""


def previewer(context: bpy.types.Context) -> Mapping[str, Any] | None:
    """Stylizer that paints the preview: the chosen one, or if it is slow, the quickest with the same inputs, if any.

    None for a tool without a parameter for its result's size.
    """
    name = context.scene.impasto_style.tool
    if name not in catalogue or LONGEST not in properties_of(catalogue[name]):
        return None
    chosen = catalogue[name]
    quick = [
        tool
        for tool in catalogue.tools_for("stylize")
        if tool["preview_px"] and _required_inputs(tool) == _required_inputs(chosen)
    ]
    return chosen if chosen["preview_px"] else max(quick, key=lambda tool: tool["preview_px"], default=chosen)


def _required_inputs(tool: Mapping[str, Any]) -> set[str]:
    """Names of the inputs that a tool cannot do without."""
    return {item["name"] for item in tool["inputs"] if item["required"]}


def _takes(tool: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether a tool has this parameter, with this choice where it has choices."""
    known = properties_of(tool)
    return name in known and value in known[name].get("enum", (value,))


def small_action(context: bpy.types.Context, tool: Mapping[str, Any]) -> WorkerAction:
    """A small picture by a stylizer, with the panel's settings.

    Across seams, the source is sent small: what unfolds a mesh costs as much as the texture has pixels.
    """
    request = from_scene(context)
    subject = subject_of(context, context.scene.impasto_style.subject)
    parameters = {name: value for name, value in request.parameters.items() if _takes(tool, name, value)}
    longest_px = min(tool["preview_px"] or PREVIEW_PX, subject.longest_px)
    if (strokes_px := parameters.get(STROKES)) and (full_px := parameters.get(LONGEST) or subject.longest_px):
        parameters[STROKES] = max(1, round(strokes_px * longest_px / full_px))
    parameters |= {LONGEST: longest_px, RELIEF: 0.0}
    given = {name: chosen for name, chosen in request.inputs.items() if name != START}
    changes = {"tool": tool["name"], "parameters": parameters, "inputs": given, "source": subject.source}
    request = replace(request, **changes)
    surface = request.surface(subject.material) if subject.material else None
    action = WorkerAction.of(request, request.recipe(), request.read_inputs(), surface)
    if subject.material and MESH in action.inputs:
        small = surfaces.read(subject.material, (), longest_px)
        action = replace(action, inputs={**action.inputs, SOURCE: small})
    return action


class StylePreview(Live):
    """Live preview of the Style panel's settings."""

    of, settings = STYLE, "impasto_style"

    def settings_poll_message(self, context: bpy.types.Context) -> str:
        if previewer(context) is None:
            return "This stylizer makes its result as its source is"
        return (
            busy_message()
            or subject_poll_message(context)
            or inputs_poll_message(context.scene, catalogue[context.scene.impasto_style.tool])
        )

    def action(self, context: bpy.types.Context) -> WorkerAction:
        tool = previewer(context)
        assert tool is not None  # else `settings_poll_message` says why
        return small_action(context, tool)

    def material_of(self, context: bpy.types.Context) -> bpy.types.Material | None:
        """The material that is repainted; None if that is an image, or several materials are repainted as one."""
        subject = subject_of(context, context.scene.impasto_style.subject)
        return subject.material if not subject.others else None


live = StylePreview()
register, unregister = live.register, live.unregister
