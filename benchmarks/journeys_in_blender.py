"""Journeys that begin in Blender, for journeys.py: `python journeys_in_blender.py FILE generate|slide PICTURE`.

Blender's timers do not run without a window, so theirs are run here.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import bpy

sys.path.insert(0, os.path.dirname(__file__))  # noqa: PTH120
from recorded import Recorder

LIMIT_S = 180.0
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


def run_timers() -> None:
    """Run timers as they are due, until none is left."""
    deadline = time.monotonic() + LIMIT_S
    while due and time.monotonic() < deadline:
        run_due_timers()
        time.sleep(0.02)


def main() -> None:
    file, action, picture = sys.argv[1:]
    timers = bpy.app.timers
    timers.register, timers.is_registered, timers.unregister = register, due.__contains__, due.pop
    bpy.ops.extensions.package_install_files(
        filepath=os.environ["IMPASTO_EXTENSION"], repo="user_default", enable_on_install=True
    )
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.mesh.primitive_plane_add(size=1)
    if action == "generate":
        Recorder(file).start()
        bpy.ops.impasto.run(tool="quilt", source=picture, width_px=128, height_px=128)
        assert bpy.context.object.active_material
    else:
        settings = bpy.context.scene.impasto
        settings.tool, settings.source_kind = "torus", "NONE"
        torus = bpy.context.scene.impasto_parameters.torus
        torus.width_px = torus.height_px = 128
        settings.live_preview = True
        run_timers()
        Recorder(file).start()
        torus.model = "bricks"
        torus.model_bricks.slider_contrast = 0.5
        run_timers()
    print("DONE", flush=True)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
