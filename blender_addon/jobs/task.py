# SPDX-License-Identifier: GPL-3.0-or-later
"""Task: work on a thread, and applying its result on Blender's main thread; news of tasks outside of panels."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple

import bpy
import numpy as np

from ..core.engine.job import Job
from ..core.errors import Cancelled, ImpastoError, Message, WorkerError, series
from ..core.system.untrusted import file_error
from ..translations.texts import sentence

PLACE = "impasto_place"
"""Name of a panel's `Place` in the context of its buttons."""


class Place(StrEnum):
    """Panels and sections that show the reports of their buttons."""

    TEXTURE = "texture"
    LAYERS = "layers"
    HISTORY = "history"
    MATCH = "match"
    BAKE = "bake"
    IMAGE = "image"
    STYLE = "style"
    SEQUENCE = "sequence"
    TRAINING = "training"
    BATCH = "batch"
    RELIGHT = "relight"
    ENDLESS = "endless"
    EXPORT = "export"
    REPAIR = "repair"
    MODELS = "models"
    PREFERENCES = "preferences"

    @property
    def is_of_file(self) -> bool:
        """Whether reports at this place are about the open file, and are dropped when another file is opened."""
        return self not in (Place.TRAINING, Place.BATCH, Place.MODELS, Place.PREFERENCES)


@dataclass(frozen=True)
class TaskReport:
    """Report to the user. level: INFO, WARNING or ERROR, as in operators' reports, or CANCELLED.

    is_of_engine: an error that repairing the engine may solve; panels show the buttons for it. model: a new one that
    can be used now. unassigned: the new material, if no object has it yet. materials, images, models, files: names and
    paths of the results, for scripts. lit: the result on a ball and a plane under a light, uint8 RGB.
    """

    level: str
    text: str
    is_of_engine: bool = False
    model: str = ""
    unassigned: str = ""
    materials: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    lit: tuple[np.ndarray, np.ndarray] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def noted(cls, said: str, notes: Iterable[str], **results: Any) -> TaskReport:
        """A sentence with notes, which make it a warning."""
        text = series("; ", [said, *notes])
        return cls("INFO" if text == said else "WARNING", text, **results)


Applied = Generator[None, None, TaskReport]
"""Application of a result in parts, between which the main thread is free; it returns the report."""
EXPECTED = (OSError, ImpastoError)
"""Errors that the user can solve: a full disk, a read-only folder, or one with a remedy."""


def error_report(error: OSError | ImpastoError) -> TaskReport:
    """Report of an expected error."""
    return TaskReport("ERROR", str(file_error(error) if isinstance(error, OSError) else error))


class Task:
    """Work on a thread, whose result is applied on the main thread.

    work(task) returns a result or raises; apply(result) returns a report, at once or in parts. `is_shown`: panels show
    its progress and wait for it; others are quick and silent. `is_long`: a training, which runs next to all other tasks
    and has its own panel. `can_stop`: it can end early and keep its result so far. `place`: the panel whose button
    started it.
    """

    def __init__(
        self,
        label: str,
        work: Callable[[Task], Any],
        apply: Callable[[Any], TaskReport | Applied],
        *,
        is_shown: bool = True,
        is_long: bool = False,
        can_stop: bool = False,
    ) -> None:
        self.label, self.is_shown, self.is_long, self.can_stop = label, is_shown and not is_long, is_long, can_stop
        self.place = Place.TRAINING if is_long else Place.TEXTURE
        self.job: Job | None = None
        self.on_cancel: Callable[[], object] | None = None
        self.is_cancelled = False
        self._work, self._apply = work, apply
        self._applied: Applied | None = None
        self._fraction, self._message = 0.0, label
        self._preview: np.ndarray | None = None
        self._result: Any = None
        self._error: BaseException | None = None
        self._trace = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=label, daemon=True)  # so that Blender can always close

    @property
    def fraction(self) -> float:
        return self.job.fraction if self.job else self._fraction

    @property
    def message(self) -> str:
        if self.is_cancelled:
            return "Cancelling"
        return self.job.message if self.job else self._message

    @property
    def preview(self) -> np.ndarray | None:
        return self.job.preview if self.job else self._preview

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the user about the inputs of the task's job."""
        return self.job.warnings if self.job else ()

    @property
    def state(self) -> str:
        """State of the task's job: waiting, running, pausing, paused, stopping or cancelling."""
        if self.is_cancelled:
            return "cancelling"
        return self.job.state if self.job else "waiting"

    @property
    def outlives(self) -> bool:
        """Whether the task's job continues when Blender closes."""
        return self.job is not None and self.job.is_detached

    @property
    def is_ended(self) -> bool:
        return self._ended.is_set()

    def say(self, message: str, fraction: float = 0.0) -> None:
        """Set message and progress. Called by `work`."""
        self._message, self._fraction = message, fraction

    def show(self, preview: np.ndarray) -> None:
        """Set the preview, uint8 (H, W, 3). Called by `work`."""
        self._preview = preview

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        """Ask the task to end, and return at once."""
        self.is_cancelled = True
        if self.on_cancel:
            self.on_cancel()

    def wait_for(self, job: Job) -> Any:
        """Result of a worker's job, which `cancel` also cancels. Called by `work`."""
        self.job, self.on_cancel = job, job.cancel
        if self.is_cancelled:
            job.cancel()
        return job.wait()

    def wait(self, limit_s: float) -> bool:
        return self._ended.wait(limit_s)

    def join(self, limit_s: float) -> None:
        """Wait until the thread of the task has ended."""
        if self._thread.ident is not None:
            self._thread.join(limit_s)

    def conclude(self) -> TaskReport:
        """Apply the whole result, or report the error, on the main thread once the task has ended."""
        while (report := self.conclude_part()) is None:
            pass
        return report

    def conclude_part(self) -> TaskReport | None:
        """Apply the next part of the result. Return the report after the last part, or the report of an error."""
        try:
            if self._error is not None:
                raise self._error
            applied = self._applied or self._apply(self._result)
            if not isinstance(applied, Generator):
                return applied
            self._applied = applied
            next(applied)
            return None
        except StopIteration as end:
            report: TaskReport = end.value
            return report
        except Cancelled as stop:
            return TaskReport("CANCELLED", Message("{}: {}", self.label, next(filter(None, stop.args), "cancelled")))
        except EXPECTED as error:
            return replace(error_report(error), is_of_engine=isinstance(error, WorkerError))
        except Exception as error:  # noqa: BLE001 - a bug of ours must reach the user, and must not stop the timer
            print(self._trace or traceback.format_exc(), file=sys.stderr)
            text = "{}: {}: {} (a bug: see the console)"
            return TaskReport("ERROR", Message(text, self.label, type(error).__name__, error))

    def _run(self) -> None:
        try:
            self._result = self._work(self)
        except BaseException as error:  # noqa: BLE001 - handed to the main thread, whatever it is
            self._error, self._trace = error, traceback.format_exc()
        finally:
            self._ended.set()


STEPS = 20
"""Number of steps of progress in the status bar, which is redrawn at each step."""


class Status(NamedTuple):
    """Status of a task in the status bar. fraction: the progress, in `STEPS`."""

    message: str
    fraction: float


def status_of(task: Task) -> Status:
    """Status of a task, for the status bar."""
    return Status(task.message, round(task.fraction * STEPS) / STEPS)


def announce(report: TaskReport) -> None:
    """Show an error in a popup, because no panel that would show it is open."""
    windows = bpy.context.window_manager.windows
    if report.level != "ERROR" or bpy.app.background or not windows:
        return
    with bpy.context.temp_override(window=windows[0]):
        bpy.context.window_manager.popup_menu(
            lambda menu, _context: menu.layout.label(text=sentence(report.text), translate=False),
            title="Impasto",
            icon="ERROR",
        )
