# SPDX-License-Identifier: GPL-3.0-or-later
"""The This Image panel of the image editor."""

from __future__ import annotations

import bpy

from ..interface.drawing import draw_operators, draw_report, name_place
from ..jobs.task import Place
from ..tools.panel import InImageEditor, Tab

IMAGE_BUTTONS = {
    "impasto.make_seamless": "MOD_ARRAY",
    "impasto.estimate_maps": "NODE_MATERIAL",
    "impasto.rerun": "FILE_REFRESH",
    "impasto.continue_larger": "FULLSCREEN_ENTER",
}


class IMPASTO_PT_this_image(Tab, InImageEditor, bpy.types.Panel):
    """Buttons for the image that the editor shows."""

    bl_label = "This Image"

    def draw(self, _context: bpy.types.Context) -> None:
        name_place(self.layout, Place.IMAGE)
        draw_operators(self.layout, IMAGE_BUTTONS)
        draw_report(self.layout, Place.IMAGE)


CLASSES = (IMPASTO_PT_this_image,)
