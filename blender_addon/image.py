# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators on one image (make it seamless, estimate its maps, make it again), and the This Image panel."""

from __future__ import annotations

from dataclasses import replace

import bpy
from bpy.props import StringProperty

from .bake.sources.provenance import BAKE, baked_object
from .bridge import images, naming
from .bridge.image_editors import is_image_editor, shown_image
from .bridge.inputs import image_called
from .bridge.joined import JoinedResult
from .bridge.recipe_inputs import inputs_of, scale_of
from .bridge.target import NONE, target_of
from .core.errors import ParameterError
from .core.recipe import differences
from .engine.catalogue import catalogue
from .interface.drawing import draw_operators, draw_report, name_place, operator_class
from .jobs.operator import TaskOperator
from .jobs.task import Place, Task
from .material.drawing import draw_result
from .parameters.operators import WIDTH, draw_open_number
from .parameters.points import azimuths_of, known_azimuths
from .tools.action import WorkerAction, result_task
from .tools.form import Form, values_of, width_of, with_properties
from .tools.panel import InImageEditor, Tab, draw_parameters
from .tools.request import Request


class OnImage(TaskOperator):
    """Mixin: the image of this name, or else the one in the image editor. refusal: of one that does not suit."""

    place = Place.IMAGE
    refusal = ""
    image: StringProperty(name="Image", description="Name of the image; empty: the one in the image editor")

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        """Reason why the editor's image cannot be used; elsewhere the image is given by its name."""
        image = shown_image(context)
        if image is None:
            return "Open an image first" if is_image_editor(context) else ""
        return "" if cls.suits(image) else cls.refusal

    @classmethod
    def suits(cls, image: bpy.types.Image) -> bool:
        """Whether the operator can use the image. If not, the panel has no button for the operator."""
        return True

    def chosen_image(self, context: bpy.types.Context) -> bpy.types.Image:
        if self.image:
            return image_called(self.image)
        image = shown_image(context)
        if image is None:
            raise ParameterError("no image is given", "give image=NAME, or open one in the image editor")
        return image


@with_properties(Request, "width_px", "height_px", "seed")
class IMPASTO_OT_make_seamless(OnImage, bpy.types.Operator):
    """Make a new image of this one that repeats without seams: the picture alone, no material"""

    bl_label = "Make Seamless"

    def task(self, context: bpy.types.Context) -> Task:
        image = self.chosen_image(context)
        request = Request(
            tool=catalogue.usual("seamless"), source=image, estimator="none", **values_of(Request, self, is_whole=True)
        )
        request = replace(request, name=f"{request.result_name()}_seamless")
        target = target_of(context, NONE, request.name)
        return request.task(replace(target, image=image.session_uid))


@with_properties(Form, "material", "width_m")
class IMPASTO_OT_estimate_maps(OnImage, bpy.types.Operator):
    """Estimate height, normal, roughness and occlusion of this image, and make a material of them"""

    bl_label = "Maps from Image"

    def task(self, context: bpy.types.Context) -> Task:
        tool = catalogue.usual("maps")
        lit = known_azimuths(context.scene, catalogue[tool])
        width_m = width_of(self, context)
        request = Request(tool, lit, self.chosen_image(context), material=self.material, width_m=width_m)
        return request.task(request.target(context))


class IMPASTO_OT_rerun(OnImage, bpy.types.Operator):
    """Make this image again from the recipe in it, into new images, and say what differs from then"""

    bl_label = "Make Again"
    refusal = "Only an image that Impasto made can be made again"

    @classmethod
    def suits(cls, image: bpy.types.Image) -> bool:
        return images.has_recipe(image)

    def task(self, context: bpy.types.Context) -> Task:
        image = self.chosen_image(context)
        recipe = images.recipe_of(image)
        if recipe.steps[0].tool == BAKE:
            message = "{} was baked of {}"
            raise ParameterError(message, "select that and press Bake Maps", image.name, baked_object(recipe))
        target = target_of(context, NONE, naming.of_set(image))
        joined = JoinedResult.of(image)
        again = replace(recipe, inputs={}, made_with={})
        return result_task(
            self.bl_label,
            WorkerAction(recipe=again, inputs=inputs_of(recipe, image), scale=scale_of(recipe)),
            target,
            Form(bits="16" if image.is_float else "8"),
            then=lambda result, _: differences(recipe, result.recipe),
            split=joined.splitter(target) if joined else None,
        )


IMAGE_BUTTONS = {
    "impasto.make_seamless": "MOD_ARRAY",
    "impasto.estimate_maps": "NODE_MATERIAL",
    "impasto.match_image": "TEXTURE",
    "impasto.rerun": "FILE_REFRESH",
    "impasto.continue_larger": "FULLSCREEN_ENTER",
}


class IMPASTO_PT_this_image(Tab, InImageEditor, bpy.types.Panel):
    """Buttons for the image that the editor shows."""

    bl_label = "This Image"
    bl_order = 3

    def draw(self, context: bpy.types.Context) -> None:
        name_place(self.layout, Place.IMAGE)
        _draw_known(self.layout, context)
        image = shown_image(context)
        suiting = (name for name in IMAGE_BUTTONS if image is None or operator_class(name).suits(image))
        draw_operators(self.layout, {name: IMAGE_BUTTONS[name] for name in suiting})
        if image and images.has_recipe(image):
            self.layout.operator("impasto.edit_layers", icon="GREASEPENCIL").image = image.name
        draw_report(self.layout, Place.IMAGE)
        draw_result(self.layout, context, Place.IMAGE)


def _draw_known(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw what is known of the photograph, for Maps from Image and Match Image: its light and its width."""
    usual = catalogue.usual("maps")
    lit = azimuths_of(catalogue[usual]) if usual else []
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    if lit:
        draw_parameters(column, context, catalogue[usual], only=lit)
    draw_open_number(column, context.scene.impasto, "width_m", WIDTH, "Real Width")
