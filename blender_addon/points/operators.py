# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that make a new image of the one in the image editor, by points that were placed on it."""

from __future__ import annotations

from dataclasses import replace

import bpy
from bpy.props import StringProperty

from ..bridge import materials
from ..bridge.target import NONE, target_of
from ..core.engine.replies import JobResult
from ..core.errors import ParameterError
from ..engine.catalogue import catalogue
from ..image.operators import OnImage
from ..jobs.task import Task
from ..parameters import inputs, properties
from ..tools.arguments import parse_object
from ..tools.placing import placing
from ..tools.request import Request

STRAIGHTEN, SCALE = "straighten", "scale"
"""Tasks of the tools, see `impasto.tools.TASKS`."""
PARAMETERS = StringProperty(
    name="Parameters", description='Parameters instead of the panel\'s, as JSON: {"top_left": [0.1, 0.2]}'
)


class ByPoints(OnImage):
    """Mixin: run the tool of a task on an image. suffix: of the result's name."""

    does: str
    suffix: str
    parameters: str

    def request(self, context: bpy.types.Context, image: bpy.types.Image) -> Request:
        """Request with the panel's parameters and those given. ParameterError if no tool does the task."""
        name = catalogue.usual(self.does)
        if not name:
            raise ParameterError(f"no tool is installed for this: {self.does}", "install a plugin that has one")
        tool = catalogue[name]
        given = parse_object(self.parameters, "parameters")
        parameters = {**properties.parameters_of(context.scene, tool), **given}
        images = inputs.images_of(context.scene, tool)
        request = Request(name, parameters, image, images, estimator="none", across_seams=False)  # it lies elsewhere
        return replace(request, name=f"{request.result_name()}_{self.suffix}")

    def task(self, context: bpy.types.Context) -> Task:
        image = self.chosen_image(context)
        request = self.request(context, image)
        target = target_of(context, NONE, request.name, image=image.session_uid, is_picture=True)
        placing.end()
        return request.task(target, then=self.then)

    def then(self, made: JobResult) -> list[str]:
        """Further work once it is made; notes for the report."""
        return []


class IMPASTO_OT_straighten_image(ByPoints, bpy.types.Operator):
    """Make a new image of this one that shows the surface within the corners from straight in front"""

    bl_idname = "impasto.straighten_image"
    bl_label = "Straighten"
    does, suffix = STRAIGHTEN, "straight"

    parameters: PARAMETERS


class IMPASTO_OT_scale_image(ByPoints, bpy.types.Operator):
    """Find out how wide this image is in the world from the length between two points, and set it as Real Width"""

    bl_idname = "impasto.scale_image"
    bl_label = "Scale from Length"
    does, suffix = SCALE, "to_scale"

    parameters: PARAMETERS

    def then(self, made: JobResult) -> list[str]:
        """Keep the width for the textures that are made next."""
        if not made.width_m:
            return []
        bpy.context.scene.impasto.width_m = made.width_m / materials.unit_m()
        return [f"Real Width is now {materials.length_text(made.width_m)}"]


CLASSES = (IMPASTO_OT_straighten_image, IMPASTO_OT_scale_image)
