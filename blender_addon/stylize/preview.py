# SPDX-License-Identifier: GPL-3.0-or-later
"""Previews of the Style panel's settings: a live one, and thumbnails of all kinds of style to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from bpy.props import StringProperty

from ..bridge import surfaces
from ..bridge.inputs import SOURCE
from ..core.descriptions import MESH
from ..core.engine.messages import PREVIEW
from ..core.errors import Message, ParameterError
from ..engine.catalogue import catalogue, properties_of
from ..interface import previews
from ..jobs.operator import InstantOperator, TaskOperator, busy_message
from ..jobs.session import connect, jobs
from ..jobs.task import Place, Task, TaskReport
from ..parameters import properties
from ..parameters.groups import label_of_choice
from ..parameters.properties import STYLE
from ..tools.action import WorkerAction
from ..tools.live import Live
from ..tools.sources import inputs_poll_message
from ..windows import redraw
from .request import from_scene, subject_of, subject_poll_message
from .settings import AUTO_KIND, KIND, LONGEST, RELIEF, START, STROKES

PREVIEW_PX = 256
"""Longer side of a preview by a stylizer that declares no size for quick previews."""


def previewer(context: bpy.types.Context) -> Mapping[str, Any] | None:
    """Stylizer that paints the preview: the chosen one or, if it is slow, the quickest one with the same inputs.

    None for a tool without a parameter for the size of its result.
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
    """Whether a tool has this parameter and accepts this value if it lists choices."""
    known = properties_of(tool)
    return name in known and value in known[name].get("enum", (value,))


def small_action(context: bpy.types.Context, tool: Mapping[str, Any]) -> WorkerAction:
    """A small picture by a stylizer, with the panel's settings.

    Across seams, a small source is sent: the cost of unfolding a mesh grows with the pixels of the texture.
    """
    request = from_scene(context)
    subject = subject_of(context, context.scene.impasto_style.subject)
    parameters = {name: value for name, value in request.parameters.items() if _takes(tool, name, value)}
    longest_px = min(tool["preview_px"] or PREVIEW_PX, subject.longest_px)
    if (strokes_px := parameters.get(STROKES)) and (full_px := parameters.get(LONGEST) or subject.longest_px):
        parameters[STROKES] = max(1, round(strokes_px * longest_px / full_px))
    parameters |= {LONGEST: longest_px, RELIEF: 0.0}
    inputs = {name: chosen for name, chosen in request.inputs.items() if name != START}
    changes = {"tool": tool["name"], "parameters": parameters, "inputs": inputs, "source": subject.source}
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
        """The material that is repainted; None for an image, or for several materials that are repainted together."""
        subject = subject_of(context, context.scene.impasto_style.subject)
        return subject.material if not subject.others else None


live = StylePreview()
register, unregister = live.register, live.unregister


COLUMNS = 2


class _LatestKinds:
    """The latest thumbnails, uint8 RGB by kind, and the stylizer and file that they belong to."""

    def __init__(self) -> None:
        self.pictures: dict[str, np.ndarray] = {}
        self.key: tuple[str, int] = ("", 0)


_latest = _LatestKinds()


def kind_thumbnails(context: bpy.types.Context) -> dict[str, np.ndarray]:
    """Thumbnails of the chosen stylizer by kind; empty if there are none."""
    key = (context.scene.impasto_style.tool, jobs.file_epoch)
    return _latest.pictures if _latest.key == key else {}


def kinds_of(tool: str) -> Sequence[str]:
    """Kinds of style that a stylizer has settings for."""
    known = properties_of(catalogue[tool]) if tool in catalogue else {}
    return [kind for kind in known[KIND]["enum"] if kind != AUTO_KIND] if KIND in known else []


def draw_kinds(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the button that makes thumbnails and, below it, the thumbnails with their buttons, two in a row."""
    layout.operator("impasto.style_kinds", icon="IMAGE_REFERENCE")
    pictures = kind_thumbnails(context)
    if not pictures:
        return
    tool = catalogue[context.scene.impasto_style.tool]
    chosen = getattr(properties.group_of(context.scene, tool), properties.identifier(KIND))
    grid = layout.grid_flow(columns=COLUMNS, even_columns=True)
    for kind, pixels in pictures.items():
        column = grid.column(align=True)
        column.template_icon(previews.icon_of_pixels(f"kind {kind}", pixels), scale=5)
        text = label_of_choice(kind)
        column.operator("impasto.pick_style_kind", text=text, depress=kind == chosen).kind = kind


class IMPASTO_OT_style_kinds(TaskOperator, bpy.types.Operator):
    """Repaint small pictures with the settings of each kind of style, to choose from"""

    bl_label = "Show All Kinds"
    place = Place.STYLE

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        if not kinds_of(context.scene.impasto_style.tool):
            return "This stylizer has no settings for kinds of style"
        return live.poll_message(context)

    def task(self, context: bpy.types.Context) -> Task:
        name, epoch = context.scene.impasto_style.tool, jobs.file_epoch
        kinds = kinds_of(name)
        if not kinds:
            raise ParameterError("this stylizer has no settings for kinds of style", "choose another stylizer")
        live.cancel()
        connected, action = connect(), small_action(context, catalogue[name])
        plain = action.recipe
        assert plain is not None
        (step,) = plain.steps

        def work(task: Task) -> None:
            pictures: dict[str, np.ndarray] = {}
            for kind in kinds:
                recipe = replace(plain, steps=(replace(step, parameters={**step.parameters, KIND: kind}),))
                pictures[kind] = replace(action, recipe=recipe).picture(task, connected())[PREVIEW]
                _latest.pictures, _latest.key = dict(pictures), (name, epoch)

        def finish(_: None) -> TaskReport:
            redraw()
            return TaskReport("INFO", "Choose a kind of style")

        return Task(self.bl_label, work, finish)


class IMPASTO_OT_pick_style_kind(InstantOperator, bpy.types.Operator):
    """Take the settings of this kind of style; those that you have changed stay as they are"""

    bl_label = "Pick Kind of Style"
    place = Place.STYLE

    kind: StringProperty(name="Kind", description="Name of the kind of style")

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if kind_thumbnails(context) else "Show all kinds first"

    def do(self, context: bpy.types.Context) -> TaskReport:
        tool = catalogue[context.scene.impasto_style.tool]
        setattr(properties.group_of(context.scene, tool), properties.identifier(KIND), self.kind)
        return TaskReport("INFO", Message("The kind of style is {}", self.kind))
