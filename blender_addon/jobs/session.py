# SPDX-License-Identifier: GPL-3.0-or-later
"""The session's running tasks, the timer that concludes them, and the clients of the two workers.

The interactive worker makes pictures while the long one trains. A task is concluded on the main thread, once no
render needs the data. Headless code, where timers never fire, waits with `finish`.
"""

from __future__ import annotations

import atexit
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import bpy
import numpy as np

from ..core.engine.client import Client
from ..core.engine.remote import Remote
from ..core.system.untrusted import printable
from ..engine import engine
from ..engine.catalogue import catalogue
from ..windows import areas, redraw, redraw_status_bars, shows_panels
from .task import Place, Status, Task, TaskReport, announce, status_of

TICK_S, QUICK_TICK_S = 0.1, 0.01
"""Seconds between ticks, and between ticks for tasks that are not shown, such as previews."""
PRINT_INTERVAL_S = 1.0
INTERACTIVE, LONG = "interactive", "long"
GRACE_S = {INTERACTIVE: 3.0, LONG: 10.0}
"""Seconds that a worker may take to end. A training first finishes its step and saves a checkpoint."""
CANCEL_GRACE_S = {INTERACTIVE: 2.0, LONG: 30.0}
JOIN_LIMIT_S = 2.0
"""Time in which an abandoned task notices that its worker or process has ended."""
BLOCKING_JOBS = ("RENDER", "OBJECT_BAKE")
"""Blender's jobs that read the scene. Data must not change while they run."""
DOUBLE_CLICK_S = 1.0
"""Time after a task's start within which another click counts as a double-click."""
MOST_LIT = 16
"""Most materials whose pictures are kept."""
NAME_BYTES = 60
"""Limit of an operator's name in UTF-8."""


class Jobs:
    """The session's tasks and its workers."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.waiting: list[Task] = []
        """Tasks in line: their inputs are read, and they start when the shown task has ended."""
        self._shown_since = 0.0
        self.reports: dict[Place, TaskReport] = {}
        """Last report of each panel, the latest at the end."""
        self.drawn: set[Place] = set()
        """Panels that were drawn since their last task began."""
        self._engines: dict[Place, engine.Engine | None] = {}
        """The engine that was chosen when each report came."""
        self._of: dict[Place, int] = {}
        """Session id of the active object when each report came."""
        self.lit: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        """Pictures of the latest materials on a ball and a plane under a light, by name."""
        self.outcome = TaskReport("INFO", "")
        """Report of the last operator, in any panel or script."""
        self.file_epoch = self.render_epoch = 0
        self.rendered_in = -1
        """Epoch of the file of the last render."""
        self.is_in_render = False
        self.seen: tuple = ()
        self._status_seen: Status | None = None
        self.clients: dict[str, Client] = {}
        self._keys: dict[str, tuple] = {}

    @property
    def last_report(self) -> TaskReport | None:
        """Latest report, in any panel."""
        return next((found for place in reversed(self.reports) if (found := self.report_at(place))), None)

    @property
    def shown_task(self) -> Task | None:
        """Task whose progress the panels show."""
        return next((task for task in self.tasks if task.is_shown), None)

    @property
    def takes_next(self) -> bool:
        """Whether a task may wait in line: none waits yet, and this is not the second half of a double-click."""
        return not self.waiting and time.monotonic() - self._shown_since > DOUBLE_CLICK_S

    @property
    def training(self) -> Task | None:
        """The running training."""
        return next((task for task in self.tasks if task.is_long), None)

    def start(self, task: Task) -> None:
        """Start a task, or put it in line behind the shown one; the timer concludes it."""
        if task.is_shown and self.shown_task:
            self.waiting.append(task)
            redraw()
            return
        self.tasks.append(task)
        if task.is_shown:
            self._shown_since = time.monotonic()
        if task.is_shown or task.is_long:
            self.reports.pop(task.place, None)
            self.drawn.discard(task.place)
        task.start()
        redraw()
        if not bpy.app.timers.is_registered(_tick):
            bpy.app.timers.register(_tick, first_interval=self._tick_s, persistent=True)

    def finish(self, task: Task) -> TaskReport:
        """Run a task, and wait for its end. For scripts, and without a window."""
        task.start()
        printed = time.monotonic()
        while True:
            try:
                if task.wait(TICK_S):
                    break
            except KeyboardInterrupt:
                task.cancel()
            if sys.stdout.isatty() and time.monotonic() - printed >= PRINT_INTERVAL_S:
                printed = time.monotonic()
                print(printable(f"Impasto: {task.fraction:4.0%} {task.message}"), flush=True)
        return task.conclude()

    def client(
        self, which: str, command: Sequence[str] | Remote, log_path: Path, environment: Mapping[str, str]
    ) -> Client:
        """Client of a worker. A new client is made if the command or the settings have changed. Called by `work`."""
        key = (command, *environment.items())
        if which not in self.clients or self._keys[which] != key:
            self._close(which)
            more = {"grace_s": CANCEL_GRACE_S[which], "outlives": which == LONG}
            self.clients[which], self._keys[which] = Client(command, log_path, environment=environment, **more), key
            atexit.unregister(self.close)
            atexit.register(self.close)
        return self.clients[which]

    def close(self) -> None:
        """End the workers, and all jobs except a training that should continue."""
        atexit.unregister(self.close)
        for which in list(self.clients):
            self._close(which)

    def _close(self, which: str) -> None:
        if client := self.clients.pop(which, None):
            client.close(GRACE_S[which])

    def end(self) -> None:
        """Cancel all jobs except a training that should continue; end the workers and all threads."""
        self.waiting.clear()
        for task in self.tasks:
            if not task.outlives:
                task.cancel()
        self.close()
        for task in self.tasks:
            task.join(JOIN_LIMIT_S)
        self.tasks.clear()
        self.reports.clear()

    def tick(self) -> float | None:
        """Conclude tasks that have ended. Return the seconds to the next tick, or None if nothing runs."""
        for task in [task for task in self.tasks if task.is_ended]:
            if is_rendering():
                break
            report = task.conclude_part()
            if report is None:
                continue
            self.tasks.remove(task)
            if task.is_shown or task.is_long or report.level == "ERROR":
                self.show_report(report, task.place)
            if not self._is_seen(task.place):
                announce(report)
        if self.waiting and not self.shown_task:
            self.start(self.waiting.pop(0))
        if self.seen != (seen := self._shown_state()):
            self.seen = seen
            redraw()
        if self._status_seen != (status := self.status):
            self._status_seen = status
            redraw_status_bars()
        return self._tick_s if self.tasks else None

    @property
    def status(self) -> Status | None:
        """Status of the running task, for the status bar; None without one."""
        task = self.shown_task or self.training
        return status_of(task) if task else None

    @property
    def _tick_s(self) -> float:
        is_unhurried = all((task.is_shown or task.is_long) and not task.is_ended for task in self.tasks)
        return TICK_S if is_unhurried or is_rendering() else QUICK_TICK_S

    def show_report(self, report: TaskReport, place: Place) -> None:
        """Show a report in the panel that caused it. Scripts find the names in `outcome`."""
        self.reports.pop(place, None)
        self.reports[place] = self.outcome = report
        self._engines[place], self._of[place] = engine.find(), _active_uid()
        if report.lit is not None and len(report.materials) == 1:
            self.lit.pop(report.materials[0], None)
            self.lit = {**dict([*self.lit.items()][1 - MOST_LIT :]), report.materials[0]: report.lit}

    def report_at(self, place: Place) -> TaskReport | None:
        """The last report from a panel; None if another engine is chosen now, or another object is the active one."""
        report = self.reports.get(place)
        if report is None or (report.is_of_engine and self._engines.get(place) != engine.find()):
            return None
        return None if place.is_of_file and self._of.get(place, _active_uid()) != _active_uid() else report

    def _is_seen(self, place: Place) -> bool:
        """Whether a panel that shows the reports from this place is open in a window."""
        return place in self.drawn and any(map(shows_panels, areas()))

    def forget(self, place: Place) -> None:
        """Remove a panel's report, because the panel is set to make something else."""
        self.reports.pop(place, None)

    def _shown_state(self) -> tuple:
        """State that panels show. They are redrawn only when this state changes."""
        progress = [(task.message, task.state, round(task.fraction, 2), id(task.preview)) for task in self.tasks]
        return (*self.waiting, *self.reports.values(), *progress)


jobs = Jobs()


def _active_uid() -> int:
    """Session id of the active object; 0 without one."""
    item = bpy.context.view_layer.objects.active
    return item.session_uid if item else 0


def _tick() -> float | None:
    return jobs.tick()


def is_rendering() -> bool:
    """Whether Blender is reading the scene for a render or a bake."""
    return jobs.is_in_render or any(bpy.app.is_job_running(kind) for kind in BLOCKING_JOBS)


def push_undo(message: str) -> None:
    """Make one step of undo of all changes since the last step.

    Operators run without Python's lock, but within `temp_override` they still ask Python for their context, and crash
    if another thread runs (seen in 4.2 to 5.0). So a timer, which has no window, calls an operator that needs none and
    has the step's name.
    """
    if bpy.context.window:
        if bpy.ops.ed.undo_push.poll():
            bpy.ops.ed.undo_push(message=message)
        return
    label = message.encode()[:NAME_BYTES].decode(errors="ignore")
    of_step = {"bl_idname": "impasto.undo_step", "bl_label": label, "bl_options": {"UNDO", "INTERNAL"}}
    step = type(
        "IMPASTO_OT_undo_step", (bpy.types.Operator,), {**of_step, "execute": lambda _self, _context: {"FINISHED"}}
    )
    bpy.utils.register_class(step)
    try:
        bpy.ops.impasto.undo_step("EXEC_DEFAULT", True)
    finally:
        bpy.utils.unregister_class(step)


def connect(which: str = INTERACTIVE) -> Callable[[], Client]:
    """Function for a task's `work` that checks the engine and returns a worker's client."""
    found, version, log_path = engine.require(), catalogue.version, engine.log_path(which)
    environment = engine.settings_environment()

    def client() -> Client:
        engine.check(found, version)
        more = ["--low-priority"] if which == LONG else []
        command = found.remote if found.is_remote else found.command("impasto.engine.worker", *more)
        return jobs.client(which, command, log_path, environment)

    return client


def _file_opened(_path: str) -> None:
    """Start a new epoch: results for the former file are not put into this one, and its reports are dropped."""
    jobs.file_epoch += 1
    jobs.waiting.clear()
    jobs.lit.clear()
    _undone()


def _undone(*_: object) -> None:
    """Drop reports about results that are undone or in another file."""
    jobs.reports = {place: report for place, report in jobs.reports.items() if not place.is_of_file}


def _render_started(*_: object) -> None:
    jobs.is_in_render = True


def _render_ended(*_: object) -> None:
    jobs.is_in_render = False
    jobs.render_epoch += 1
    jobs.rendered_in = jobs.file_epoch


HANDLERS = (
    ("load_post", _file_opened),
    ("undo_post", _undone),
    ("render_init", _render_started),
    ("render_complete", _render_ended),
    ("render_cancel", _render_ended),
)


def unregister() -> None:
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
        redraw_status_bars()
    jobs.end()
