# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators on the running task: cancel it, or stop it and keep what there is."""

from __future__ import annotations

import bpy

from .operator import poll
from .session import jobs


class IMPASTO_OT_cancel(bpy.types.Operator):
    """Stop what Impasto is doing; nothing that was there before is changed"""

    bl_idname = "impasto.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return poll(cls, "" if jobs.shown else "Impasto is doing nothing")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        if jobs.shown:
            jobs.shown.cancel()
        return {"FINISHED"}


class IMPASTO_OT_stop(bpy.types.Operator):
    """Finish early, and keep what there is"""

    bl_idname = "impasto.stop"
    bl_label = "Stop and Keep"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        task = jobs.shown
        can_stop = task is not None and task.can_stop and task.state == "running"
        return poll(cls, "" if can_stop else "Nothing runs that could be kept")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        if jobs.shown and jobs.shown.job:
            jobs.shown.job.stop()
        return {"FINISHED"}


CLASSES = (IMPASTO_OT_cancel, IMPASTO_OT_stop)
