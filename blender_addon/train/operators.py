# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.train`, the panel's button and the call for scripts, and operators on a running training."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.operator import TaskOperator, poll
from ..jobs.session import jobs
from ..jobs.task import Place, Task
from ..paths import FILE_PATH
from ..tools.arguments import ensure_known, source_of, values_of, with_properties
from .request import NAME, TrainingRequest, from_scene, request_poll_message


@with_properties(TrainingRequest)
class IMPASTO_OT_train(TaskOperator, bpy.types.Operator):
    """Train a model on your own pictures; Blender stays free meanwhile. Without data: as the panel is set"""

    bl_label = "Train"
    place = Place.TRAINING

    tool: StringProperty(name="Trainer", description="Name of the trainer; empty: the usual one")
    data: StringProperty(name="Data", description="Path of a picture or folder to learn from", **FILE_PATH)
    image: StringProperty(name="Image", description="Name of an image of this .blend file, instead of data")
    name: StringProperty(name="Name", description="What the model is called: letters, digits, - and _")

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return request_poll_message(context)

    @classmethod
    def start_poll_message(cls) -> str:
        """Reason why no training can start: it waits for nothing but an engine and another training."""
        if bpy.app.background:
            return ""
        busy = f"A training runs already: {jobs.training.label}" if jobs.training else ""
        return engine.poll_message() or busy

    def require_free(self) -> None:
        """It runs in the long worker, beside whatever else Impasto does."""

    def task(self, context: bpy.types.Context) -> Task:
        if not (self.data or self.image):
            return from_scene(context).task()
        tool = self.tool or catalogue.usual("train")
        ensure_known(tool)
        given = values_of(TrainingRequest, self, is_whole=True)
        given["parameters"] |= {NAME: self.name} if self.name else {}
        return TrainingRequest(tool, source_of(self.image, self.data), **given).task()


class OnTraining:
    """Mixin: calls `asks` of the running training's job, if it is in one of `states`; none: of the task, in any."""

    states: tuple[str, ...] = ()
    asks = ""

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        task = jobs.training
        if task is None:
            return poll(cls, "No training runs")
        is_able = not cls.states or (task.state in cls.states and task.job)
        return poll(cls, "" if is_able else f"The training is {task.state}")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        if task := jobs.training:
            getattr(task.job if self.states else task, self.asks)()
        return {"FINISHED"}


class IMPASTO_OT_pause_training(OnTraining, bpy.types.Operator):
    """Let the training wait; it keeps its memory, and goes on where it was"""

    bl_label = "Pause"
    states, asks = ("waiting", "running"), "pause"


class IMPASTO_OT_resume_training(OnTraining, bpy.types.Operator):
    """Go on with the training"""

    bl_label = "Resume"
    states, asks = ("pausing", "paused"), "resume"


class IMPASTO_OT_stop_training(OnTraining, bpy.types.Operator):
    """Finish early: the model is what has been learned so far"""

    bl_label = "Stop and Keep"
    states, asks = ("running", "pausing", "paused"), "stop"


class IMPASTO_OT_cancel_training(OnTraining, bpy.types.Operator):
    """End the training without a model; a checkpoint stays, from which the same training goes on"""

    bl_label = "Cancel"
    asks = "cancel"
