# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of the running task in Blender's status bar, with a button that cancels it, as for Blender's own jobs."""

from __future__ import annotations

import blf
import bpy

from ..jobs.session import jobs
from ..translations.texts import sentence

UNIT_PX, MARGIN_UNITS = 20, 2
"""Height of a button at a resolution scale of 1, the unit of widths; room at both ends of a text and for a button."""


def draw(self: bpy.types.Header, _context: bpy.types.Context) -> None:
    """Draw the running task, if there is one."""
    if (status := jobs.status) is None:
        return
    row = self.layout.row(align=True)
    text = f"Impasto: {sentence(status.message)}"
    blf.size(0, bpy.context.preferences.ui_styles[0].widget.points)
    row.ui_units_x = blf.dimensions(0, text)[0] / UNIT_PX + MARGIN_UNITS  # by itself it would cut the text
    row.progress(factor=status.fraction, text=text)
    if jobs.shown_task:
        row.operator("impasto.cancel", text="", icon="CANCEL")


def register() -> None:
    bpy.types.STATUSBAR_HT_header.prepend(draw)


def unregister() -> None:
    bpy.types.STATUSBAR_HT_header.remove(draw)
