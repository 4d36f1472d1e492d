# SPDX-License-Identifier: GPL-3.0-or-later
"""The Impasto tab of three editors, and what every panel with a tool in it begins with."""

from __future__ import annotations

import bpy

from . import engine
from .catalogue import catalogue
from .drawing import name_place
from .preferences import draw_missing_engine
from .tasks import Place
from .weight_panels import draw_missing_weights


class Tab:
    """Mixin: a panel in the tab."""

    bl_category = "Impasto"
    bl_region_type = "UI"


class ToolPanel(Tab):
    """Mixin: a panel for a tool, which is chosen first. settings: the scene's group that says which; place: its own.

    A subclass has `draw_tool(context, settings, tool)`, which draws what the panel offers for that tool.
    """

    settings: str
    place: Place

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        name_place(layout, self.place)
        if engine.find() is None:
            draw_missing_engine(layout.box(), self.place)
        settings = getattr(context.scene, self.settings)
        layout.prop(settings, "tool")
        if settings.tool not in catalogue:
            layout.operator("impasto.refresh_tools", icon="FILE_REFRESH")
            return
        tool = catalogue[settings.tool]
        draw_missing_weights(layout, context, tool)
        self.draw_tool(context, settings, tool)


class InView3D:
    """Mixin: the panel is in the 3D view."""

    bl_space_type = "VIEW_3D"


class InShaderEditor:
    """Mixin: the panel is in the shader editor."""

    bl_space_type = "NODE_EDITOR"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.space_data.tree_type == "ShaderNodeTree"


class InImageEditor:
    """Mixin: the panel is in the image editor."""

    bl_space_type = "IMAGE_EDITOR"
