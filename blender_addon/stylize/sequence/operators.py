# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that prepare a scene to be rendered, repaint its frames, and add them to the compositor."""

from __future__ import annotations

import bpy

from ...jobs.operator import InstantOperator, TaskOperator, busy_poll_message, clicked_panel
from ...jobs.session import jobs, push_undo
from ...jobs.task import Place, Task, TaskReport
from ...tools.arguments import values_over, with_properties
from ...tools.missing import tool_poll_message
from ...tools.request import Request
from ..operators import StyleArguments
from ..preview import live
from . import compositor, passes
from .request import SequenceRequest


class SceneChange(InstantOperator):
    """Mixin for an operator that changes the scene; the panel shows its report."""

    bl_options = {"REGISTER"}  # noqa: RUF012  scripts get the step of undo, too
    bl_label: str

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if bpy.app.background else busy_poll_message()

    def execute(self, context: bpy.types.Context) -> set[str]:
        done = super().execute(context)
        if done == {"FINISHED"}:
            push_undo(f"Impasto: {self.bl_label}")
        jobs.show_report(jobs.made, clicked_panel(context, Place.SEQUENCE))
        return done


class IMPASTO_OT_set_up_sequence(SceneChange, bpy.types.Operator):
    """Render the motion that frames are repainted by: a view layer of its own with Vector and Cryptomatte Object, \
Cycles without motion blur, OpenEXR MultiLayer"""

    bl_label = "Set Up Passes"

    def do(self, context: bpy.types.Context) -> TaskReport:
        return TaskReport("INFO", "; ".join([f"{passes.LAYER} is set up", *passes.set_up(context)]))


class IMPASTO_OT_composite_sequence(SceneChange, bpy.types.Operator):
    """Add the painted frames to the compositor as an Image node, in time with the scene; without other nodes, renders \
show them"""

    bl_label = "Add to Compositor"

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return super().poll_message(context) or compositor.poll_message(context.scene)

    def do(self, context: bpy.types.Context) -> TaskReport:
        image = compositor.painted(context.scene)
        assert image is not None  # else `poll` says why
        notes = compositor.add(context.scene, image)
        return TaskReport("INFO", "; ".join([f"{image.name} is in the compositor", *notes]), images=(image.name,))


@with_properties(SequenceRequest)
@with_properties(Request, "inputs", "seed", "device")
class IMPASTO_OT_repaint_sequence(StyleArguments, TaskOperator, bpy.types.Operator):
    """Repaint the frames of a shot as the Style panel is set, so that paint stays on what it was painted on"""

    bl_label = "Repaint Sequence"
    place = Place.SEQUENCE

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        scene = context.scene
        SequenceRequest.from_scene(scene).folder(scene)
        return tool_poll_message(scene, scene.impasto_style.tool, scene.impasto_style.mask_by)

    def task(self, context: bpy.types.Context) -> Task:
        style = self.style_request(context)
        live.cancel()
        values = values_over(SequenceRequest, context.scene.impasto_sequence, self)
        return SequenceRequest(**values).task(context, style)
