# SPDX-License-Identifier: GPL-3.0-or-later
"""Panels below This Image for what is made of an image by points."""

from __future__ import annotations

import bpy

from ..engine.catalogue import catalogue
from ..interface import previews
from ..interface.drawing import draw_operator, draw_text, name_place
from ..jobs.task import Place
from ..tools.panel import InImageEditor, Tab, draw_parameters, draw_place_points
from ..tools.placing import placing
from .operators import SCALE, STRAIGHTEN
from .placing_operator import HELP
from .settings import live


class ByPointsPanel(Tab, InImageEditor):
    """Mixin: the parameters of the tool of a task, and the buttons to place its points and to run it."""

    bl_parent_id = "IMPASTO_PT_this_image"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  as Blender wants it
    layout: bpy.types.UILayout
    does: str
    operator: str
    icon: str

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return bool(catalogue.usual(cls.does))

    def draw(self, context: bpy.types.Context) -> None:
        tool, layout = catalogue[catalogue.usual(self.does)], self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        name_place(layout, Place.IMAGE)
        draw_parameters(layout, context, tool)
        draw_place_points(layout, context, tool, on_shown=True)
        if placing.tool == tool["name"]:
            draw_text(layout, HELP, "INFO")
            self.draw_preview(context)
        draw_operator(layout, self.operator, scale_y=1.3, icon=self.icon)

    def draw_preview(self, context: bpy.types.Context) -> None:
        """Draw the result while the handles are dragged."""


class IMPASTO_PT_straighten(ByPointsPanel, bpy.types.Panel):
    bl_label = "Straighten"
    does, operator, icon = STRAIGHTEN, "impasto.straighten_image", "VIEW_PERSPECTIVE"

    def draw_preview(self, context: bpy.types.Context) -> None:
        settings, layout = context.scene.impasto_points, self.layout
        layout.prop(settings, "live_preview")
        if not settings.live_preview:
            return
        if live.error:
            draw_text(layout, live.error, "ERROR")
        elif live.picture is not None:
            layout.template_icon(previews.icon_of_pixels("points", live.picture), scale=8)


class IMPASTO_PT_scale(ByPointsPanel, bpy.types.Panel):
    bl_label = "Scale from Length"
    does, operator, icon = SCALE, "impasto.scale_image", "DRIVER_DISTANCE"


CLASSES = (IMPASTO_PT_straighten, IMPASTO_PT_scale)
