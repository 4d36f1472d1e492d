# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's state, and the operators that set it up, repair and check it."""

from __future__ import annotations

import os

import bpy

from ..core.errors import Message
from ..engine import engine
from ..engine.catalogue import catalogue
from ..engine.settings import PreferenceProperties
from ..interface.drawing import draw_preferences_button, draw_report, draw_status, draw_text
from ..jobs.description import description_task
from ..jobs.operator import TaskOperator, busy_message, poll
from ..jobs.session import jobs
from ..jobs.task import Place, Task, TaskReport
from ..translations.texts import full_stop, sentence
from ..windows import redraw
from . import graphics, installer


def draw_missing_engine(layout: bpy.types.UILayout, place: Place) -> None:
    """Draw, in a panel, that the engine is missing, and the buttons that set up an engine."""
    draw_engine_state(layout, place)
    if jobs.shown_task is None:
        draw_builds(layout, engine.preferences())
        column = layout.column(align=True)
        draw_engine_buttons(column)
        draw_preferences_button(column)


def draw_engine_state(layout: bpy.types.UILayout, place: Place) -> None:
    """Draw the engine in use, the running set-up, or the reason why no engine can be set up."""
    found = engine.find()
    column = layout.column()
    if found:
        is_given = "IMPASTO_ENGINE" in os.environ
        text = Message("Engine (from IMPASTO_ENGINE): {}" if is_given else "Engine: {}", found.python)
        draw_text(column, text, "CHECKMARK" if engine.has_passed(found) else "CONSOLE", boxes=1)
    else:
        draw_text(column, "Impasto needs an engine: a Python with PyTorch.", "ERROR", boxes=1)
    if jobs.shown_task:
        draw_status(column)
        return
    draw_report(column, place, buttons=False, boxes=1)  # buttons are below
    if found is None and (reason := installer.poll_message(engine.preferences())):
        draw_text(column, sentence(reason) + full_stop().strip(), "INFO", boxes=1)
    if not (found or bpy.app.online_access or bpy.app.online_access_override):
        column.operator("extensions.userpref_allow_online", text="Allow Online Access", icon="INTERNET")


def draw_builds(layout: bpy.types.UILayout, preferences: PreferenceProperties) -> None:
    """Draw the detected graphics card, and the builds of PyTorch to choose from, with their sizes."""
    column = layout.column(align=True)
    column.use_property_split = False  # which would put a choice's text next to its button
    if preferences.wheels_folder:
        draw_text(column, "The engine is installed from the folder of wheels, without network.", "FILE_FOLDER", boxes=1)
        return
    computer = _this_computer()
    if computer is None:
        draw_text(column, "Looking for a graphics card", "INFO", boxes=1)
        return
    draw_text(column, computer.poll_message() or computer.description, "INFO", boxes=1)
    for choice in ("AUTO", "GPU", "CPU"):
        build = computer.build(choice)
        text = Message("Automatic: {}", build.label) if choice == "AUTO" else f"{build.label}: {build.download}"
        column.prop_enum(preferences, "torch_build", choice, text=sentence(text))
    chosen = computer.build(preferences.torch_build)
    text = Message("Set Up Engine downloads {}, which need {} on the disk", chosen.download, chosen.disk)
    draw_text(column, text, "BLANK1", boxes=1)
    if installer.is_unfinished():
        draw_text(column, "A set-up is not finished: Set Up Engine continues it.", "INFO", boxes=1)


def _this_computer() -> graphics.Computer | None:
    """This computer; None until it is examined, which begins at the first call."""
    if graphics.this_computer.cache_info().currsize:
        return graphics.this_computer()
    label = "Looking for a graphics card"
    if not any(task.label == label for task in jobs.tasks):

        def apply(computer: graphics.Computer) -> TaskReport:
            redraw()
            return TaskReport("INFO", computer.description)

        jobs.start(Task(label, lambda _task: graphics.this_computer(), apply, is_shown=False))
    return None


def draw_engine_buttons(layout: bpy.types.UILayout) -> None:
    layout.operator("impasto.set_up_engine", icon="IMPORT")
    if engine.own_engine():
        layout.operator("impasto.repair_engine", icon="MODIFIER")
    layout.operator("impasto.check_engine", icon="FILE_REFRESH")
    layout.operator("impasto.open_log", icon="TEXT")


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
        works = TaskReport("INFO", Message("The engine works: {}", found.python))
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
        jobs.close()  # its worker holds files that are repaired
        return _installation_task("Repairing the engine", installer.plan(engine.preferences(), repairs=True))


def _install_poll_message() -> str:
    training = Message("A training runs: {}", jobs.training.label) if jobs.training else ""
    return busy_message() or training or installer.poll_message(engine.preferences())


def _installation_task(label: str, plan: installer.InstallPlan) -> Task:
    """Task that carries out a plan, and then uses the new engine."""

    def apply(built: engine.Engine) -> TaskReport:
        jobs.close()
        engine.keep(built)
        plan.tidy(built)
        if engine.find() != built:
            other = "IMPASTO_ENGINE or the Python in the preferences is used instead"
            return TaskReport("WARNING", Message("The engine is ready: {}; {}", built.python, other))
        learn_tools, tools = jobs.finish if bpy.app.background else jobs.start, description_task()
        tools.place = task.place
        learn_tools(tools)
        return TaskReport("INFO", Message("The engine is ready: {}", built.python))

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
