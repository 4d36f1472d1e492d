# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators and tasks: bases of operators, and operators that cancel or stop a task.

`execute` waits for the task; a click in a window starts it.
"""

from __future__ import annotations

import json

import bpy
from bpy.props import BoolProperty, StringProperty

from ..core.errors import ImpastoError, Message, WorkerError
from ..engine import engine
from ..translations.texts import sentence
from .session import is_rendering, jobs
from .task import EXPECTED, PLACE, Place, Task, TaskReport, error_report


class InstantOperator:
    """Mixin: an operator that finishes at once, as one step of undo.

    place: panel that shows its reports, unless the button of a panel was clicked.
    """

    bl_options = {"UNDO"}  # noqa: RUF012  as Blender wants it
    place = Place.TEXTURE

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        """Reason why a click would be useless now, or an ImpastoError with it; empty if there is none.

        Panels show it below the button.
        """
        return ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll(cls, poll_message_of(cls, context))

    def do(self, context: bpy.types.Context) -> TaskReport:
        """Carry the operation out now, and return its report."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            return report_result(self, self.do(context))
        except EXPECTED as error:
            return report_result(self, error_report(error))


class TaskOperator(InstantOperator):
    """Mixin for an operator with `task(context) -> Task`; scripts get a RuntimeError if the task fails.

    can_wait: while another task runs, a click puts this one in line, with the settings and the selection of that
    moment. is_at_once: a click calls `do`, and needs neither an engine nor a task.
    """

    bl_options = {"REGISTER"}  # noqa: RUF012  as Blender wants it
    needs_engine = True
    can_wait = False
    is_at_once = False

    @classmethod
    def start_poll_message(cls) -> str:
        """Reason why the operator cannot start, whatever its settings. Empty if it can, and always without a window."""
        if bpy.app.background or cls.is_at_once:
            return ""
        return (engine.poll_message() if cls.needs_engine else "") or busy_poll_message(cls.can_wait)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether the operator can start now. For clicks in Impasto's panels and menus: with the panel's settings.

        Blender calls this for scripts, too, which pass their own settings, and get errors from `execute`. Only buttons
        in our panels and menus have a place in their context.
        """
        return poll(cls, cls.start_poll_message() or (poll_message_of(cls, context) if hasattr(context, PLACE) else ""))

    def task(self, context: bpy.types.Context) -> Task:
        raise NotImplementedError

    def do(self, context: bpy.types.Context) -> TaskReport:
        return jobs.finish(self.task(context))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the task. A timer finishes it, so Blender's window stays responsive."""
        if bpy.app.background or self.is_at_once:
            return self.execute(context)
        return self.start(context, clicked_panel(context, self.place))

    def start(self, context: bpy.types.Context, place: Place) -> set[str]:
        """Start the task from a panel's button. The panel shows its report, or the error that prevents its start."""
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
        """Raise WorkerError if another task must end first."""
        if jobs.shown_task and not (self.can_wait and jobs.takes_next):
            raise WorkerError(busy_message(), "wait for it, or cancel it")


def clicked_panel(context: bpy.types.Context, usual: Place) -> Place:
    """Panel with the clicked button; `usual` for calls from a menu or from search."""
    return Place(getattr(context, PLACE, usual))


def report_result(operator: bpy.types.Operator, report: TaskReport) -> set[str]:
    """Report through an operator, and return the operator's result. In scripts, an ERROR becomes a RuntimeError."""
    jobs.outcome = report
    if report.level == "CANCELLED":
        operator.report({"INFO"}, sentence(report.text))
        return {"CANCELLED"}
    operator.report({report.level}, sentence(report.text))
    return {"CANCELLED"} if report.level == "ERROR" else {"FINISHED"}


def poll_message_of(cls: type[InstantOperator], context: bpy.types.Context) -> str:
    """Reason why a click on an operator's button would be useless; empty if there is none."""
    try:
        return cls.poll_message(context)
    except ImpastoError as error:
        return str(error)


def busy_poll_message(can_wait: bool = False) -> str:
    """Sentence on the activity of Impasto or Blender; empty without any, or if the next task can wait."""
    busy = "" if can_wait and jobs.takes_next else busy_message()
    return busy or ("Blender is rendering or baking: wait for it" if is_rendering() else "")


def busy_message() -> str:
    """Sentence on the activity of Impasto; empty if it is idle."""
    return Message("Impasto is busy: {}", jobs.shown_task.label) if jobs.shown_task else ""


def poll(cls: type[bpy.types.Operator], reason: str) -> bool:
    """Whether the reason is empty; Blender shows it in the button's tooltip."""
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
            return sentence("{} begins when this is done: click to take it out of the line", jobs.waiting[0].label)
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
    report = jobs.outcome
    return json.dumps({name: list(getattr(report, name)) for name in LISTS} | {"report": report.text})


MADE = StringProperty(
    name="Made",
    description="As JSON, what Impasto's last operator made: the names of materials, images and models, and files",
    get=lambda _manager: as_json(),
)
PROPERTIES = ((bpy.types.WindowManager, "impasto_made", MADE),)
