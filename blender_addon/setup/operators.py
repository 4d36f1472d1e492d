# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators on the engine: set it up, repair it, check it, refresh its tools, show its log."""

from __future__ import annotations

import bpy

from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.description import description_task
from ..jobs.operator import TaskOperator, busy_message, poll
from ..jobs.session import jobs
from ..jobs.task import Place, Task, TaskReport
from . import installer


class IMPASTO_OT_refresh_tools(TaskOperator, bpy.types.Operator):
    """Ask the engine which tools it has, after a plugin was installed or removed"""

    bl_label = "Refresh Tools"
    place = Place.PREFERENCES

    def task(self, _context: bpy.types.Context) -> Task:
        return description_task()


class IMPASTO_OT_check_engine(TaskOperator, bpy.types.Operator):
    """Check that the engine's Python is new enough and has torch and impasto"""

    bl_label = "Check Engine"
    place = Place.PREFERENCES

    def task(self, _context: bpy.types.Context) -> Task:
        found, version = engine.require(), catalogue.version
        engine.forget_checks()
        works = TaskReport("INFO", f"The engine works: {found.python}")
        return Task("Checking the engine", lambda _task: engine.check(found, version), lambda _result: works)


class IMPASTO_OT_set_up_engine(TaskOperator, bpy.types.Operator):
    """Make a Python environment with PyTorch and Impasto in Impasto's own folder"""

    bl_label = "Set Up Engine"
    place = Place.PREFERENCES

    @classmethod
    def start_poll_message(cls) -> str:
        return _install_poll_message()

    def task(self, _context: bpy.types.Context) -> Task:
        return _installation_task("Setting up the engine", installer.plan(engine.preferences()))


class IMPASTO_OT_repair_engine(TaskOperator, bpy.types.Operator):
    """Install again what is missing, damaged or of another version in the engine that Set Up Engine made"""

    bl_label = "Repair Engine"
    place = Place.PREFERENCES

    @classmethod
    def start_poll_message(cls) -> str:
        return _install_poll_message() or ("" if engine.own_engine() else "There is no engine that Impasto has made")

    def task(self, _context: bpy.types.Context) -> Task:
        jobs.close()  # its worker holds the files that are mended
        return _installation_task("Repairing the engine", installer.plan(engine.preferences(), repairs=True))


def _install_poll_message() -> str:
    training = f"A training runs: {jobs.training.label}" if jobs.training else ""
    return busy_message() or training or installer.poll_message(engine.preferences())


def _installation_task(label: str, plan: installer.InstallPlan) -> Task:
    """Task that carries out a plan, and uses the engine from then on."""

    def apply(made: engine.Engine) -> TaskReport:
        jobs.close()
        engine.keep(made)
        plan.tidy(made)
        if engine.find() != made:
            other = "IMPASTO_ENGINE or the Python in the preferences is used instead"
            return TaskReport("WARNING", f"The engine is ready: {made.python}; {other}")
        learn_tools, tools = jobs.finish if bpy.app.background else jobs.start, description_task()
        tools.place = task.place
        learn_tools(tools)
        return TaskReport("INFO", f"The engine is ready: {made.python}")

    task = Task(label, plan.carry_out, apply)
    return task


class IMPASTO_OT_open_log(bpy.types.Operator):
    """Open the file with all that the worker, or Set Up Engine, printed last"""

    bl_label = "Open Log"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return poll(cls, "" if engine.newest_log() else "The worker has printed nothing yet")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        bpy.ops.wm.path_open(filepath=str(engine.newest_log()))
        return {"FINISHED"}
