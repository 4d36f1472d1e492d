# SPDX-License-Identifier: GPL-3.0-or-later
"""Small pictures of what the panel is set to: a live one that follows every change, and four seeds to choose from.

The live one is asked for a moment after the last change, by a timer, and supersedes the one before it at the worker.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import bpy

from . import engine, orders, properties
from .catalogue import catalogue, has_size
from .core.errors import ImpastoError
from .jobs import connect, jobs, redraw
from .properties import MAX_INT
from .tasks import Report, Task

if TYPE_CHECKING:
    import numpy as np

    from .core.client import Client

Ready: TypeAlias = "tuple[Callable[[], Client], orders.Request, dict[str, orders.Input]]"
DELAY_S = 0.1
SIZE_PX = 256
COUNT = 4


@dataclass(frozen=True)
class Variation:
    """One seed, and what it makes: uint8 RGB, row 0 at the top."""

    seed: int
    pixels: np.ndarray


class Live:
    """The picture that follows a panel. `error` says why there is none.

    of: what the panel makes, as `properties.when_changed` knows it. settings: the name of the scene's settings, which
    have `live_preview`. why_not(context): why there can be no picture now. small(context): what to make one of.
    """

    def __init__(
        self,
        of: str,
        settings: str,
        why_not: Callable[[bpy.types.Context], str],
        small: Callable[[bpy.types.Context], Ready],
    ) -> None:
        self.pixels: np.ndarray | None = None
        self.error = ""
        self._of, self._settings, self._why_not, self._small = of, settings, why_not, small
        self._due_s = 0.0
        self._task: Task | None = None
        self.timer = partial(Live.tick, self)

    def ask(self) -> None:
        """Make a new picture as soon as nothing has changed for 0.1 s. Called at every change."""
        if not getattr(bpy.context.scene, self._settings).live_preview:
            return
        self._due_s = time.monotonic() + DELAY_S
        if not bpy.app.timers.is_registered(self.timer):
            bpy.app.timers.register(self.timer, first_interval=DELAY_S)

    def tick(self) -> float | None:
        """Start what is due; the seconds until it is, or None."""
        left_s = self._due_s - time.monotonic()
        if left_s > 0:
            return left_s
        if not self._why_not(bpy.context):
            try:
                self._task = self._new_task(bpy.context)
                jobs.start(self._task)
            except ImpastoError as error:
                self._show(error)
        return None

    def give_way(self) -> None:
        """Leave the worker to what is asked for now."""
        if self._task and not self._task.ended:
            self._task.cancel()

    def register(self) -> None:
        properties.when_changed(self._of, self.ask)

    def unregister(self) -> None:
        properties.when_changed(self._of, None)
        if bpy.app.timers.is_registered(self.timer):
            bpy.app.timers.unregister(self.timer)
        self.clear()

    def clear(self) -> None:
        self.pixels, self.error, self._task = None, "", None

    def _new_task(self, context: bpy.types.Context) -> Task:
        connected, given, inputs = self._small(context)

        def work(task: Task) -> np.ndarray | ImpastoError:
            try:
                return run(task, connected(), given, inputs, supersedes=f"live {self._of}")
            except ImpastoError as error:  # told in the panel: a window for each step of a slider would be in the way
                return error

        return Task("Live Preview", work, self._show, is_shown=False)

    def _show(self, made: np.ndarray | ImpastoError) -> Report:
        if isinstance(made, ImpastoError):
            self.error = str(made)
        else:
            self.pixels, self.error = made, ""
        redraw()
        return Report("INFO", "")


class _Shown:
    """The variations that were made last, for the tool and the file that they were made for."""

    def __init__(self) -> None:
        self.items: tuple[Variation, ...] = ()
        self.key: tuple = ()


_shown = _Shown()


def shown(context: bpy.types.Context) -> tuple[Variation, ...]:
    """The four variations of the chosen tool; none where there are none yet."""
    return _shown.items if _shown.key == _key(context) else ()


def task(context: bpy.types.Context) -> Task:
    """A task that makes four small pictures of the panel's settings, each with a new seed."""
    connected, given, inputs = small(context)
    seeds, key = random.sample(range(MAX_INT), COUNT), _key(context)

    def work(task: Task) -> tuple[Variation, ...]:
        client = connected()
        return tuple(Variation(seed, run(task, client, replace(given, seed=seed), inputs)) for seed in seeds)

    def apply(made: tuple[Variation, ...]) -> Report:
        _shown.items, _shown.key = made, key
        return Report("INFO", "Choose one of the variations")

    return Task("Four variations", work, apply)


def why_not(context: bpy.types.Context) -> str:
    """Why no small picture can be made of what the panel is set to; empty where one can."""
    if engine.find() is None:
        return "Impasto has no engine yet: press Set Up Engine"
    if missing := orders.what_is_missing(context):
        return missing
    return "" if can_be_small(catalogue[context.scene.impasto.tool]) else "This tool makes its result as its source is"


def can_be_small(tool: Mapping[str, Any]) -> bool:
    """Whether a tool makes pictures of any size, and so small ones quickly."""
    return tool["kind"] == "generator" and has_size(tool)


def small(context: bpy.types.Context) -> Ready:
    """For a task's work: how to reach the worker, what to make of the panel's settings at 256², and of what."""
    size = {"width_px": SIZE_PX, "height_px": SIZE_PX}
    request = replace(orders.from_scene(context), estimator="none", device=engine.preferences().device, **size)
    return connect(), request, request.given()


def run(
    task: Task, client: Client, request: orders.Request, inputs: Mapping[str, orders.Input], supersedes: str = ""
) -> np.ndarray:
    """Have the worker make one small picture: uint8 RGB. For a task's `work`."""
    ready = {name: orders.ready(given) for name, given in inputs.items()}
    job = client.submit(
        request.recipe(), ready, deliver={"as": "preview"}, device=request.device, supersedes=supersedes
    )
    return task.wait_for(job).arrays["preview"]


def _key(context: bpy.types.Context) -> tuple:
    return context.scene.impasto.tool, jobs.file_epoch


live = Live(properties.TEXTURE, "impasto", why_not, small)
register = live.register


def unregister() -> None:
    live.unregister()
    _shown.items = ()
