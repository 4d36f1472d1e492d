"""Inside a Blender window without an engine: the set-up fails without a network, and is mended."""

from __future__ import annotations

import os

import bpy
from walk import Steps, Walk, installed_extension, until

MADE_BY_HAND = os.environ.pop("IMPASTO_ENGINE")
EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
PREFERENCES = bpy.context.preferences.addons["bl_ext.user_default.impasto"].preferences
LIMIT_S = 300


def scenario(walk: Walk) -> Steps:
    """Refused offline, then allowed by a click; it fails without a network, and a Python made by hand mends it."""
    yield walk.show_panel("VIEW_3D", "Impasto")
    walk.screenshot("offline.png")
    yield walk.click("impasto.set_up_engine", "VIEW_3D")
    yield 1.0
    walk.record("begun_offline", [task.label for task in JOBS.tasks if task.is_shown])
    yield walk.click("extensions.userpref_allow_online", "VIEW_3D")
    walk.record("is_online", bpy.app.online_access)
    PREFERENCES.torch_build, PREFERENCES.pip_arguments = "CPU", "--retries 1"
    yield 1.0
    yield walk.click("impasto.set_up_engine", "VIEW_3D")
    yield until(lambda: JOBS.shown_task is None and not JOBS.tasks and JOBS.last_report, LIMIT_S)
    yield 1.0
    walk.screenshot("failed.png")
    walk.record("failed", [JOBS.last_report.level, JOBS.last_report.text, [str(place) for place in JOBS.reports]])
    PREFERENCES.engine_python = MADE_BY_HAND
    yield 1.0
    walk.screenshot("chosen.png")
    walk.record("mended", [JOBS.report_at(place) for place in JOBS.reports])
