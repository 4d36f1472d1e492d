# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of panels: what a material has replaced."""

from __future__ import annotations

import bpy

from ..bridge import former
from ..bridge.target import active_material
from ..translations.texts import sentence


def draw_former(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw buttons that give the active object back what its material has replaced, or let go of that."""
    material = active_material(context)
    for one in former.choices(material, context.active_object):
        row = layout.row(align=True)
        text = f"{sentence('Restore')}: {one.name}"
        button = row.operator("impasto.restore", text=text, icon="LOOP_BACK", translate=False)
        button.former = one.name
        row.operator("impasto.forget_former", text="", icon="X")
