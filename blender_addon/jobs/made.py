# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of the last operator's results, for scripts: operators can only return that they finished."""

from __future__ import annotations

import json
from typing import Any

import bpy
from bpy.props import StringProperty

from .session import jobs

LISTS = ("materials", "images", "models", "files")


def as_json() -> str:
    """Names of materials, images and models, paths of files, and the report."""
    report = jobs.made
    return json.dumps({name: list(getattr(report, name)) for name in LISTS} | {"report": report.text})


def _get(_manager: Any) -> str:
    return as_json()


MADE = StringProperty(
    name="Made",
    description="As JSON, what Impasto's last operator made: the names of materials, images and models, and files",
    get=_get,
)
PROPERTIES = ((bpy.types.WindowManager, "impasto_made", MADE),)
