# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a model's training: a page beside the model, for the browser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from ..core.system.untrusted import excerpt
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.operator import tell
from ..jobs.task import Report


class IMPASTO_OT_open_report(bpy.types.Operator):
    """Open the report of a model's training in the browser: how good the model is, and what to try next"""

    bl_idname = "impasto.open_report"
    bl_label = "Open Report"

    name: StringProperty(name="Name", description="Name of the model")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        model = model_of(self.name)
        if reason := why_no_report(model) if model else f"there is no model {excerpt(self.name)}":
            return tell(self, Report("ERROR", reason))
        assert model
        file = Path(model["report"])
        if not file.is_file():
            return tell(self, Report("ERROR", f"the report of {self.name} is gone; refresh the models"))
        return bpy.ops.wm.url_open(url=file.as_uri())


def model_of(name: str) -> Mapping[str, Any] | None:
    """The model of this name; None if there is none."""
    return next((model for model in catalogue.models if model["name"] == name), None)


def why_no_report(model: Mapping[str, Any]) -> str:
    """Reason why there is no report of this model here; empty if there is one. Called by panels: reads no file."""
    if not model["report"]:
        return f"{model['name']} has no report; `impasto models report {model['name']} DATA` writes one"
    found = engine.find()
    if found and found.is_remote:
        return f"the report of {model['name']} is on the machine of the engine; copy it from there"
    return ""


CLASSES = (IMPASTO_OT_open_report,)
