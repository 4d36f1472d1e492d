# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel Film in Blender's render properties: frames in, painted frames out."""

from __future__ import annotations

import bpy

from ...core.errors import ImpastoError
from ...interface.drawing import draw_status, draw_text, name_place, poll_message
from ...jobs.task import Place
from ...parameters.open_numbers import Open, draw_open_number
from ...tools.panel import draw_run
from .passes import motion_poll_message
from .request import OPEN, SequenceRequest


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
    """Draw where the frames are, where they go, and which they are; the places by default are shown in the fields."""
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
