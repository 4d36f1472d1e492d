# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel Film in Blender's render properties, and its operators: frames in, painted frames out."""

from __future__ import annotations

import bpy

from ...core.errors import ImpastoError
from ...interface.drawing import draw_status, draw_text, name_place, poll_message
from ...jobs.operator import InstantOperator, TaskOperator, busy_poll_message, clicked_panel
from ...jobs.session import jobs, push_undo
from ...jobs.task import Place, Task, TaskReport
from ...parameters.operators import Open, draw_open_number
from ...tools.form import values_over, with_properties
from ...tools.panel import draw_run
from ...tools.request import Request
from ...tools.sources import tool_poll_message
from ..operators import StyleArguments
from ..preview import live
from . import passes, request
from .passes import motion_poll_message
from .request import OPEN, SequenceRequest


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
        return super().poll_message(context) or request.compositor_poll_message(context.scene)

    def do(self, context: bpy.types.Context) -> TaskReport:
        image = request.painted_image(context.scene)
        assert image is not None  # else `poll` says why
        notes = request.add_to_compositor(context.scene, image)
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


class IMPASTO_PT_film(bpy.types.Panel):
    """Rendered frames are repainted as the tab Restyle is set."""

    bl_label = "Impasto Film"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "render"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  as Blender wants it

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene = self.layout, context.scene
        layout.use_property_split, layout.use_property_decorate = True, False
        name_place(layout, Place.SEQUENCE)
        draw_status(layout)
        layout.operator("impasto.set_up_sequence", icon="RENDERLAYERS")
        if not scene.impasto_sequence.frames and (why := motion_poll_message(scene)):
            draw_text(layout, why, "INFO")
        _draw_frames(layout, scene)
        draw_text(layout, "Style and painting are those of the tab Restyle", "BRUSH_DATA")
        draw_run(layout, "impasto.repaint_sequence", Place.SEQUENCE, "SEQUENCE")
        if not poll_message("impasto.composite_sequence"):
            layout.operator("impasto.composite_sequence", icon="NODE_COMPOSITING")


def _draw_frames(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """Draw the folders of the frames and of the painted frames, and their range; empty fields show the defaults."""
    settings, column = scene.impasto_sequence, layout.column()
    request = SequenceRequest.from_scene(scene)
    try:
        places = (str(request.shot(scene)), str(request.folder(scene)))
    except ImpastoError:  # the reason is shown below the button
        places = ("", "")
    for name, place in zip(("frames", "out_dir"), places, strict=True):
        column.prop(settings, name, placeholder=place)
    draw_open_number(column, settings, "first", Open(OPEN, scene.frame_start, "The first there is"), "First Frame")
    draw_open_number(column, settings, "last", Open(OPEN, scene.frame_end, "The last there is"), "Last Frame")
    column.prop(settings, "replace")
