# SPDX-License-Identifier: GPL-3.0-or-later
"""The Sequence panel in the 3D view and the image editor: frames in, painted frames out."""

from __future__ import annotations

import bpy

from ..core.errors import ImpastoError
from ..interface.drawing import draw_text, name_place
from ..jobs.session import jobs
from ..jobs.task import Place
from ..parameters.open_numbers import Open, draw_open_number
from ..tools.arguments import values_in
from ..tools.intents import RESTYLE
from ..tools.panel import InImageEditor, InView3D, Tab, draw_run
from .passes import why_no_motion
from .request import OPEN, SequenceRequest


class SequencePanel(Tab):
    """Mixin: the same panel in each editor."""

    bl_label = "Sequence"
    intents = (RESTYLE,)
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  as Blender wants it
    bl_order = 3
    layout: bpy.types.UILayout

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene = self.layout, context.scene
        layout.use_property_split = True
        layout.use_property_decorate = False
        name_place(layout, Place.SEQUENCE)
        if not jobs.shown_task:
            layout.operator("impasto.set_up_sequence", icon="RENDERLAYERS")
        if not scene.impasto_sequence.frames and (why := why_no_motion(scene)):
            draw_text(layout, why, "INFO")
        _draw_frames(layout, scene)
        draw_run(layout, "impasto.repaint_sequence", Place.SEQUENCE, "SEQUENCE")


class IMPASTO_PT_sequence_view_3d(SequencePanel, InView3D, bpy.types.Panel):
    pass


class IMPASTO_PT_sequence_image_editor(SequencePanel, InImageEditor, bpy.types.Panel):
    pass


def _draw_frames(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """Draw where the frames are, where they go, and which they are; the places by default are shown in the fields."""
    settings, column = scene.impasto_sequence, layout.column()
    request = SequenceRequest(**values_in(SequenceRequest, settings))
    try:
        places = (str(request.shot(scene)), str(request.folder(scene)))
    except ImpastoError:  # the reason is shown below the button
        places = ("", "")
    for name, place in zip(("frames", "out_dir"), places, strict=True):
        column.prop(settings, name, placeholder=place)
    draw_open_number(column, settings, "first", Open(OPEN, scene.frame_start, "The first there is"), "First Frame")
    draw_open_number(column, settings, "last", Open(OPEN, scene.frame_end, "The last there is"), "Last Frame")
    column.prop(settings, "replace")


CLASSES = (IMPASTO_PT_sequence_view_3d, IMPASTO_PT_sequence_image_editor)
