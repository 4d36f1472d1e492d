# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators on tasks: the base of those that run one, and those that cancel or stop it.

`execute` waits for the task; a click in a window starts it.
"""

from __future__ import annotations

import json
from typing import Any

import bpy
from bpy.props import BoolProperty, StringProperty

from ..core.errors import ImpastoError, WorkerError
from ..engine import engine
from ..translations.texts import sentence
from .session import is_rendering, jobs
from .task import EXPECTED, PLACE, Place, Task, TaskReport, error_report


class InstantOperator:
    """Mixin: an operator that does what it does at once, as one step of undo.

    place: panel that shows its reports, if no panel's button was clicked.
    """

    bl_options = {"UNDO"}  # noqa: RUF012  as Blender wants it
    place = Place.TEXTURE

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        """Reason why a click can do nothing useful now, or an ImpastoError that says it; empty if it can.

        Panels show it below the button.
        """
        return ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll(cls, poll_message_of(cls, context))

    def do(self, context: bpy.types.Context) -> TaskReport:
        """Do all of it now; for scripts, and wherever there is no window."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            return report_result(self, self.do(context))
        except EXPECTED as error:
            return report_result(self, error_report(error))


class TaskOperator(InstantOperator):
    """Mixin for an operator with `task(context) -> Task`; scripts get a RuntimeError if the task fails.

    can_wait: while another task runs, a click puts it in line, with what is set and selected then. is_at_once: a click
    needs no engine, nor any task.
    """

    bl_options = {"REGISTER"}  # noqa: RUF012  as Blender wants it
    needs_engine = True
    can_wait = False
    is_at_once = False

    @classmethod
    def start_poll_message(cls) -> str:
        """Reason why it cannot be started now, whatever its settings; empty if it can, and without a window."""
        if bpy.app.background or cls.is_at_once:
            return ""
        return (engine.poll_message() if cls.needs_engine else "") or busy_poll_message(cls.can_wait)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether it can be started now, and by a click with the panel's settings."""
        return poll(cls, cls.start_poll_message() or click_poll_message(cls, context))

    def task(self, context: bpy.types.Context) -> Task:
        raise NotImplementedError

    def do(self, context: bpy.types.Context) -> TaskReport:
        return jobs.finish(self.task(context))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start it; the timer finishes it, and Blender's window stays responsive."""
        if bpy.app.background or self.is_at_once:
            return self.execute(context)
        return self.start(context, clicked_panel(context, self.place))

    def start(self, context: bpy.types.Context, place: Place) -> set[str]:
        """Start it from a panel's button; its report, or the reason why it cannot start, is shown there."""
        try:
            self.require_free()
            task = self.task(context)
            task.place = place
            jobs.start(task)
            return {"FINISHED"}
        except EXPECTED as error:
            report = error_report(error)
        jobs.show_report(report, place)
        return report_result(self, report)

    def require_free(self) -> None:
        """Raise WorkerError if a task runs that it would have to wait for."""
        if jobs.shown_task and not (self.can_wait and jobs.takes_next):
            raise WorkerError(busy_message(), "wait for it, or cancel it")


def clicked_panel(context: bpy.types.Context, usual: Place) -> Place:
    """Panel whose button was clicked; `usual` for calls from a menu or the search."""
    return Place(getattr(context, PLACE, usual))


def report_result(operator: bpy.types.Operator, report: TaskReport) -> set[str]:
    """Report through an operator and return its result. In scripts an ERROR becomes a RuntimeError."""
    jobs.made = report
    if report.level == "CANCELLED":
        operator.report({"INFO"}, sentence(report.text))
        return {"CANCELLED"}
    operator.report({report.level}, sentence(report.text))
    return {"CANCELLED"} if report.level == "ERROR" else {"FINISHED"}


def click_poll_message(cls: type[TaskOperator], context: bpy.types.Context) -> str:
    """Reason why a click in a panel or a menu can do nothing useful; empty if it can.

    A script's call brings its own settings, and gets its errors from `execute`: Blender calls `poll` for it too, but
    only buttons in our panels and menus have a place in their context.
    """
    return poll_message_of(cls, context) if hasattr(context, PLACE) else ""


def poll_message_of(cls: type[InstantOperator], context: bpy.types.Context) -> str:
    """Reason why a click on an operator's button could do nothing useful; empty if it could."""
    try:
        return cls.poll_message(context)
    except ImpastoError as error:
        return str(error)


def busy_poll_message(can_wait: bool = False) -> str:
    """Sentence on what Impasto or Blender is busy with; empty if neither is, or what comes next can wait."""
    busy = "" if can_wait and jobs.takes_next else busy_message()
    return busy or ("Blender is rendering or baking: wait for it" if is_rendering() else "")


def busy_message() -> str:
    """Sentence on what Impasto is busy with; empty if it is not."""
    return f"Impasto is busy: {jobs.shown_task.label}" if jobs.shown_task else ""


def poll(cls: type[bpy.types.Operator], reason: str) -> bool:
    """Whether there is no reason against it; Blender shows a reason in the button's tooltip."""
    if reason:
        cls.poll_message_set(sentence(reason))
    return not reason


class IMPASTO_OT_cancel(bpy.types.Operator):
    """Stop what Impasto is doing; nothing that was there before is changed"""

    bl_label = "Cancel"

    is_next: BoolProperty(name="Next", description="Take out of the line what waits, instead", options={"SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        if properties.is_next and jobs.waiting:
            return sentence(f"{jobs.waiting[0].label} begins when this is done: click to take it out of the line")
        return ""

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return poll(cls, "" if jobs.shown_task else "Impasto is doing nothing")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        if self.is_next:
            jobs.waiting.clear()
        elif jobs.shown_task:
            jobs.shown_task.cancel()
        return {"FINISHED"}


class IMPASTO_OT_stop(bpy.types.Operator):
    """Finish early, and keep what there is"""

    bl_label = "Stop and Keep"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        task = jobs.shown_task
        can_stop = task is not None and task.can_stop and task.state == "running"
        return poll(cls, "" if can_stop else "Nothing runs that could be kept")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        if jobs.shown_task and jobs.shown_task.job:
            jobs.shown_task.job.stop()
        return {"FINISHED"}


LISTS = ("materials", "images", "models", "files")


def as_json() -> str:
    """Names of materials, images and models, paths of files, and the report."""
    report = jobs.made
    return json.dumps({name: list(getattr(report, name)) for name in LISTS} | {"report": report.text})


def _get(_manager: Any) -> str:
    return as_json()


MADE = StringProperty(
    name="Made",
    description="As JSON, what Impasto's last operator made: the names of materials, images and models, and files",
    get=_get,
)
PROPERTIES = ((bpy.types.WindowManager, "impasto_made", MADE),)
