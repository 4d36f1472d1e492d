# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.run`, the stable call for scripts, and `impasto.generate`, the panel's button."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, StringProperty

from ..engine.catalogue import catalogue
from ..jobs.operator import TaskOperator
from ..jobs.task import Task
from ..parameters.properties import MAX_INT
from ..paths import RELATIVE_PATH
from ..tools.arguments import (
    DEVICE,
    HEIGHT_PX,
    MAPPING,
    MATERIAL,
    OUT_DIR,
    REPLACE,
    SEED,
    WIDTH_PX,
    ensure_known,
    given_to,
    parse_object,
    source_of,
    sources_from,
)
from ..tools.request import Request
from . import variations
from .request import from_scene, why_incomplete
from .shown_recipe import matched_by, name_of_match

PLAIN = ("width_px", "height_px", "seed", "estimator", "width_m", "bits", "name", "out_dir", "replace", "device")
LOOK = ("mapping", "use_displacement", "use_ambient_occlusion")


class RequestProperties:
    """Properties of both `run` and `generate`, with the command line's names and defaults."""

    tool: StringProperty(name="Tool", description="Name of the tool; empty: the one that makes pictures seamless")
    parameters: StringProperty(name="Parameters", description='The tool\'s parameters as JSON: {"variety": 0.7}')
    source: StringProperty(
        name="Source",
        description="Path of a picture, or of a folder of maps",
        subtype="FILE_PATH",
        options=RELATIVE_PATH,
    )
    image: StringProperty(name="Image", description="Name of an image of this .blend file, instead of a source")
    inputs: StringProperty(
        name="Inputs", description='The tool\'s other inputs as JSON, paths or image names: {"style": "monet.jpg"}'
    )
    width_px: WIDTH_PX
    height_px: HEIGHT_PX
    seed: SEED
    estimator: StringProperty(
        name="Other Maps",
        description="Tool that estimates the maps which a generator does not make, or none; empty: the usual one",
    )
    estimator_parameters: StringProperty(
        name="Its Parameters", description='The estimator\'s parameters as JSON: {"normal_strength": 0.5}'
    )
    material: MATERIAL
    name: StringProperty(name="Name", description="What the results are called (default: as the source)")
    out_dir: OUT_DIR
    replace: REPLACE
    preparation: StringProperty(
        name="Preparation",
        description='How the source is prepared, as JSON: {"rotate": 2.5, "crop": [0, 0, 0.75, 1], "scale": 0.25}',
    )
    device: DEVICE
    width_m: FloatProperty(name="Real Width", description="Real-world width of the source in metres; 0: unknown", min=0)
    mapping: MAPPING
    use_displacement: BoolProperty(name="True Displacement", description="Displace the surface itself")
    use_ambient_occlusion: BoolProperty(name="Ambient Occlusion", description="Darken the base colour by it")
    bits: EnumProperty(
        name="Depth", description="Bits of each channel of the results", items=(("8", "8", ""), ("16", "16", ""))
    )


class IMPASTO_OT_run(RequestProperties, TaskOperator, bpy.types.Operator):
    """Run a tool and put what it makes into this .blend file. For scripts: nothing depends on the panel"""

    bl_idname = "impasto.run"
    bl_label = "Run Tool"

    def task(self, context: bpy.types.Context) -> Task:
        tool = self.tool or catalogue.usual("seamless")
        ensure_known(tool)
        request = Request(
            tool=tool,
            parameters=parse_object(self.parameters, "parameters"),
            estimator_parameters=parse_object(self.estimator_parameters, "estimator_parameters"),
            source=source_of(self.image, self.source),
            inputs=sources_from(self.inputs),
            preparation=parse_object(self.preparation, "preparation"),
            **{name: getattr(self, name) for name in PLAIN},
        )
        look = {name: getattr(self, name) for name in LOOK}
        return request.task(request.target(context, self.material, **look))


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
        given = self._given()
        if not settings.lock_seed and "seed" not in given:
            settings.seed = random.randrange(MAX_INT)
        of_match = {"name": name_of_match(settings), "matched": matched_by(settings)}
        request = replace(from_scene(context), **{**of_match, **given})
        goes = ("material", *LOOK)
        where = {name: getattr(settings, name) for name in goes} | given_to(self, goes)
        return request.task(request.target(context, **where))

    def _given(self) -> dict[str, Any]:
        """Fields of the request that were given in this call, and so override the panel."""
        given = given_to(self, PLAIN)
        if self.source or self.image:
            given["source"] = source_of(self.image, self.source)
            given["preparation"] = {}  # the panel's is of its own source
        if self.preparation:
            given["preparation"] = parse_object(self.preparation, "preparation")
        if self.parameters:
            given["parameters"] = parse_object(self.parameters, "parameters")
        if self.estimator_parameters or "estimator" in given:
            given["estimator_parameters"] = parse_object(self.estimator_parameters, "estimator_parameters")
        if self.inputs:
            given["inputs"] = sources_from(self.inputs)
        return given


CLASSES = (IMPASTO_OT_run, IMPASTO_OT_generate)
