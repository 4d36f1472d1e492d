# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.set_up_sequence`, which prepares a scene to be rendered, and `impasto.repaint_sequence`."""

from __future__ import annotations

import bpy

from ...core.errors import ImpastoError
from ...jobs.operator import TaskOperator, clicked_panel, poll, tell, why_busy_or_rendering
from ...jobs.session import jobs, push_undo
from ...jobs.task import Place, Report, Task, error_report
from ...tools.arguments import values_in, values_over, with_properties
from ...tools.request import Request
from ..operators import StyleArguments
from ..preview import live
from ..request import why_unset
from . import passes
from .request import SequenceRequest


class IMPASTO_OT_set_up_sequence(bpy.types.Operator):
    """Render the motion that frames are repainted by: a view layer of its own with Vector and Cryptomatte Object, \
Cycles without motion blur, OpenEXR MultiLayer"""

    bl_idname = "impasto.set_up_sequence"
    bl_label = "Set Up Passes"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return poll(cls, "" if bpy.app.background else why_busy_or_rendering())

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            report = Report("INFO", "; ".join([f"{passes.LAYER} is set up", *passes.set_up(context)]))
            push_undo(f"Impasto: {self.bl_label}")
        except ImpastoError as error:
            report = error_report(error)
        jobs.tell(report, clicked_panel(context, Place.SEQUENCE))
        return tell(self, report)


@with_properties(SequenceRequest)
@with_properties(Request, "inputs", "seed", "device")
class IMPASTO_OT_repaint_sequence(StyleArguments, TaskOperator, bpy.types.Operator):
    """Repaint the frames of a shot as the Style panel is set, so that paint stays on what it was painted on"""

    bl_idname = "impasto.repaint_sequence"
    bl_label = "Repaint Sequence"
    place = Place.SEQUENCE

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        scene = context.scene
        try:
            SequenceRequest(**values_in(SequenceRequest, scene.impasto_sequence)).folder(scene)
        except ImpastoError as error:
            return str(error)
        return why_unset(context)

    def task(self, context: bpy.types.Context) -> Task:
        style = self.style_request(context)
        live.cancel()
        values = values_over(SequenceRequest, context.scene.impasto_sequence, self)
        return SequenceRequest(**values).task(context, style)


CLASSES = (IMPASTO_OT_set_up_sequence, IMPASTO_OT_repaint_sequence)
