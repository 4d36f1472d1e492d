# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to run a tool: from plain values to a task with a recipe, its inputs and a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import bpy

from ..bridge import naming, surfaces
from ..bridge.inputs import SOURCE, Input, Source, read
from ..bridge.joined import JoinedMask, JoinedMaterials
from ..bridge.mesh_masks import IMAGE, MASK, MeshMask
from ..bridge.meshes import MeshSurface
from ..bridge.results import Then
from ..bridge.target import ACTIVE, NONE, Target, active_material, by_uid
from ..core.descriptions import MESH
from ..core.errors import ParameterError
from ..core.recipe import Recipe, Step, name_inputs
from ..core.texture import is_large
from ..engine.catalogue import SIZE_PARAMETERS, catalogue, defaults_of, has_size
from ..jobs.task import Task
from ..parameters import inputs, properties
from ..parameters.properties import MAX_INT
from .action import WorkerAction, result_task
from .form import Form, argument, parse_object, sources_from, values_in

SCALE = "scale"
"""The only parameter of the preparing tool that does not move the points of the source on a mesh."""


@dataclass(frozen=True)
class Request(Form):
    """A tool with its parameters and inputs in plain values, with the command line's names and defaults.

    estimator: tool for the maps that a generator does not make, or "none"; empty for the default estimator.
    preparation: parameters of the tool that prepares the source. matched: record of the match that found parameters.
    """

    tool: str = argument("", "Tool", "Name of the tool; empty: the one that makes pictures seamless")
    parameters: Mapping[str, Any] = argument(
        dict, "Parameters", 'The tool\'s parameters as JSON: {"variety": 0.7}', read=parse_object
    )
    source: Source | JoinedMaterials | None = None
    inputs: Mapping[str, Sequence[Source | None]] = argument(
        dict,
        "Inputs",
        'The tool\'s other inputs as JSON, paths or image names: {"style": "monet.jpg"}',
        read=sources_from,
    )
    width_px: int = argument(0, "Width", "Width of the result in pixels; 0: as the source", min=0)
    height_px: int = argument(0, "Height", "Height of the result in pixels; 0: as the source", min=0)
    seed: int = argument(0, "Seed", "Another seed, another result", min=0, max=MAX_INT)
    estimator: str = argument(
        "", "Other Maps", "Tool that estimates the maps which a generator does not make, or none; empty: the usual one"
    )
    estimator_parameters: Mapping[str, Any] = argument(
        dict, "Its Parameters", 'The estimator\'s parameters as JSON: {"relief": 0.5}', read=parse_object
    )
    preparation: Mapping[str, Any] = argument(
        dict,
        "Preparation",
        'How the source is prepared, as JSON: {"rotate": 2.5, "crop": [0, 0, 0.75, 1], "scale": 0.25}',
        read=parse_object,
    )
    keep_light: bool = argument(
        False, "Keep Light", "Leave shadows in a photograph; otherwise those that are found are removed first"
    )
    matched: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_settings(cls, settings: bpy.types.PropertyGroup, **more: Any) -> Request:
        """Request from a scene's settings: tool, parameters, images, seed and form. more: other fields."""
        scene, tool = settings.id_data, catalogue[settings.tool]
        images = inputs.images_of(scene, tool)
        parameters = properties.parameters_of(scene, tool)
        shared = values_in(Form, settings)
        shared |= {"name": "", "width_m": 0.0}  # every group has a name, and a width in the scene's units
        shared["across_seams"] = None if shared.get("across_seams", True) else False
        shared["keep_light"] = getattr(settings, "keep_light", False)
        shared["mask_by"] = shared.get("mask_by", IMAGE) if _mask_of(tool) else IMAGE
        return cls(settings.tool, parameters, inputs=images, seed=settings.seed, **(shared | more))

    def recipe(self) -> Recipe:
        """Recipe of the tool, and of the estimator after a generator that does not make all maps."""
        tool = catalogue[self.tool]
        parameters = dict(self.parameters)
        sizes = {"width_px": self.width_px, "height_px": self.height_px}
        if has_size(tool):
            parameters.update({name: size for name, size in sizes.items() if size})
        elif any(sizes.values()):
            message = "{} makes a result of its source's size"
            raise ParameterError(message, "leave width_px and height_px at 0", self.tool)
        steps = [*self._preparing(), Step(self.tool, parameters, name_inputs(self.inputs)[0])]
        in_tiles = tool["makes_tiles"] and is_large((self.height_px, self.width_px))  # an estimator needs the whole
        estimator = self.estimator or catalogue.usual("maps") or "none"
        is_whole = tool["kind"] != "generator" or tool["makes_all_maps"]
        if not is_whole and estimator != "none" and not in_tiles:
            steps.append(Step(catalogue[estimator]["name"], dict(self.estimator_parameters)))
        return Recipe(tuple(steps), self.seed, matched=self.matched)

    def _preparing(self) -> list[Step]:
        """Step that prepares the source; none without a source, or if it changes nothing."""
        return [Step(catalogue.usual("prepare"), dict(self.preparation))] if self._prepared() else []

    def _prepared(self) -> set[str]:
        """Parameters that prepare the source for the tool."""
        if self.source is None or not self.preparation:
            return set()
        defaults = defaults_of(catalogue[catalogue.usual("prepare")])
        return {name for name, value in self.preparation.items() if defaults.get(name) != value}

    def recipe_of_match(self, found: Recipe) -> Recipe:
        """A found recipe in this request's size. The estimator follows a single step, as in `recipe`."""
        if len(found.steps) == 1:
            (step,) = found.steps
            request = replace(self, tool=step.tool, parameters=step.parameters, seed=found.seed, matched=found.matched)
            if not has_size(catalogue[step.tool]):
                request = replace(request, width_px=0, height_px=0)
            return request.recipe()
        size = {name: px for name in SIZE_PARAMETERS if (px := getattr(self, name))}
        steps = (
            replace(step, parameters={**step.parameters, **size}) if has_size(catalogue[step.tool]) else step
            for step in found.steps
        )
        return replace(found, steps=tuple(steps))

    def result_name(self) -> str:
        """Name of the results: the given name, or a name from the names of source, model and style."""
        if self.name:
            return naming.of_parts(self.name)
        return naming.of_result(catalogue[self.tool], self.parameters, self.source, self.inputs)

    def read_inputs(self, painted: bpy.types.Material | None = None) -> dict[str, Input]:
        """Source and other inputs, read as far as that needs the main thread. Raise ImpastoError if one is unreadable.

        painted: material whose textures the result replaces. A tool that needs a mesh gets the mesh of the material.
        """
        _, named = name_inputs(self.inputs)
        sources = named if self.source is None else {SOURCE: self.source, **named}
        inputs_given: dict[str, Input] = {name: read(source) for name, source in sources.items()}
        surface = self.surface(painted)
        if surface and any(item["kind"] == MESH and item["required"] for item in catalogue[self.tool]["inputs"]):
            inputs_given[MESH] = surface.read(bpy.context)
        return inputs_given

    def target(self, context: bpy.types.Context) -> Target:
        """Target of the result. The result of a filter replaces the filtered image, and other maps stay."""
        target = self.target_called(context, self.result_name())
        if catalogue[self.tool]["kind"] != "filter" or self.material == NONE:
            return target
        before = active_material(context)
        if before is None or not surfaces.has_base_color(before):
            return target
        is_taken = self.material == ACTIVE or self._is_texture_of(before)
        return replace(target, painted=before.session_uid) if is_taken else target

    def _is_texture_of(self, material: bpy.types.Material | None) -> bool:
        """Whether the source is one of a material's images, or the material."""
        images = [node.image for node in surfaces.map_nodes(material).values()] if material else []
        return self.source is not None and self.source in [material, *images]

    def surface(self, painted: bpy.types.Material | None) -> MeshSurface | JoinedMaterials | None:
        """Surface of the chosen objects with the source and the result; None if there is none.

        A tool that takes a mesh gets all faces of the objects, unless the source belongs to one of their materials.
        """
        if isinstance(self.source, JoinedMaterials):
            return self.source
        tool = catalogue[self.tool]
        takes_mesh = any(item["kind"] == MESH for item in tool["inputs"])
        if (tool["kind"] == "generator" and not takes_mesh) or self._prepared() - {SCALE}:
            return None
        active = active_material(bpy.context)
        material = painted or (active if self._is_texture_of(active) else None)
        return MeshSurface.chosen(bpy.context, material) if material or takes_mesh else None

    def task(self, target: Target, then: Then = lambda *_: (), others: Sequence[Target] = ()) -> Task:
        """Task that carries out the request, and then calls `then`. Raise ImpastoError if that is impossible.

        others: targets of joined materials after the first.
        """
        painted, tool = by_uid(bpy.data.materials, target.painted), catalogue[self.tool]
        request = self.with_mask(painted)
        action = request.action(request.read_inputs(painted), self.surface(painted))
        sources = name_inputs(request.inputs)[1]
        return result_task(
            tool["label"],
            action,
            target,
            self,
            can_stop=tool["kind"] == "stylizer",
            then=then,
            split=self.source.splitter((target, *others)) if isinstance(self.source, JoinedMaterials) else None,
            stored_inputs=[name for name, source in sources.items() if isinstance(source, MeshMask | JoinedMask)],
        )

    def preview(self) -> WorkerAction:
        """Action for a small picture, without anything that needs a mesh."""
        return self.action(self.read_inputs())

    def action(self, inputs: Mapping[str, Input], surface: MeshSurface | JoinedMaterials | None = None) -> WorkerAction:
        """Action that begins with what a photograph needs, if that is wanted."""
        action = WorkerAction.of(self, self.recipe(), inputs, surface)
        return replace(action, options=replace(action.options, prepares=not self.keep_light))

    def with_mask(self, painted: bpy.types.Material | None) -> Request:
        """The request with a mask from its mesh, if needed, for each style. Raise ParameterError if there is none."""
        if self.mask_by == IMAGE:
            return self
        tool, surface = catalogue[self.tool], self.surface(painted)
        item = _mask_of(tool)
        if item is None:
            raise ParameterError("{} takes no mask", "choose the mask Image, or another tool", tool["label"])
        if isinstance(surface, JoinedMaterials):
            mask: Any = surface.mask(self.mask_by)
        elif surface and surface.material:
            mask = MeshMask(self.mask_by, surface, surfaces.base_color_of(surface.material))
        else:
            message = "the picture is no texture of the active object's material"
            raise ParameterError(message, "choose the object whose texture it is, or the mask Image")
        count = len(self.inputs.get(item["for_each"], ())) if item["for_each"] else 1
        return replace(self, inputs={**self.inputs, MASK: (mask,) * count})


def _mask_of(tool: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Description of the tool's input for a mask, if any."""
    return next((item for item in tool["inputs"] if item["name"] == MASK and item["on_subject"]), None)
