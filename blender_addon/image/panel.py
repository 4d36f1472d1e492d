# SPDX-License-Identifier: GPL-3.0-or-later
"""The This Image panel of the image editor."""

from __future__ import annotations

import bpy

from ..bridge import images
from ..bridge.image_editors import shown_image
from ..engine.catalogue import catalogue
from ..interface.drawing import draw_operators, draw_report, name_place, operator_class
from ..jobs.task import Place
from ..material.drawing import draw_result
from ..parameters.operators import WIDTH, draw_open_number
from ..parameters.points import azimuths_of
from ..tools.panel import InImageEditor, Tab, draw_parameters

IMAGE_BUTTONS = {
    "impasto.make_seamless": "MOD_ARRAY",
    "impasto.estimate_maps": "NODE_MATERIAL",
    "impasto.match_image": "TEXTURE",
    "impasto.rerun": "FILE_REFRESH",
    "impasto.continue_larger": "FULLSCREEN_ENTER",
}


class IMPASTO_PT_this_image(Tab, InImageEditor, bpy.types.Panel):
    """Buttons for the image that the editor shows."""

    bl_label = "This Image"
    bl_order = 3

    def draw(self, context: bpy.types.Context) -> None:
        name_place(self.layout, Place.IMAGE)
        _draw_known(self.layout, context)
        image = shown_image(context)
        suiting = (name for name in IMAGE_BUTTONS if image is None or operator_class(name).suits(image))
        draw_operators(self.layout, {name: IMAGE_BUTTONS[name] for name in suiting})
        if image and images.has_recipe(image):
            self.layout.operator("impasto.edit_layers", icon="GREASEPENCIL").image = image.name
        draw_report(self.layout, Place.IMAGE)
        draw_result(self.layout, context, Place.IMAGE)


def _draw_known(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw what is known of the photograph, for Maps from Image and Match Image: its light and its width."""
    usual = catalogue.usual("maps")
    lit = azimuths_of(catalogue[usual]) if usual else []
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    if lit:
        draw_parameters(column, context, catalogue[usual], only=lit)
    draw_open_number(column, context.scene.impasto, "width_m", WIDTH, "Real Width")
