# SPDX-License-Identifier: GPL-3.0-or-later
"""The Endless panel in the 3D view and the shader editor."""

from __future__ import annotations

import bpy

from ..bridge import endless_nodes
from ..bridge.target import active_material
from ..jobs.task import Place
from ..tools.lists import MORE
from ..tools.panel import Tab, draw_run, in_editors


class EndlessPanel(Tab):
    """Mixin: the same panel in each editor."""

    bl_label = "Endless"
    place = Place.ENDLESS
    intents = (MORE,)
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  as Blender wants it
    bl_order = 7

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = context.scene.impasto_endless
        material = active_material(context)
        node = endless_nodes.find(material)
        if node is None:
            for name in ("cell_size", "sharpness", "seed", "insist"):
                layout.prop(settings, name)
            draw_run(layout, "impasto.make_endless", Place.ENDLESS, "MOD_ARRAY")
            return
        for label in ("Cell Size", "Sharpness", "Seed"):
            layout.prop(node.inputs[label], "default_value", text=label)
        layout.operator("impasto.make_plain", icon="LOOP_BACK")
        layout.prop(settings, "size_px")
        draw_run(layout, "impasto.bake_endless", Place.ENDLESS, "RENDER_STILL")


PANELS = in_editors(EndlessPanel, "endless", ("view_3d", "shader_editor"))
