# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks on an image or, if it is a texture of a material, on all maps of that, in step.

Pixels are never overwritten: undo restores which image is shown and linked, but no pixels. So results are new images
that take the old ones' places in editors and materials, in one step of undo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import bpy
import numpy as np

from ..bridge import materials, naming, replaced, surfaces, tiles
from ..bridge.inputs import SOURCE, Input
from ..bridge.mesh_masks import GROUP, MeshMask
from ..bridge.meshes import MeshSurface
from ..bridge.target import ACTIVE, NEW, Target, active_material, by_uid
from ..core.engine.messages import JobInput
from ..core.errors import Message, ParameterError
from ..core.recipe import Recipe, Step
from ..engine.catalogue import catalogue, properties_of
from ..jobs.session import push_undo
from ..jobs.task import Task, TaskReport
from ..parameters import groups, properties
from ..tools.action import WorkerAction, result_task
from ..tools.form import Form
from ..windows import redraw
from . import regions
from .view import settings_of

MAPS = ("roughness", "metallic", "normal", "height", "ambient_occlusion", "opacity", "emission", "transmission_weight")
"""Maps of a material that change with its base colour."""
MASK, ISLANDS = "mask", "islands"
WRAPS, YES = "wraps", "yes"
"""Parameter of tools that fill, and its value for pictures that tile."""


@dataclass(frozen=True)
class Subject:
    """Image to edit. material: the one that uses it as a map, and changes with it; item: an object that shows it."""

    image: bpy.types.Image
    material: bpy.types.Material | None = None
    item: bpy.types.Object | None = None

    @classmethod
    def of(cls, context: bpy.types.Context, image: bpy.types.Image) -> Subject:
        """The image, with the material that it belongs to: the active object's, or else the first."""
        active = active_material(context)
        for material in (active, *replaced.not_only_held()):
            if material is not None and not material.is_grease_pencil:
                nodes = surfaces.map_nodes(material)
                if "base_color" in nodes and image in [node.image for node in nodes.values()]:
                    materials.check_editable(material)
                    return cls(image, material)
        return cls(image)

    @property
    def base(self) -> bpy.types.Image:
        """Image whose size counts: the base colour's."""
        return surfaces.base_color_of(self.material) if self.material else self.image

    def surface(self, context: bpy.types.Context) -> MeshSurface | None:
        """Surface with the maps of the material."""
        return MeshSurface.chosen(context, self.material, self.item) if self.material else None

    def read(self) -> Input:
        """Maps of the subject, of which only the part that needs the main thread is read."""
        if self.material is None:
            return tiles.read(self.image)
        nodes = surfaces.map_nodes(self.material)
        maps = {name: surfaces.MapImage(nodes[name].image, nodes[name].channel) for name in MAPS if name in nodes}
        scale: dict[str, Any] = {"width_m": materials.width_of(self.material.node_tree)}
        if "height" in nodes and (socket := nodes["height"].range_socket):
            scale["height_range_m"] = socket.default_value * materials.unit_m()
        return surfaces.read_images(self.base, maps, {}, **scale)

    @property
    def bits(self) -> str:
        """Bits of a channel that its images need."""
        nodes = surfaces.map_nodes(self.material).values() if self.material else ()
        return "16" if any(image.is_float for image in (self.image, *(node.image for node in nodes))) else "8"

    def in_place(self, what: str) -> Target:
        """Target of a result of the same size, which replaces image or maps. what: ending of a picture's name."""
        if self.material is None:
            name = naming.of_set(self.image)
            name = name if name.endswith(f"_{what}") else f"{name}_{what}"
            return Target(naming.of_parts(name), image=self.image.session_uid, is_picture=True)
        return Target(naming.of_set(self.base), ACTIVE, painted=self.material.session_uid)

    def beside(self, what: str) -> Target:
        """Target of a result of another size: a new image, or a new material, since its mapping differs."""
        if self.material is None:
            return self.in_place(what)
        return Target(naming.of_parts(f"{naming.of_set(self.material)}_{what}"), NEW)


def group_mask(context: bpy.types.Context, image: bpy.types.Image) -> np.ndarray:
    """Mask (H, W) of the active vertex groups on a texture. Raise ParameterError for other images and empty groups."""
    surface = Subject.of(context, image).surface(context)
    if surface is None:
        message = "the picture is no texture of the active object's material"
        raise ParameterError(message, "choose the object whose texture it is, or the mask Image")
    return regions.mask_from(MeshMask(GROUP, surface, image).read(context)().arrays, image)


def usual(task: str) -> str:
    """The tool that does a task. Raise ParameterError if the engine has none."""
    if not catalogue.usual(task):
        raise ParameterError("the engine has no tool for this", "press Refresh Tools in the preferences, or repair it")
    return catalogue.usual(task)


def run_task(
    context: bpy.types.Context,
    subject: Subject,
    target: Target,
    tool: str,
    *,
    parameters: Mapping[str, Any] | None = None,
    inputs: Mapping[str, JobInput] | None = None,
    seed: int = 0,
    across_seams: bool | None = False,
) -> Task:
    """Task that runs a tool on a subject. parameters: those that differ from the panel's. across_seams: a Form's."""
    panel = properties.parameters_of(context.scene, catalogue[tool])
    further = inputs or {}
    recipe = Recipe((Step(tool, {**panel, **(parameters or {})}, {name: name for name in further}),), seed)
    form = Form(bits=subject.bits, across_seams=across_seams)
    action = WorkerAction.of(form, recipe, {SOURCE: subject.read(), **further}, subject.surface(context))
    return result_task(catalogue[tool]["label"], action, target, form)


def fill_task(
    context: bpy.types.Context,
    image: bpy.types.Image,
    *,
    subject: Subject | None = None,
    mask: Mapping[int, np.ndarray] | None = None,
    islands: Mapping[int, np.ndarray] | None = None,
    parameters: Mapping[str, Any] | None = None,
    seed: int = 0,
    across_seams: bool | None = None,
) -> Task:
    """Task that fills a mask (default: the image's region) in an image, or in all maps of its material.

    subject: the one that the image is of, if it is known. mask: by the image's tiles, by 0 if it has none. islands:
    colours (H, W, 3) of the islands of UVs, by tile, at which the filling ends. across_seams: a Form's; None: as the
    panel is set.
    """
    subject = subject or Subject.of(context, image)
    mask = regions.grid_of(image).split(regions.mask_or_region(image, "")) if mask is None else mask
    if not any(part.any() for part in mask.values()):
        raise ParameterError("the region is empty", "paint a larger one")
    inputs = {MASK: regions.as_picture(regions.grid_of(subject.base).on_tiles(mask), "region")}
    if islands is not None:
        inputs[ISLANDS] = regions.as_picture(islands, "islands")
    tool, target = usual("fill"), subject.in_place("filled")
    borders = {} if subject.base.source == tiles.TILED else _across_borders(context, tool)
    parameters_given = {**borders, **(parameters or {})}
    if across_seams is None and not settings_of(context).across_seams:
        across_seams = False
    how: dict[str, Any] = {"seed": seed, "across_seams": across_seams}
    return run_task(context, subject, target, tool, parameters=parameters_given, inputs=inputs, **how)


def _across_borders(context: bpy.types.Context, tool: str) -> dict[str, Any]:
    """Parameter that fills across the borders while the view is shifted, where they are seen to meet."""
    choices = groups.choices_of(properties_of(catalogue[tool]).get(WRAPS, {}))
    return {WRAPS: YES} if settings_of(context).is_shifted and YES in choices else {}


def landmarks_task(context: bpy.types.Context, image: bpy.types.Image, parameters: Mapping[str, Any]) -> Task:
    """Task that finds blemishes and landmarks, which become the region of the image, to be checked before filling."""
    subject, tool = Subject.of(context, image), usual("landmarks")
    recipe = Recipe((Step(tool, {**properties.parameters_of(context.scene, catalogue[tool]), **parameters}),))
    action = WorkerAction(recipe=recipe, inputs={SOURCE: subject.read()})
    return action.task(catalogue[tool]["label"], partial(_keep_found, image.session_uid))


def _keep_found(uid: int, answer: Any) -> TaskReport:
    """Make what was found the region of the image of this session id."""
    image = by_uid(bpy.data.images, uid)
    if image is None:
        return TaskReport("WARNING", "The image was deleted meanwhile, or another file was opened")
    mask = regions.mask_from(answer.arrays, image)
    regions.keep(image, mask)
    push_undo("Impasto: Find Landmarks")
    redraw()
    if not mask.any():
        return TaskReport("INFO", Message("Found nothing that stands out in {}", image.name))
    share = f"{mask.mean():.1%}"
    return TaskReport("INFO", Message("Found {} of {}; check the region, then press Fill Region", share, image.name))
