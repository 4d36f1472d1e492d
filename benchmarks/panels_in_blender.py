"""Time that panels take to be drawn in a file with 100 results: `python build.py bench --panels`.

Runs in Blender's module, where layouts keep what is drawn, as in the tests: what is measured is the extension's own
share. In a window Blender's buttons are added to that. Prints the median and the slowest of several draws of each
panel, and the first one after a file was opened.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "blender"))
os.environ["IMPASTO_PROFILE"] = os.environ["BLENDER_USER_RESOURCES"]
from drawing import drawn

RESULTS, DRAWS = 100, 50
GOAL_MS = 2
LAYERS = ("quilt", "photo-maps", "weathering", "sharpen", "adjust", "tint")
PANELS = {"History": "history", "Impasto": "", "Material Layers": "layers", "Style": "style", "Relight": "relight"}


def make_results() -> None:
    """A file with results of six maps each, of different recipes, and with six layers on the active one."""
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.mesh.primitive_plane_add(size=1)
    for index in range(RESULTS):
        bpy.ops.impasto.run(tool="bricks", width_px=8, height_px=8, seed=index, name=f"Bricks {index}")
    for tool in LAYERS:
        bpy.ops.impasto.add_layer(tool=tool)


def milliseconds(panel: type[bpy.types.Panel]) -> float:
    """Processor time of one draw, whatever else the machine does meanwhile."""
    started = time.thread_time()
    drawn(panel)
    return 1000 * (time.thread_time() - started)


def main() -> None:
    bpy.ops.extensions.package_install_files(
        filepath=os.environ["IMPASTO_EXTENSION"], repo="user_default", enable_on_install=True
    )
    bpy.ops.impasto.refresh_tools()
    make_results()
    path = str(Path(sys.argv[1]).with_name("results.blend"))
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    bpy.context.window_manager.impasto_history.selected = f"MATERIAL:Bricks {RESULTS - 1}"
    for label, name in PANELS.items():
        panel = getattr(bpy.types, f"IMPASTO_PT_{f'{name}_' if name else ''}view_3d")
        first, *taken = [milliseconds(panel) for _ in range(DRAWS)]
        print(f"PANEL {label}: median {statistics.median(taken):.2f} ms, slowest {max(taken):.2f} ms", end="")
        print(f", first {first:.2f} ms (goal {GOAL_MS} ms)")
    print("DONE")


if __name__ == "__main__":
    main()
