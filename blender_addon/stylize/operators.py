# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.stylize`, the panel's button and the call for scripts, and `impasto.continue_larger`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty

from ..bridge import images, tiles
from ..bridge.inputs import existing, find_source, image_called
from ..bridge.joined import JoinedResult
from ..bridge.materials import material_called
from ..bridge.recipe_inputs import inputs_of, scale_of
from ..bridge.target import Target
from ..core.errors import ParameterError
from ..core.recipe import Recipe, Step, differences
from ..engine.catalogue import catalogue
from ..image import OnImage
from ..jobs.operator import TaskOperator
from ..jobs.task import Place, Task
from ..paths import FILE_PATH, absolute
from ..tools.action import WorkerAction, result_task
from ..tools.form import Form, ensure_known, values_of, with_properties
from ..tools.request import Request
from .preview import live
from .request import StyleSubject, from_scene, is_painted, request_poll_message, subject_of
from .settings import LONGEST, START, SUBJECTS, ResultProperties


class StyleArguments:
    """Mixin: an operator that repaints as set in the Style panel or by its arguments."""

    tool: StringProperty(
        name="Stylizer",
        description="Name of the stylizer, with its defaults for all that is not given; empty: all as the panel is set",
    )
    parameters: StringProperty(name="Parameters", description='The stylizer\'s parameters as JSON: {"strength": 0.8}')
    style: StringProperty(name="Style", description="Name of an image, or path of a picture, to paint like")

    def style_request(self, context: bpy.types.Context) -> Request:
        """The panel's request, or one with the defaults of a given tool; arguments of this call override both."""
        chosen = self.tool or context.scene.impasto_style.tool
        ensure_known(chosen)
        if catalogue[chosen]["kind"] != "stylizer":
            known = ", ".join(tool["name"] for tool in catalogue if tool["kind"] == "stylizer")
            raise ParameterError("{} is no stylizer", "choose from {}", self.tool, known)
        request = Request(self.tool, estimator="none") if self.tool else from_scene(context)
        style = {"style": [find_source(self.style)]} if self.style else {}
        values = values_of(Request, self)
        values["parameters"] = {**request.parameters, **values.get("parameters", {})}
        values["inputs"] = {**request.inputs, **values.get("inputs", {}), **style}
        return replace(request, **{**values, "tool": request.tool})


@with_properties(
    Request, "inputs", "seed", "bits", "out_dir", "replace", "device", "across_seams", "directions", "mask_by"
)
class IMPASTO_OT_stylize(StyleArguments, ResultProperties, TaskOperator, bpy.types.Operator):
    """Repaint an image, a material's textures or the render result in the style of another picture"""

    bl_label = "Repaint"
    place = Place.STYLE
    can_wait = True

    subject: EnumProperty(name="Repaint", description="What is repainted", items=SUBJECTS)
    image: StringProperty(name="Image", description="Name of the image to repaint")
    source: StringProperty(name="Source", description="Path of a picture to repaint instead", **FILE_PATH)
    surface: StringProperty(
        name="Surface", description="Name of the material to repaint; empty: the active object's material"
    )
    name: StringProperty(name="Name", description="What the results are called (default: as the subject and the style)")

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return request_poll_message(context)

    def task(self, context: bpy.types.Context) -> Task:
        request = self.style_request(context)
        live.cancel()
        is_given = self.tool or self._is_given("material")
        material = self.material if is_given else context.scene.impasto_style.material
        return self._subject(context).task(context, request, material)

    def _subject(self, context: bpy.types.Context) -> StyleSubject:
        if self.source:
            path = existing(Path(absolute(self.source)))
            return StyleSubject(path)
        if self.image:
            return StyleSubject.of_image(image_called(self.image), context.scene)
        if self.surface:
            return StyleSubject.of_material(material_called(self.surface))
        is_given = self.tool or self._is_given("subject")
        return subject_of(context, self.subject if is_given else context.scene.impasto_style.subject)

    def _is_given(self, name: str) -> bool:
        return self.properties.is_property_set(name)


class IMPASTO_OT_continue_larger(OnImage, bpy.types.Operator):
    """Paint this image again at a larger size, starting from what it shows, with the same style and seed"""

    bl_label = "Continue at Larger Size"
    refusal = "Only an image that Impasto repainted can be continued"

    factor: FloatProperty(name="Factor", description="How many times as large", default=2.0, min=1.0, max=16.0)

    @classmethod
    def suits(cls, image: bpy.types.Image) -> bool:
        return is_painted(image)

    def task(self, context: bpy.types.Context) -> Task:
        image = self.chosen_image(context)
        if JoinedResult.of(image):
            message = "{} is a part of a result on several materials, and cannot be continued alone"
            raise ParameterError(message, "repaint the objects together, with a larger longest side", image.name)
        before = images.recipe_of(image)
        other_inputs = {name: about for name, about in before.inputs.items() if name != START}
        before = replace(before, inputs=other_inputs, made_with={**before.made_with, "stopped": False})
        recipe = _larger(before, round(max(image.size) * self.factor))
        live.cancel()
        inputs = {**inputs_of(before, image), START: tiles.read(image)}
        return result_task(
            self.bl_label,
            WorkerAction(recipe=recipe, inputs=inputs, scale=scale_of(before)),
            Target(image.name, image=image.session_uid, is_picture=True),
            Form(bits="16" if image.is_float else "8"),
            can_stop=True,
            then=lambda result, _: differences(before, result.recipe),
        )


def _larger(recipe: Recipe, longest_px: int) -> Recipe:
    """Recipe that continues from a painted image at another size. Raise ParameterError if it was not painted."""
    *earlier, step = recipe.steps
    tool = catalogue[step.tool]
    if START not in [item["name"] for item in tool["inputs"]]:
        raise ParameterError("{} cannot continue from a result", "choose an image that was repainted", tool["label"])
    step = Step(step.tool, {**step.parameters, LONGEST: longest_px}, {**step.inputs, START: START})
    return Recipe((*earlier, step), recipe.seed)
