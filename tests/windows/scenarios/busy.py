"""Inside a Blender window: time that the extension keeps the main thread, in each timer, handler and drawn panel.

While a job makes a material and while a live preview follows a slider and a painted mask. Figures, by what it is:
number of calls, median, 99th percentile and longest, in milliseconds of the thread's own time; see `Clock.figures`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import bpy
import numpy as np
from walk import SOURCE, Steps, Walk, installed_extension, until

LIMIT_S = 600
MOVES, STROKES = 20, 4
LAYERS = ("even-light", "quilt", "photo-maps", "weathering", "sharpen", "adjust")


class Clock:
    """The times of calls on the main thread, by the name of what was called."""

    def __init__(self) -> None:
        self.times_ms: dict[str, list[float]] = {}

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            started = time.thread_time()
            try:
                return function(*arguments)
            finally:
                self.times_ms.setdefault(name, []).append(1000 * (time.thread_time() - started))

        return call

    def figures(self) -> dict[str, list[float]]:
        """[calls, median, 99th percentile, longest] of each, and of all together, from now on anew."""
        taken, self.times_ms = self.times_ms, {}
        taken["all"] = [one for times in taken.values() for one in times]
        points = {name: [float(np.percentile(times, part)) for part in (50, 99, 100)] for name, times in taken.items()}
        return {name: [len(taken[name]), *(round(one, 2) for one in points[name])] for name in sorted(taken)}


clock = Clock()


def time_timers() -> None:
    """Time all timers of the extension that are registered from now on."""
    timers, known = bpy.app.timers, {}
    register, is_registered, unregister = timers.register, timers.is_registered, timers.unregister

    def of(function: Callable[[], float | None]) -> Callable[[], float | None]:
        own = getattr(function, "func", function)  # of a partial
        if "impasto" not in own.__module__:
            return function
        return known.setdefault(function, clock.timed(f"timer {own.__qualname__}", function))

    timers.register = lambda function, **how: register(of(function), **how)
    timers.is_registered = lambda function: is_registered(of(function))
    timers.unregister = lambda function: unregister(of(function))


def time_panels() -> None:
    """Time the drawing of all panels of the extension."""
    for name in dir(bpy.types):
        if name.startswith("IMPASTO_PT_"):
            panel = getattr(bpy.types, name)
            panel.draw = _with_two_arguments(clock.timed(f"draw {name}", panel.draw))


def _with_two_arguments(draw: Callable[..., None]) -> Callable[[bpy.types.Panel, bpy.types.Context], None]:
    """As Blender counts them."""
    return lambda panel, context: draw(panel, context)


@contextlib.contextmanager
def timed_handlers() -> Iterator[None]:
    """Time the extension's handlers of changes, until the end of the block."""
    own, found = bpy.app.handlers.depsgraph_update_post, list(bpy.app.handlers.depsgraph_update_post)
    for index, function in enumerate(found):
        if "impasto" in function.__module__:
            own[index] = clock.timed(f"depsgraph_update_post {function.__module__.rpartition('.')[2]}", function)
    try:
        yield
    finally:
        own[:] = found


time_timers()
EXTENSION = installed_extension()
JOBS, LIVE = EXTENSION.jobs.session.jobs, EXTENSION.layers.preview.live


def scenario(walk: Walk) -> Steps:
    bpy.ops.impasto.refresh_tools()
    yield walk.show_panel("VIEW_3D", "Impasto")
    time_panels()
    with timed_handlers():
        yield from generates(walk)
        yield from follows_a_slider(walk)
        yield from follows_strokes(walk)


def generates(walk: Walk) -> Steps:
    """A job of 1024² with a panel that shows its progress."""
    settings = bpy.context.scene.impasto
    settings.filepath = str(SOURCE)
    quilt = bpy.context.scene.impasto_parameters.quilt
    quilt.width_px = quilt.height_px = 1024
    yield 1.0
    clock.figures()
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.generate("INVOKE_DEFAULT")
    yield until(lambda: JOBS.shown_task, 60)
    yield until(lambda: not JOBS.shown_task, LIMIT_S)
    yield 1.0
    walk.record("generate", clock.figures())
    walk.screenshot("generated.png")


def follows_a_slider(walk: Walk) -> Steps:
    """A slider of a stack of layers is moved."""
    with walk.at(walk.area("VIEW_3D")):
        for tool in LAYERS:
            bpy.ops.impasto.add_layer(tool=tool)
    stack = bpy.data.objects["Cube"].active_material.impasto_layers
    stack.source_kind, stack.image = "IMAGE", bpy.data.images.load(str(SOURCE))
    yield walk.choose("LAYERS")
    yield walk.open_panel("layers")
    LIVE.ask()
    yield until(lambda: LIVE.pixels is not None or LIVE.error, LIMIT_S)
    walk.record("live_error", LIVE.error)
    before = LIVE.pixels
    clock.figures()
    for index in range(MOVES):
        stack.layers[0].impasto_parameters.even_light.strength = 0.2 + 0.02 * index
        yield 0.1
    yield until(lambda: LIVE.pixels is not before and not LIVE.is_running, LIMIT_S)
    walk.record("slider", clock.figures())
    walk.screenshot("slider.png")


def follows_strokes(walk: Walk) -> Steps:
    """A mask is painted; the picture changes before painting is finished."""
    unmasked = LIVE.pixels
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.paint_mask()
    yield until(lambda: LIVE.pixels is not unmasked and not LIVE.is_running, LIMIT_S)
    area = walk.area("VIEW_3D")
    bounds = walk.region(area, "WINDOW")
    x, y = bounds.x + bounds.width // 2, bounds.y + bounds.height // 2
    pictures, unpainted = [LIVE.pixels], LIVE.pixels
    clock.figures()
    for row in range(STROKES):
        yield walk.move((x - 60, y + 12 * row))
        yield walk.event("LEFTMOUSE", "PRESS", (x - 60, y + 12 * row))
        for step in range(12):
            yield walk.event("MOUSEMOVE", "NOTHING", (x - 60 + 10 * step, y + 12 * row))
            if LIVE.pixels is not pictures[-1]:
                pictures.append(LIVE.pixels)
        yield walk.event("LEFTMOUSE", "RELEASE", (x + 60, y + 12 * row))
        yield 0.3
    yield until(lambda: LIVE.pixels is not unpainted and not LIVE.is_running, LIMIT_S)
    walk.record("strokes", clock.figures())
    walk.record("while_painting", [bpy.data.objects["Cube"].mode, len(pictures) - 1])
    walk.record("difference", float(np.abs(LIVE.pixels.astype(float) - unpainted).max()))
    walk.screenshot("painted.png")
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.paint_mask()
    yield 1.0
