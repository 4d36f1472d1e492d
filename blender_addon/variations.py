# SPDX-License-Identifier: GPL-3.0-or-later
"""The result that the panel is set to, scaled down: a live picture that follows every change, and four seeds.

The live one is asked for a moment after the last change, by a timer, and supersedes the one before it at the worker.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import bpy

from . import engine, orders, properties
from .catalogue import catalogue, has_size
from .core.errors import ImpastoError
from .core.texture import LARGE_PX
from .jobs import connect, jobs, redraw
from .properties import MAX_INT
from .tasks import Report, Task

if TYPE_CHECKING:
    import numpy as np

    from .core.engine.client import Client

Ready: TypeAlias = "tuple[Callable[[], Client], orders.Request, dict[str, orders.Input]]"
DELAY_S = 0.1
LONGEST_PX = 256
COUNT = 4


@dataclass(frozen=True)
class Variation:
    """One seed, and what it makes: uint8 RGB, row 0 at the top."""

    seed: int
    pixels: np.ndarray


class Live:
    """The picture that follows a panel. `error` says why there is none.

    of: what the panel makes, as `properties.when_changed` knows it. settings: the name of the scene's settings, which
    have `live_preview`. why_not(context): why there can be no picture now. wanted(context): what to make one of.
    """

    def __init__(
        self,
        of: str,
        settings: str,
        why_not: Callable[[bpy.types.Context], str],
        wanted: Callable[[bpy.types.Context], Ready],
    ) -> None:
        self.pixels: np.ndarray | None = None
        self.error = ""
        self._of, self._settings, self._why_not, self._wanted = of, settings, why_not, wanted
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
        if self.is_running:
            self._task.cancel()

    @property
    def is_running(self) -> bool:
        """Whether a new picture is being made."""
        return self._task is not None and not self._task.ended

    @property
    def shown(self) -> np.ndarray | None:
        """The picture; while a new one is being made, what the worker shows of it so far."""
        return self._task.preview if self.is_running and self._task.preview is not None else self.pixels

    @property
    def fraction(self) -> float:
        """How far the new picture is."""
        return self._task.fraction if self.is_running else 1.0

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
        connected, given, inputs = self._wanted(context)

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
    """The variations that were made last, for the tool and the file that they were made for, and of what recipe."""

    def __init__(self) -> None:
        self.items: tuple[Variation, ...] = ()
        self.key: tuple = ()
        self.recipe = ""


_shown = _Shown()


def shown(context: bpy.types.Context) -> tuple[Variation, ...]:
    """The four variations of the chosen tool, as far as they are made; none where there are none yet."""
    return _shown.items if _shown.key == _key(context) else ()


def are_of_other_settings(context: bpy.types.Context) -> bool:
    """Whether the panel was changed since the variations were made, otherwise than by choosing one."""
    return _without_seed(orders.from_scene(context)) != _shown.recipe


def task(context: bpy.types.Context) -> Task:
    """A task that makes the result of the panel's settings with four new seeds, and shows each as it comes."""
    live.give_way()
    connected, given, inputs = wanted(context)
    seeds, key, recipe = random.sample(range(MAX_INT), COUNT), _key(context), _without_seed(given)

    def work(task: Task) -> None:
        client, made = connected(), []
        for seed in seeds:
            made.append(Variation(seed, run(task, client, replace(given, seed=seed), inputs)))
            _shown.items, _shown.key, _shown.recipe = tuple(made), key, recipe

    return Task("Four variations", work, lambda _: Report("INFO", "Choose one of the variations"))


def why_not(context: bpy.types.Context) -> str:
    """Why no picture can be made of what the panel is set to; empty where one can."""
    if engine.find() is None:
        return "Impasto has no engine yet: press Set Up Engine"
    if missing := orders.what_is_missing(context):
        return missing
    settings = context.scene.impasto
    if not has_seeds(catalogue[settings.tool]):
        return "This tool makes its result as its source is"
    is_large = settings.width_px * settings.height_px > LARGE_PX
    return "A result above 4096 × 4096 pixels is too large for a preview" if is_large else ""


def has_seeds(tool: Mapping[str, Any]) -> bool:
    """Whether a tool makes pictures of any size, another one from each seed."""
    return tool["kind"] == "generator" and has_size(tool)


def wanted(context: bpy.types.Context) -> Ready:
    """For a task's work: how to reach the worker, what the panel is set to make, and of what."""
    request = replace(orders.from_scene(context), device=engine.preferences().device)
    return connect(), request, request.given()


def run(
    task: Task, client: Client, request: orders.Request, inputs: Mapping[str, orders.Input], supersedes: str = ""
) -> np.ndarray:
    """Have the worker make the result and scale it down: uint8 RGB, as it looks under a light. For a task's `work`."""
    ready = {name: orders.ready(given) for name, given in inputs.items()}
    deliver = {"as": "preview", "longest_px": LONGEST_PX}
    how = {"deliver": deliver, "device": request.device, "scale": request.scale, "supersedes": supersedes}
    return task.wait_for(client.submit(request.recipe(), ready, **how)).arrays["preview"]


def _key(context: bpy.types.Context) -> tuple:
    return context.scene.impasto.tool, jobs.file_epoch


def _without_seed(request: orders.Request) -> str:
    """What is made of which source, but for the seed."""
    source = request.source if isinstance(request.source, Path | None) else request.source.name
    return f"{source} {request.width_m} {replace(request, seed=0).recipe().to_json()}"


live = Live(properties.TEXTURE, "impasto", why_not, wanted)
register = live.register


def unregister() -> None:
    live.unregister()
    _shown.items = ()
