"""Inside a Blender window without an engine: the set-up fails in several ways, by clicks, and is mended."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from walk import Steps, Walk, installed_extension, start, until

OUT, _SOURCE, PART = (*map(Path, sys.argv[sys.argv.index("--") + 1 :][:2]), sys.argv[-1])
MADE_BY_HAND = os.environ.pop("IMPASTO_ENGINE")
EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
PREFERENCES = bpy.context.preferences.addons["bl_ext.user_default.impasto"].preferences
LIMIT_S = 300
REFUSING_PROXY = "http://127.0.0.1:9"
"""Nothing listens there."""


def scenario(walk: Walk) -> Steps:
    yield walk.show_panel("VIEW_3D", "Impasto")
    if PART == "network":
        walk.screenshot("offline.png")
        yield walk.click("impasto.set_up_engine", "VIEW_3D")
        yield 1.0
        walk.record("begun_offline", [task.label for task in JOBS.tasks if task.is_shown])
        yield walk.click("extensions.userpref_allow_online", "VIEW_3D")
        walk.record("is_online", bpy.app.online_access)
    bpy.context.preferences.system.use_online_access = True
    PREFERENCES.torch_build = "CPU"
    PREFERENCES.pip_arguments = f"--retries 1 {'--proxy ' + REFUSING_PROXY if PART == 'proxy' else ''}"
    yield from sets_up(walk, "failed")
    if PART == "network":
        PREFERENCES.engine_python = MADE_BY_HAND
        yield 1.0
        walk.screenshot("chosen.png")
        walk.record("mended", [JOBS.report_at(place) for place in JOBS.reports])
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def sets_up(walk: Walk, name: str) -> Steps:
    """Click the button, wait for the end, and record the report and how often it is drawn."""
    yield 1.0
    yield walk.click("impasto.set_up_engine", "VIEW_3D")
    yield until(lambda: JOBS.shown_task is None and not JOBS.tasks and JOBS.last_report, LIMIT_S)
    yield 1.0
    walk.screenshot(f"{name}.png")
    walk.record(name, [JOBS.last_report.level, JOBS.last_report.text, [str(place) for place in JOBS.reports]])


start(scenario, OUT)
