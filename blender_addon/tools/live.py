# SPDX-License-Identifier: GPL-3.0-or-later
"""Live preview: a small picture of the result, made anew after every change of a panel.

A timer asks for it a moment after the last change; it supersedes the one before it at the worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import bpy

from ..bridge import on_object
from ..bridge.inputs import Input, ready
from ..core.engine.replies import PREVIEW
from ..core.engine.requests import JobInput, View
from ..core.errors import ImpastoError
from ..core.options import RunOptions
from ..core.recipe import Recipe
from ..jobs.session import jobs
from ..jobs.task import Report, Task
from ..parameters import properties
from ..windows import redraw
from .request import Request

if TYPE_CHECKING:
    import numpy as np

    from ..core.engine.client import Client

Arrays: TypeAlias = "Mapping[str, np.ndarray]"
Pictures: TypeAlias = "tuple[Arrays, np.ndarray | None]"
PreviewInputs: TypeAlias = "tuple[Callable[[], Client], Request, dict[str, Input]]"


class Previewed(Protocol):
    """Request of which there can be a picture."""

    @property
    def device(self) -> str: ...
    @property
    def scale(self) -> Mapping[str, float]: ...
    def color_spaces(self, sent: Mapping[str, Path | JobInput], /) -> Mapping[str, str]: ...
    def recipe(self) -> Recipe: ...


DELAY_S = 0.1
LONGEST_PX = 256


class Live:
    """Live preview of a panel. `error`: reason why there is none.

    of: the panel, for `properties.when_changed`. settings: name of the scene's settings, which have `live_preview`.
    why_not(context): reason why there can be no picture now. preview_inputs(context): what `run` needs for one.
    delay_s: pause after the last change. runs_small(request): as for `arrays_of`. recipes_before(request): of what the
    picture is compared with, the first that can be run; none where nothing is compared. on_read: called beside the main
    thread with inputs that are not needed any more. on_shown: called with each picture. material_of(context): the
    material that shows its maps on objects.
    """

    def __init__(
        self,
        of: str,
        settings: str,
        why_not: Callable[[bpy.types.Context], str],
        preview_inputs: Callable[[bpy.types.Context], tuple[Callable[[], Client], Previewed, Mapping[str, Input]]],
        *,
        delay_s: float = DELAY_S,
        runs_small: Callable[[Any], bool] = lambda _: False,
        recipes_before: Callable[[Any], Sequence[Recipe]] = lambda _: (),
        on_read: Callable[[Mapping[str, Input]], None] = lambda _: None,
        on_shown: Callable[[], None] = lambda: None,
        material_of: Callable[[bpy.types.Context], bpy.types.Material | None] = lambda _: None,
    ) -> None:
        self.pixels: np.ndarray | None = None
        self.maps: Arrays = {}
        self.before: np.ndarray | None = None
        self.error = ""
        self._of, self._settings, self._why_not, self._preview_inputs = of, settings, why_not, preview_inputs
        self._delay_s, self._runs_small, self._recipes_before = delay_s, runs_small, recipes_before
        self._on_read, self._on_shown, self._material_of = on_read, on_shown, material_of
        self._due_s = 0.0
        self._task: Task | None = None
        self.timer = partial(Live.tick, self)

    def ask(self) -> None:
        """Make a new picture as soon as nothing has changed for a moment. Called at every change."""
        if not self._is_on:
            on_object.take_back()
            return
        self._due_s = time.monotonic() + self._delay_s
        if not bpy.app.timers.is_registered(
            self.timer
        ):  # persistent, since Blender 4.2 never frees one that a file ends
            bpy.app.timers.register(self.timer, first_interval=self._delay_s, persistent=True)

    def tick(self) -> float | None:
        """Start a picture that is due; return the seconds until one is, or None."""
        left_s = self._due_s - time.monotonic()
        if left_s > 0:
            return left_s
        if self._is_on and not self._why_not(bpy.context):
            try:
                self._task = self._new_task(bpy.context)
                jobs.start(self._task)
            except ImpastoError as error:
                self._show(error)
        return None

    def cancel(self) -> None:
        """Cancel the picture that is being made, in favour of another task."""
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
        """The picture; while a new one is being made, the worker's preview of it."""
        task = self._running
        return task.preview if task and task.preview is not None else self.pixels

    @property
    def fraction(self) -> float:
        """Progress of the new picture."""
        return self._running.fraction if self._running else 1.0

    def register(self) -> None:
        properties.when_changed(self._of, self.ask)

    def unregister(self) -> None:
        properties.when_changed(self._of, None)
        self.clear()

    def clear(self) -> None:
        """Forget the picture, and the one that is due."""
        if bpy.app.timers.is_registered(self.timer):
            bpy.app.timers.unregister(self.timer)
        self.pixels, self.maps, self.before, self.error, self._task = None, {}, None, "", None

    @property
    def _is_on(self) -> bool:
        return getattr(bpy.context.scene, self._settings).live_preview

    def _new_task(self, context: bpy.types.Context) -> Task:
        connected, given, inputs = self._preview_inputs(context)
        others = self._recipes_before(given)

        def arrays(task: Task, recipe: Recipe | None = None) -> Arrays:
            how: dict[str, Any] = {"supersedes": f"live {self._of}", "runs_small": self._runs_small(given)}
            return arrays_of(task, connected(), given, inputs, recipe=recipe, **how)

        def before(task: Task) -> np.ndarray | None:
            for recipe in others:
                with suppress(ImpastoError):  # such as of layers above that need what the active one makes
                    return arrays(task, recipe)[PREVIEW]
            return None

        def work(task: Task) -> Pictures | ImpastoError:
            try:
                return arrays(task), before(task)
            except ImpastoError as error:  # told in the panel: a window for each step of a slider would be in the way
                return error
            finally:
                self._on_read(inputs)

        return Task("Live Preview", work, self._show, is_shown=False)

    def _show(self, made: Pictures | ImpastoError) -> Report:
        if isinstance(made, ImpastoError):
            self.error = str(made)
        else:
            (found, self.before), self.error = made, ""
            self.pixels, self.maps = found[PREVIEW], {name: found[name] for name in found if name != PREVIEW}
        self._on_shown()
        material = None if self.error or jobs.shown_task else self._material_of(bpy.context)
        if material:
            on_object.show(material, self.maps)
        redraw()
        return Report("INFO", "")


def run(
    task: Task, client: Client, request: Previewed, inputs: Mapping[str, Input], recipe: Recipe | None = None
) -> np.ndarray:
    """Make the result, lit and scaled down by the worker: uint8 RGB. For a task's `work`.

    recipe: instead of the request's own.
    """
    return arrays_of(task, client, request, inputs, recipe=recipe)[PREVIEW]


def arrays_of(
    task: Task,
    client: Client,
    request: Previewed,
    inputs: Mapping[str, Input],
    supersedes: str = "",
    recipe: Recipe | None = None,
    runs_small: bool = False,
) -> Arrays:
    """Arrays of a `View` that is a preview, as for `run`.

    runs_small: all steps are run at the size of the picture, and kept.
    """
    sent = {name: ready(given) for name, given in inputs.items()}
    options = RunOptions(request.device, keeps_steps=runs_small)
    facts = {"scale": request.scale, "supersedes": supersedes, "color_spaces": request.color_spaces(sent)}
    view = View("preview", LONGEST_PX, runs_small=runs_small)
    job = client.submit(recipe or request.recipe(), sent, options, deliver=view, **facts)
    return task.wait_for(job).arrays
