# SPDX-License-Identifier: GPL-3.0-or-later
"""Thumbnails of the subject repainted with the settings of every kind of style, each with the button that takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import bpy
import numpy as np
from bpy.props import StringProperty

from ..core.engine.replies import PREVIEW
from ..core.errors import ParameterError
from ..engine.catalogue import catalogue, properties_of
from ..interface import previews
from ..jobs.operator import TaskOperator, poll, report_result
from ..jobs.session import connect, jobs
from ..jobs.task import Place, Task, TaskReport
from ..parameters import properties
from ..parameters.schemas import label_of_choice
from ..windows import redraw
from .preview import live, small_action
from .settings import AUTO_KIND, KIND

COLUMNS = 2


class _LatestKinds:
    """The latest thumbnails, uint8 RGB by kind, with the stylizer and the file that they were made for."""

    def __init__(self) -> None:
        self.pictures: dict[str, np.ndarray] = {}
        self.key: tuple[str, int] = ("", 0)


_latest = _LatestKinds()


def kind_thumbnails(context: bpy.types.Context) -> dict[str, np.ndarray]:
    """Thumbnails by kind, of the chosen stylizer; empty if there are none."""
    key = (context.scene.impasto_style.tool, jobs.file_epoch)
    return _latest.pictures if _latest.key == key else {}


def kinds_of(tool: str) -> Sequence[str]:
    """The kinds of style that a stylizer has settings for."""
    known = properties_of(catalogue[tool]) if tool in catalogue else {}
    return [kind for kind in known[KIND]["enum"] if kind != AUTO_KIND] if KIND in known else []


def draw(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the thumbnails two by two, each above its button, below the one that makes them."""
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
            made: dict[str, np.ndarray] = {}
            for kind in kinds:
                recipe = replace(plain, steps=(replace(step, parameters={**step.parameters, KIND: kind}),))
                made[kind] = replace(action, recipe=recipe).picture(task, connected())[PREVIEW]
                _latest.pictures, _latest.key = dict(made), (name, epoch)

        def finish(_: None) -> TaskReport:
            redraw()
            return TaskReport("INFO", "Choose a kind of style")

        return Task(self.bl_label, work, finish)


class IMPASTO_OT_pick_style_kind(bpy.types.Operator):
    """Take the settings of this kind of style; those that you have changed stay as they are"""

    bl_label = "Pick Kind of Style"
    bl_options = {"UNDO"}  # noqa: RUF012  as Blender wants it

    kind: StringProperty(name="Kind", description="Name of the kind of style")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll(cls, "" if kind_thumbnails(context) else "Show all kinds first")

    def execute(self, context: bpy.types.Context) -> set[str]:
        tool = catalogue[context.scene.impasto_style.tool]
        setattr(properties.group_of(context.scene, tool), properties.identifier(KIND), self.kind)
        return report_result(self, TaskReport("INFO", f"The kind of style is {self.kind}"))
