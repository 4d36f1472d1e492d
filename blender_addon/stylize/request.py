# SPDX-License-Identifier: GPL-3.0-or-later
"""The Style panel's request and its subject: an image, a material's textures or the render result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from ..bridge import image_editors, images, materials, surfaces
from ..bridge.joined import JoinedMaterials
from ..bridge.meshes import MeshSurface
from ..bridge.target import ACTIVE, CAN_HAVE_MATERIAL, Target, active_material
from ..core.errors import ImpastoError, ParameterError
from ..engine.catalogue import catalogue, properties_of
from ..jobs.task import Task
from ..layers.request import add_recipe
from ..parameters import properties
from ..parameters.groups import belongs_to_model, identifier
from ..tools.request import Request
from ..tools.sources import tool_poll_message
from . import renders
from .settings import IMAGE, KIND, MATERIAL, NO_KIND, RELIEF, RENDER, START


@dataclass(frozen=True)
class StyleSubject:
    """Subject to repaint. source: its picture. material: the one whose base colour it is. image: the one to replace.

    others: further materials, which are repainted as parts of the same picture.
    """

    source: bpy.types.Image | Path
    longest_px: int = 0
    image: bpy.types.Image | None = None
    material: bpy.types.Material | None = None
    others: tuple[bpy.types.Material, ...] = ()

    @classmethod
    def of_image(cls, image: bpy.types.Image, scene: bpy.types.Scene) -> StyleSubject:
        """Image of the .blend, possibly the render result, which has no pixels of its own."""
        if renders.is_result(image):
            return cls.of_render(scene)
        return cls(image, max(image.size), image)

    @classmethod
    def of_material(cls, material: bpy.types.Material | None) -> StyleSubject:
        """Textures of a material. Raise ParameterError if no image is its base colour."""
        image = surfaces.base_color_of(material)
        return cls(image, max(image.size), material=material)

    @classmethod
    def of_render(cls, scene: bpy.types.Scene) -> StyleSubject:
        """The render result. Raise ParameterError if there is none."""
        size = max(scene.render.resolution_x, scene.render.resolution_y) * scene.render.resolution_percentage // 100
        return cls(renders.picture(scene), size, bpy.data.images[renders.NAME])

    def task(self, context: bpy.types.Context, request: Request, material: str) -> Task:
        """Task that repaints the subject. material: target of the textures. Raise ImpastoError if it cannot begin."""
        if renders.is_result(self.image):  # a render has no surface, and so no relief
            request = replace(request, parameters=without_relief(request.parameters))
        has_relief = self.material is not None and _may_have_relief(request)
        if self.others:
            return self._joint_task(context, request, material, surfaces.RELIEF if has_relief else ())
        source = self.material if has_relief else self.source
        name = replace(request, source=self.material or self.source).result_name()
        return replace(request, source=source, name=name).task(self._target(context, name, material), add_recipe)

    def _joint_task(self, context: bpy.types.Context, request: Request, material: str, names: tuple[str, ...]) -> Task:
        """Task that repaints all materials as one picture. Raise ParameterError if files are wanted."""
        if request.out_dir:
            message = "several materials that are repainted together are not written as files"
            raise ParameterError(message, "leave the folder empty, or select one object")
        each = [replace(self, material=one, others=()) for one in (self.material, *self.others)]
        called = [replace(request, source=one.material).result_name() for one in each]
        first, *more = (one._target(context, name, material) for one, name in zip(each, called, strict=True))
        joined = JoinedMaterials(tuple(MeshSurface.chosen(context, one.material) for one in each), names)
        return replace(request, source=joined, name=first.name).task(first, add_recipe, more)

    def _target(self, context: bpy.types.Context, name: str, material: str) -> Target:
        if self.material is None:
            image = self.image.session_uid if self.image else 0
            return Target(name, image=image, is_picture=True)
        if material == ACTIVE:
            materials.check_editable(self.material)
        objects = [item for item in {*context.selected_objects, context.active_object} if item and item.is_editable]
        uids = tuple(item.session_uid for item in objects if item.type in CAN_HAVE_MATERIAL)
        painted = self.material.session_uid
        return Target(name, material, uids, painted=painted)


def _may_have_relief(request: Request) -> bool:
    """Whether strokes may have relief: it was asked for, or the kind of style decides."""
    if RELIEF in request.parameters:
        return bool(request.parameters[RELIEF])
    return KIND in properties_of(catalogue[request.tool]) and request.parameters.get(KIND) != NO_KIND


def without_relief(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without relief, for a picture that is no texture."""
    return {name: 0.0 if name == RELIEF else value for name, value in parameters.items()}


def subject_of(context: bpy.types.Context, kind: str) -> StyleSubject:
    """Subject of one kind from the panel. Raise ParameterError if there is none."""
    if kind == RENDER:
        return StyleSubject.of_render(context.scene)
    if kind == MATERIAL:
        return replace(StyleSubject.of_material(active_material(context)), others=other_materials(context))
    if image := chosen_image(context):
        return StyleSubject.of_image(image, context.scene)
    raise ParameterError("no image is given", "choose one, or open one in the image editor")


def other_materials(context: bpy.types.Context) -> tuple[bpy.types.Material, ...]:
    """Active materials of the other selected objects whose base colour is an image."""
    active = active_material(context)
    found = dict.fromkeys(item.active_material for item in context.selected_objects if item.type == "MESH")
    return tuple(one for one in found if one != active and surfaces.has_base_color(one))


def chosen_image(context: bpy.types.Context) -> bpy.types.Image | None:
    """Image chosen in the panel, or else the one shown in an image editor."""
    chosen = context.scene.impasto_style.image or image_editors.shown_image(context)
    if chosen is None and context.area is None:  # a timer asks, for the preview
        chosen = next((space.image for space in image_editors.image_editors() if space.image), None)
    return chosen


def is_painted(image: bpy.types.Image | None) -> bool:
    """Whether the image's recipe ends in a stylizer that can continue from it. Cheap enough for a panel."""
    if not images.has_recipe(image):
        return False
    recipe = images.recipe_in(image)
    name = recipe.steps[-1].tool if recipe else ""
    return name in catalogue and START in [item["name"] for item in catalogue[name]["inputs"]]


def subject_poll_message(context: bpy.types.Context) -> str:
    """Reason why there is nothing to repaint; empty if there is."""
    kind = context.scene.impasto_style.subject
    if kind == RENDER:
        return "" if renders.is_rendered() else "Render the scene first (F12)"
    if kind == IMAGE:
        return "" if chosen_image(context) else "Choose an image to repaint"
    try:
        surfaces.base_color_of(active_material(context))
    except ImpastoError as error:
        return str(error)
    return ""


def from_scene(context: bpy.types.Context) -> Request:
    """The panel's request without its subject, with only those parameters that were set and the numbers of each style.

    The stylizer chooses the others by the kind of style.
    """
    settings = context.scene.impasto_style
    request, tool = Request.from_settings(settings, estimator="none"), catalogue[settings.tool]
    group, known = properties.group_of(context.scene, tool), properties_of(tool)
    parameters = {
        name: value
        for name, value in request.parameters.items()
        if "for_each" in known[name] or belongs_to_model(known[name]) or group.is_property_set(identifier(name))
    }
    return replace(request, parameters=parameters)


def request_poll_message(context: bpy.types.Context) -> str:
    """Reason why the panel's settings cannot run; empty if they can. Cheap enough for a panel."""
    settings = context.scene.impasto_style
    return subject_poll_message(context) or tool_poll_message(context.scene, settings.tool, settings.mask_by)
