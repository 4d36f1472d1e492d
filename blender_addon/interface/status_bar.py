# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of the running task in Blender's status bar, with a button that cancels it, as for Blender's own jobs."""

from __future__ import annotations

import bpy

from ..jobs.session import jobs
from ..translations.texts import sentence


def draw(self: bpy.types.Header, _context: bpy.types.Context) -> None:
    """Draw the running task, if there is one."""
    if (status := jobs.status) is None:
        return
    row = self.layout.row(align=True)
    row.progress(factor=status.fraction, text=f"Impasto: {sentence(status.message)}")
    if jobs.shown_task:
        row.operator("impasto.cancel", text="", icon="CANCEL")


def register() -> None:
    bpy.types.STATUSBAR_HT_header.prepend(draw)


def unregister() -> None:
    bpy.types.STATUSBAR_HT_header.remove(draw)
