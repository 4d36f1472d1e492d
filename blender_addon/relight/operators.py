# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that show maps under a light, and let the light turn."""

from __future__ import annotations

import bpy

from ..jobs.operator import TaskOperator, poll
from ..jobs.task import Place, Task
from . import subject
from .turntable import light_of, turntable


class IMPASTO_OT_relight(TaskOperator, bpy.types.Operator):
    """See the textures on a ball and on a plane under a light that you can move"""

    bl_idname = "impasto.relight"
    bl_label = "Show under Light"
    place = Place.RELIGHT

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        return subject.why_none(context)

    def task(self, context: bpy.types.Context) -> Task:
        turntable.freeze()
        return subject.task(context, light_of(context.scene))


class IMPASTO_OT_turn_light(bpy.types.Operator):
    """Let the light go around, or stop it where it is"""

    bl_idname = "impasto.turn_light"
    bl_label = "Turn Light"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return poll(cls, "" if turntable.shown else "Press Show under Light first")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        if turntable.is_playing:
            turntable.pause()
        else:
            turntable.play()
        return {"FINISHED"}


CLASSES = (IMPASTO_OT_relight, IMPASTO_OT_turn_light)
