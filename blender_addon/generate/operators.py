# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.run`, the stable call for scripts, and `impasto.generate`, the panel's button."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import bpy
from bpy.props import StringProperty

from ..engine.catalogue import catalogue
from ..jobs.operator import TaskOperator
from ..jobs.task import Task
from ..parameters.properties import MAX_INT
from ..paths import RELATIVE_PATH
from ..tools.arguments import ensure_known, source_of, values_of, with_properties
from ..tools.request import Request
from . import variations
from .request import from_scene, why_incomplete
from .shown_recipe import matcher_of, name_of_match


@with_properties(Request)
class RequestProperties:
    """Properties of both `run` and `generate`, with the command line's names and defaults."""

    source: StringProperty(
        name="Source",
        description="Path of a picture, or of a folder of maps",
        subtype="FILE_PATH",
        options=RELATIVE_PATH,
    )
    image: StringProperty(name="Image", description="Name of an image of this .blend file, instead of a source")


class IMPASTO_OT_run(RequestProperties, TaskOperator, bpy.types.Operator):
    """Run a tool and put what it makes into this .blend file. For scripts: nothing depends on the panel"""

    bl_idname = "impasto.run"
    bl_label = "Run Tool"

    def task(self, context: bpy.types.Context) -> Task:
        tool = self.tool or catalogue.usual("seamless")
        ensure_known(tool)
        request = Request(**{**values_of(Request, self), "tool": tool, "source": source_of(self.image, self.source)})
        return request.task(request.target(context))


class IMPASTO_OT_generate(RequestProperties, TaskOperator, bpy.types.Operator):
    """Make the texture that the panel is set to, and a material of it for the selected objects"""

    bl_idname = "impasto.generate"
    bl_label = "Generate"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        return why_incomplete(context)

    def task(self, context: bpy.types.Context) -> Task:
        variations.live.cancel()
        settings = context.scene.impasto
        if self.tool:
            ensure_known(self.tool)
            settings.tool = self.tool
        given = self._overrides()
        if not settings.lock_seed and "seed" not in given:
            settings.seed = random.randrange(MAX_INT)
        of_match = {"name": name_of_match(settings), "matched": matcher_of(settings)}
        request = replace(from_scene(context), **{**of_match, **given})
        return request.task(request.target(context))

    def _overrides(self) -> dict[str, Any]:
        """Fields of the request that were given in this call, and so override the panel."""
        given = values_of(Request, self)
        given.pop("tool", None)
        if self.source or self.image:
            given["source"] = source_of(self.image, self.source)
            given.setdefault("preparation", {})  # the panel's is of its own source
        if "estimator" in given:
            given.setdefault("estimator_parameters", {})
        return given


CLASSES = (IMPASTO_OT_run, IMPASTO_OT_generate)
