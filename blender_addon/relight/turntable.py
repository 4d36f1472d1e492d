# SPDX-License-Identifier: GPL-3.0-or-later
"""Maps on a ball and a plane: a still picture that follows the light, or one turn of the light, which is played.

The worker renders, a timer asks for pictures a moment after the light has moved and plays the turn. All of it ends with
the file, and with the extension; undo stops it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import bpy
import numpy as np

from ..bridge.inputs import SOURCE
from ..core.engine.client import Client
from ..core.engine.messages import RELIT, JobInput, ResultView
from ..core.errors import ImpastoError
from ..jobs.session import connect, jobs
from ..jobs.task import Task, TaskReport
from ..tools.action import WorkerAction
from ..windows import redraw

NOW, FORMER = "now", "former"
FRAMES, FRAME_S, DELAY_S = 24, 0.1, 0.05
SIDE_PX = 256
"""Side of the ball, and of the plane."""


@dataclass(frozen=True)
class ShownMaps:
    """Small maps: the current ones, and those that the last result replaced. name: of their material or tool."""

    name: str
    maps: Mapping[str, JobInput]


@dataclass(frozen=True)
class MovingLight:
    """Maps that are lit, the direction of their light in degrees, and the number of pictures of one turn."""

    which: str
    azimuth: float
    elevation: float
    frames: int = 1


class Turntable:
    """Subject under the light, and its pictures: pairs of a ball and a plane. error: reason why there is no new one."""

    def __init__(self) -> None:
        self.timer = partial(Turntable.tick, self)
        self._reset()

    def _reset(self) -> None:
        self.view: ShownMaps | None = None
        self.pictures: list[tuple[np.ndarray, np.ndarray]] = []
        self.index, self.is_playing, self.error = 0, False, ""
        self._azimuth, self._began_s, self._due_s = 0.0, 0.0, math.inf
        self._task: Task | None = None

    def show(self, subject_maps: ShownMaps, light: MovingLight, pictures: np.ndarray) -> None:
        """Show other maps in these pictures."""
        self.view = subject_maps
        self._take(light, pictures)

    def ask(self) -> None:
        """Make new pictures as soon as nothing has changed for a moment."""
        if self.view:
            self._due_s = time.monotonic() + DELAY_S
            if not bpy.app.timers.is_registered(self.timer):  # persistent, as 4.2 never frees one that a file ends
                bpy.app.timers.register(self.timer, first_interval=DELAY_S, persistent=True)

    def play(self) -> None:
        """Let the light turn, once the pictures of a turn are there."""
        self.is_playing = True
        self.ask()

    def pause(self) -> None:
        """Leave the light where it is now."""
        self.is_playing = False
        if len(self.pictures) > 1:
            azimuth = (self._azimuth + 360 * self.index / len(self.pictures)) % 360
            bpy.context.scene.impasto_relight.azimuth = math.radians(azimuth)
        self.ask()

    def freeze(self) -> None:
        """Stop at once, and change nothing in the file."""
        self.is_playing, self._due_s = False, math.inf
        if bpy.app.timers.is_registered(self.timer):
            bpy.app.timers.unregister(self.timer)
        if task := self._running:
            task.cancel()

    def clear(self) -> None:
        """Stop at once, and forget everything."""
        self.freeze()
        self._reset()

    def tick(self) -> float | None:
        """Ask for pictures that are due, and show the next of a turn; return the seconds to the next tick, or None."""
        if time.monotonic() >= self._due_s:
            self._due_s = math.inf
            self._render()
        if self.is_playing and len(self.pictures) > 1:
            self.index = int((time.monotonic() - self._began_s) / FRAME_S) % len(self.pictures)
            redraw()
        if self._due_s < math.inf:
            return DELAY_S
        return FRAME_S if self.is_playing else None

    @property
    def _running(self) -> Task | None:
        return self._task if self._task and not self._task.is_ended else None

    @property
    def is_rendering(self) -> bool:
        """Whether new pictures are being made."""
        return self._running is not None

    @property
    def fraction(self) -> float:
        """Progress of the new pictures."""
        return self._running.fraction if self._running else 1.0

    def _render(self) -> None:
        """Start a task that makes pictures of the light as it is set now."""
        view, light = self.view, light_of(bpy.context.scene, FRAMES if self.is_playing else 1)
        try:
            assert view is not None  # else nothing is due
            connected, plain = connect(), WorkerAction.as_it_is()
        except ImpastoError as error:
            self._fail(error)
            return

        def work(task: Task) -> np.ndarray | ImpastoError:
            try:
                return render(task, connected(), plain, view, light)
            except ImpastoError as error:  # told in the panel: a window for each step of a slider would be in the way
                return error

        def apply(picture: np.ndarray | ImpastoError) -> TaskReport:
            if self.view is not view:  # another material or file is shown by now
                return TaskReport("INFO", "")
            if isinstance(picture, ImpastoError):
                self._fail(picture)
            else:
                self._take(light, picture)
            return TaskReport("INFO", "")

        self._task = Task("Relight", work, apply, is_shown=False)
        jobs.start(self._task)

    def _take(self, light: MovingLight, pictures: np.ndarray) -> None:
        self.pictures = [(frame[:, :SIDE_PX], frame[:, SIDE_PX:]) for frame in pictures]
        self.index, self.error = 0, ""
        self._azimuth, self._began_s = light.azimuth, time.monotonic()
        redraw()

    def _fail(self, error: ImpastoError) -> None:
        self.is_playing, self.error = False, str(error)
        redraw()


turntable = Turntable()


def light_of(scene: bpy.types.Scene, frames: int = 1) -> MovingLight:
    """The light as the panel sets it."""
    settings = scene.impasto_relight
    which = FORMER if settings.show_former else NOW
    return MovingLight(which, math.degrees(settings.azimuth), math.degrees(settings.elevation), frames)


def render(task: Task, client: Client, plain: WorkerAction, subject_maps: ShownMaps, light: MovingLight) -> np.ndarray:
    """Pictures of the maps under the light: uint8 RGB (N, SIDE_PX, 2 SIDE_PX, 3). For a task's `work`.

    plain: the action that shows its source as it is.
    """
    maps = subject_maps.maps.get(light.which, subject_maps.maps[NOW])
    view = ResultView("relit", side_px=SIDE_PX, azimuth=light.azimuth, elevation=light.elevation, frames=light.frames)
    return replace(plain, inputs={SOURCE: maps}, supersedes="relight").answer(task, client, view).arrays[RELIT]


def _undone(*_: object) -> None:
    turntable.freeze()


HANDLERS = (("load_pre", lambda *_: turntable.clear()), ("undo_post", _undone), ("redo_post", _undone))


def unregister() -> None:
    turntable.clear()
