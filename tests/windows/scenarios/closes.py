"""Inside a Blender window: Blender is closed while a job runs. The worker must end, and Blender too."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE = map(Path, sys.argv[sys.argv.index("--") + 1 :])
JOBS = installed_extension().jobs.session.jobs


def scenario(walk: Walk) -> Steps:
    scene = bpy.context.scene
    scene.impasto.filepath = str(SOURCE)
    scene.impasto_parameters.quilt.width_px = scene.impasto_parameters.quilt.height_px = 4096
    with walk.at(walk.area("VIEW_3D")):
        bpy.ops.impasto.generate("INVOKE_DEFAULT")
    yield until(lambda: JOBS.shown_task and JOBS.shown_task.fraction > 0, 60)
    walk.record("job_is_running", True)


start(scenario, OUT)
