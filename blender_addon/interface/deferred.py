# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are too slow to compute while drawing: a timer computes them after a panel asked or objects changed.

Questions are texts with session ids of objects, because objects may be deleted before the answer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

import bpy

from ..jobs.session import is_rendering
from ..windows import redraw

QUIET_S = 0.4
"""Seconds without a change before anything is computed."""

T = TypeVar("T")
_all: list[Deferred] = []


class Deferred(Generic[T]):
    """Answer to the last question. A timer calls compute(question) on the main thread, and then redraw()."""

    def __init__(self, compute: Callable[[str], T], redraw: Callable[[], None] = redraw) -> None:
        self._compute, self._redraw = compute, redraw
        self.timer = partial(Deferred.tick, self)
        self.forget()
        _all.append(self)

    def forget(self) -> None:
        """Forget everything."""
        self._asked, self._answered = "", ""
        self._answer: T | None = None
        self._is_stale, self._is_computing = False, False
        self._due_s = -math.inf

    def answer(self, question: str) -> T | None:
        """The answer, or the former one while it is computed anew; None if there is none yet. For drawing."""
        if question != self._answered or self._is_stale:
            if question != self._asked:
                self._asked, self._due_s = question, time.monotonic() + QUIET_S
            if not bpy.app.background and not bpy.app.timers.is_registered(self.timer):
                bpy.app.timers.register(self.timer, first_interval=QUIET_S, persistent=True)
        return self._answer if question == self._answered else None

    def note_change(self) -> None:
        """Called when objects have changed: compute anew if a panel still asks."""
        if self._answered and not self._is_computing:
            self._is_stale, self._asked, self._due_s = True, "", time.monotonic() + QUIET_S

    def tick(self) -> float | None:
        """Compute once changes have stopped; return the seconds to the next look."""
        wait_s = self._due_s - time.monotonic()
        if self._asked and (wait_s > 0 or is_rendering()):
            return max(wait_s, QUIET_S)
        self.catch_up()
        self._redraw()
        return None

    def catch_up(self) -> None:
        """Answer the last question now."""
        if not self._asked:
            return
        question, self._asked, self._is_stale, self._is_computing = self._asked, "", False, True
        try:
            self._answer, self._answered = self._compute(question), question
        finally:
            bpy.context.view_layer.update()  # removed temporary data is no change by the user
            self._is_computing = False


def _updated(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    if any(isinstance(update.id, bpy.types.Object | bpy.types.Mesh) for update in depsgraph.updates):
        _undone()


def _undone(*_: object) -> None:
    for one in _all:
        one.note_change()


def _file_opened(*_: object) -> None:
    for one in _all:
        one.forget()


HANDLERS = (
    ("depsgraph_update_post", _updated),
    ("undo_post", _undone),
    ("redo_post", _undone),
    ("load_post", _file_opened),
)


def unregister() -> None:
    for one in _all:
        if bpy.app.timers.is_registered(one.timer):
            bpy.app.timers.unregister(one.timer)
        one.forget()
