# SPDX-License-Identifier: GPL-3.0-or-later
"""Live preview: a small picture of the result, made again after every change of a panel.

A timer requests the picture a moment after the last change, and the worker drops the request before."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import bpy
import numpy as np

from ..bridge import on_object
from ..bridge.inputs import Input
from ..bridge.target import active_material
from ..core.engine.messages import PREVIEW
from ..core.errors import ImpastoError
from ..core.recipe import Recipe
from ..engine import engine
from ..jobs.session import connect, jobs
from ..jobs.task import Task, TaskReport
from ..parameters import properties
from ..windows import redraw
from .action import WorkerAction

Arrays: TypeAlias = "Mapping[str, np.ndarray]"
Pictures: TypeAlias = "tuple[Arrays, np.ndarray | None]"


class Live:
    """Live preview of a panel, which is a subclass with `settings_poll_message` and `action`.

    error: reason why there is no preview. of: the panel, for `properties.when_changed`. settings: name of the scene's
    settings. switch: property of the settings that turns the preview on. delay_s: pause after the last change.
    """

    of: str
    settings, switch = "impasto", "live_preview"
    delay_s = 0.1

    def __init__(self) -> None:
        self.pixels: np.ndarray | None = None
        self.maps: Arrays = {}
        self.before: np.ndarray | None = None
        self.error = ""
        self._due_s = 0.0
        self._task: Task | None = None
        self.timer = partial(Live.tick, self)

    def settings_poll_message(self, context: bpy.types.Context) -> str:
        """Reason why these settings can have no preview; empty if they can."""
        raise NotImplementedError

    def action(self, context: bpy.types.Context) -> WorkerAction:
        """The request for the picture."""
        raise NotImplementedError

    def runs_small(self, _context: bpy.types.Context) -> bool:
        """Argument `runs_small` of `WorkerAction.picture`."""
        return False

    def recipes_before(self, _context: bpy.types.Context, _action: WorkerAction) -> Sequence[Recipe]:
        """Recipes to compare the preview with. The first recipe that can be run is used. Empty without a comparison."""
        return ()

    def give_back(self, inputs: Mapping[str, Input]) -> None:
        """Release the memory of inputs. Called on the task's thread."""

    def shown(self) -> None:
        """Called when there is a new picture."""

    def material_of(self, context: bpy.types.Context) -> bpy.types.Material | None:
        """The material that shows the maps of the preview on objects."""
        return active_material(context)

    def poll_message(self, context: bpy.types.Context) -> str:
        """Reason why there can be no picture now; empty if there can."""
        return engine.poll_message() or self.settings_poll_message(context)

    def ask(self) -> None:
        """Make a new picture once nothing has changed for `delay_s`. Called at every change."""
        if not self._is_on:
            on_object.take_back()
            return
        self._due_s = time.monotonic() + self.delay_s
        if not bpy.app.timers.is_registered(
            self.timer
        ):  # persistent, since Blender 4.2 never frees one that a file ends
            bpy.app.timers.register(self.timer, first_interval=self.delay_s, persistent=True)

    def tick(self) -> float | None:
        """Start a picture that is due. Return the seconds until a picture is due, or None."""
        left_s = self._due_s - time.monotonic()
        if left_s > 0:
            return left_s
        if self._is_on and not self.poll_message(bpy.context):
            try:
                self._task = self._new_task(bpy.context)
                jobs.start(self._task)
            except ImpastoError as error:
                self._show(error)
        return None

    def cancel(self) -> None:
        """Cancel the picture that is being made, so that another task can run."""
        if task := self._running:
            task.cancel()

    @property
    def _running(self) -> Task | None:
        return self._task if self._task and not self._task.is_ended else None

    @property
    def is_running(self) -> bool:
        """Whether a new picture is being made."""
        return self._running is not None

    @property
    def picture(self) -> np.ndarray | None:
        """The picture. While a new picture is being made, the worker's preview of the new one."""
        task = self._running
        return task.preview if task and task.preview is not None else self.pixels

    @property
    def fraction(self) -> float:
        """Progress of the new picture."""
        return self._running.fraction if self._running else 1.0

    def register(self) -> None:
        properties.when_changed(self.of, self.ask)

    def unregister(self) -> None:
        properties.when_changed(self.of, None)
        self.clear()

    def clear(self) -> None:
        """Forget the picture, and a picture that is due."""
        if bpy.app.timers.is_registered(self.timer):
            bpy.app.timers.unregister(self.timer)
        self.pixels, self.maps, self.before, self.error, self._task = None, {}, None, "", None

    @property
    def _is_on(self) -> bool:
        return getattr(getattr(bpy.context.scene, self.settings), self.switch)

    def _new_task(self, context: bpy.types.Context) -> Task:
        connected, action = connect(), replace(self.action(context), supersedes=f"live {self.of}")
        others, runs_small = self.recipes_before(context, action), self.runs_small(context)

        def before(task: Task, sent: WorkerAction) -> np.ndarray | None:
            for recipe in others:
                with suppress(ImpastoError):  # such as of layers above that need what the active one makes
                    return replace(sent, recipe=recipe).picture(task, connected(), runs_small=runs_small)[PREVIEW]
            return None

        def work(task: Task) -> Pictures | ImpastoError:
            try:
                sent = action.ready()
                return sent.picture(task, connected(), runs_small=runs_small), before(task, sent)
            except ImpastoError as error:  # shown in the panel: a popup for each step of a slider would be in the way
                return error
            finally:
                self.give_back(action.inputs)

        return Task("Live Preview", work, self._show, is_shown=False)

    def _show(self, picture: Pictures | ImpastoError) -> TaskReport:
        if isinstance(picture, ImpastoError):
            self.error = str(picture)
        else:
            (found, self.before), self.error = picture, ""
            self.pixels, self.maps = found[PREVIEW], {name: found[name] for name in found if name != PREVIEW}
        self.shown()
        material = None if self.error or jobs.shown_task else self.material_of(bpy.context)
        if material:
            on_object.show(material, self.maps)
        redraw()
        return TaskReport("INFO", "")
