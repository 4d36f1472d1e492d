"""From a slider of six layers above bricks to their preview at 256 px: `python build.py bench --layers`.

Runs in Blender's module. Timers do not run without a window, so theirs are run
here as they are due. Prints the median and the slowest of several moves of a slider of the last and of the first layer.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from importlib import import_module

import bpy

LAYERS = ("bricks", "weathering", "sharpen", "adjust", "weathering", "sharpen", "adjust")
MOVES = 12
LIMIT_S = 300.0
GOALS_MS = {"last": 120, "first": 250}
due: dict[Callable[[], float | None], float] = {}
"""Timers, and the time at which each is due."""


def register(function: Callable[[], float | None], first_interval: float = 0, persistent: bool = False) -> None:
    due[function] = time.monotonic() + first_interval


def run_due_timers() -> None:
    """Run each timer whose time has come, once."""
    for function in [function for function, when in due.items() if when <= time.monotonic()]:
        again_s = function()
        if again_s is None:
            due.pop(function, None)
        else:
            due[function] = time.monotonic() + again_s


def seconds_to_picture(live: object, change: object) -> float:
    """Seconds from a change until its picture is there."""
    before, started = live.pixels, time.perf_counter()
    change()
    while live.pixels is before or live.is_running:
        assert time.perf_counter() < started + LIMIT_S, live.error or "it took too long"
        run_due_timers()
        time.sleep(0.001)
    return time.perf_counter() - started


def moves(live: object, group: bpy.types.PropertyGroup, name: str, start: float) -> list[float]:
    """Seconds of several moves of a slider from `start` on, each to a place where it has not been."""
    places = [start + 0.01 * index for index in range(MOVES)]
    return [seconds_to_picture(live, lambda value=place: setattr(group, name, value)) for place in places]


def main() -> None:
    timers = bpy.app.timers
    timers.register, timers.is_registered, timers.unregister = register, due.__contains__, due.pop
    bpy.ops.extensions.package_install_files(
        filepath=os.environ["IMPASTO_EXTENSION"], repo="user_default", enable_on_install=True
    )
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.mesh.primitive_plane_add(size=1)
    bpy.ops.impasto.refresh_tools()
    for tool in LAYERS:
        bpy.ops.impasto.add_layer(tool=tool)
    stack = bpy.context.object.active_material.impasto_layers
    live = import_module("bl_ext.user_default.impasto.layers.preview").live
    first, last = stack.layers[0].impasto_parameters.bricks, stack.layers[-1].impasto_parameters.adjust
    seconds_to_picture(live, lambda: setattr(bpy.context.scene.impasto, "live_preview", True) or live.ask())
    moves(live, first, "color_variation", 0.2)  # all is loaded after that
    for which, group, name in (("last", last, "saturation"), ("first", first, "color_variation")):
        taken = [1000 * seconds for seconds in moves(live, group, name, 0.5)]
        print(f"SLIDER {which}: median {statistics.median(taken):.0f} ms, slowest {max(taken):.0f} ms", end="")
        print(f" (goal {GOALS_MS[which]} ms)")
    print("DONE")


if __name__ == "__main__":
    main()
