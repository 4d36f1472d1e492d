# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversion of a material's layers to a recipe and back, and the task that runs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from typing import Any

import bpy

from ..bake.sources.provenance import BAKE, baked_object
from ..bridge import materials
from ..bridge.inputs import SOURCE, Source, images_of, read
from ..bridge.meshes import MeshSurface
from ..bridge.recipe_inputs import missing_inputs, put_source, sources_of
from ..bridge.target import ACTIVE, Target, active_material
from ..core.descriptions import DIRECTIONS, MESH
from ..core.engine.messages import JobResult
from ..core.errors import Message, ParameterError
from ..core.mask import NOISE, Mask
from ..core.recipe import GROUP, Recipe, Step, are_active, name_inputs
from ..core.system.untrusted import excerpt
from ..engine.catalogue import SIZE_PARAMETERS, catalogue, has_size
from ..jobs.task import Task
from ..parameters import inputs, properties
from ..tools import source_maps
from ..tools.action import WorkerAction, result_task
from ..tools.form import AS_STORED, LOOK, Form
from ..tools.sources import FILE, NONE, chosen_source, source_poll_message, tool_poll_message
from ..translations.texts import sentence
from .masks import CHANGEABLE, mask_of, mask_poll_message, put_mask
from .order import top_of, unit


def form_of(context: bpy.types.Context, material: bpy.types.Material) -> Form:
    """Form of the result of a material's layers: from the Impasto panel and the layers' source."""
    stack, settings = material.impasto_layers, context.scene.impasto
    return Form(
        name=material.name,
        width_m=stack.width_m * materials.unit_m(),
        color_space=stack.color_space if stack.source_kind == FILE else AS_STORED,
        across_seams=stack.across_seams,
        **{name: getattr(settings, name) for name in ("bits", *LOOK) if name != "width_m"},
    )


def action_of(context: bpy.types.Context, material: bpy.types.Material) -> WorkerAction:
    """Action that runs a material's layers. Raise ImpastoError without layers, or if an input cannot be read."""
    stack = material.impasto_layers
    if not stack.layers:
        raise ParameterError("the material {} has no layers", "add one", material.name)
    recipe, sources = recipe_of(stack)
    surface = MeshSurface(material, context.view_layer.objects) if stack.across_seams else None
    inputs = {name: read(source) for name, source in sources.items()}
    return WorkerAction.of(form_of(context, material), recipe, inputs, surface, keeps_steps=True)


def task_of(context: bpy.types.Context, material: bpy.types.Material) -> Task:
    """Task that runs the layers and puts their maps into the material. Raise ParameterError if it cannot take them."""
    action, form = action_of(context, material), form_of(context, material)
    materials.check_editable(material)
    users = [
        item for item in context.view_layer.objects if any(slot.material == material for slot in item.material_slots)
    ]
    look = {name: getattr(form, name) for name in LOOK}
    target = Target(material.name, ACTIVE, tuple(item.session_uid for item in users), material.session_uid, **look)
    notes = source_maps.notes_of(material.impasto_layers)

    def then(result: JobResult, materials: Sequence[bpy.types.Material]) -> Sequence[str]:
        note_seconds(materials[0].impasto_layers, result)
        return notes

    return result_task("Material Layers", action, target, form, then=then)


def recipes_before(recipe: Recipe, place: int, *, has_source: bool) -> list[Recipe]:
    """Recipes to compare a layer with, in order of preference: all other layers, only those below it, only the source.

    place: index of the layer. Recipes without active steps are left out.
    """
    steps = recipe.steps
    hidden = replace(steps[place], enabled=False)
    none = replace(steps[place], enabled=True, mask=Mask(NOISE, opacity=0.0))
    below = tuple(replace(step, enabled=step.enabled and step.tool == GROUP) for step in steps[place + 1 :])
    found = [(*steps[:place], hidden, *steps[place + 1 :]), (*steps[:place], hidden, *below)]
    found += [(*steps[:place], none, *below)] if has_source else []
    recipes = [replace(recipe, steps=one) for one in found]
    return [recipe for recipe in recipes if recipe.active_steps]


def note_seconds(stack: bpy.types.PropertyGroup, result: JobResult) -> None:
    """Store the seconds that each layer took, unless the layers have changed since."""
    steps = result.recipe.steps
    if [layer.tool for layer in stack.layers] == [step.tool for step in steps]:
        for layer, seconds in zip(compress(stack.layers, are_active(steps)), result.seconds, strict=False):
            layer.seconds = seconds


def recipe_of(stack: bpy.types.PropertyGroup) -> tuple[Recipe, dict[str, Source]]:
    """Recipe of the layers, and its inputs (images and files) by name. Raise ParameterError for unknown tools."""
    sources: dict[str, Source] = {}
    if (source := chosen_source(stack)) is not None:
        sources[SOURCE] = source
    return Recipe(tuple(_steps_of(stack.layers, sources)), stack.seed), sources


def _steps_of(layers: Sequence[bpy.types.PropertyGroup], sources: dict[str, Source]) -> Iterator[Step]:
    """Steps of layers. Images of their inputs and masks are added to `sources` by their names in the steps."""
    for index, layer in enumerate(layers):
        step, own = _step_of(layer)
        renamed = {name: name if name not in sources else f"{name}@{index + 1}" for name in own}
        step_inputs = {
            input_: renamed[names] if isinstance(names, str) else [name and renamed[name] for name in names]
            for input_, names in step.inputs.items()
        }
        sources |= {renamed[name]: image for name, image in own.items()}
        mask = step.mask and replace(step.mask, input=renamed.get(step.mask.input, step.mask.input))
        yield replace(step, inputs=step_inputs, mask=mask)


def _step_of(layer: bpy.types.PropertyGroup) -> tuple[Step, dict[str, bpy.types.Image]]:
    """Step of a layer, and the images of its inputs and mask by their names in the step."""
    tool = catalogue[layer.tool]
    group = properties.group_of(layer, tool)
    names, own = name_inputs(inputs.images_of(layer, tool))
    name = layer.name if layer.name not in (tool["label"], sentence(tool["label"])) else ""
    mask, image = mask_of(layer.mask)
    values = properties.parameters_of(layer, tool) | properties.size_of(group, tool)
    return Step(layer.tool, values, names, name, layer.enabled, mask, layer.in_group), own | image


def lowest_if_active(stack: bpy.types.PropertyGroup) -> bpy.types.PropertyGroup | None:
    """The active layer if it is the lowest enabled one, which works on the source itself; else None."""
    active = are_active(stack.layers)
    return stack.layers[stack.active] if any(active) and active.index(True) == stack.active else None


def add_layer(stack: bpy.types.PropertyGroup, step: Step) -> bpy.types.PropertyGroup:
    """Add a layer with a step's parameters above the active one, in the same group, and make it active."""
    tool = catalogue[step.tool]
    is_in_group = len(stack.layers) > stack.active and stack.layers[stack.active].in_group
    layer = stack.layers.add()
    layer.in_group = step.in_group or (is_in_group and step.tool != GROUP)
    layer.tool, layer.name, layer.enabled = step.tool, step.name or sentence(tool["label"]), step.enabled
    properties.put_parameters(layer, tool, step.parameters)
    properties.put_size(properties.group_of(layer, tool), tool, step.parameters)
    last = len(stack.layers) - 1
    place = min(stack.active + 1, last)
    stack.layers.move(last, place)
    stack.active = place
    return stack.layers[place]


def copy_layer(stack: bpy.types.PropertyGroup) -> bpy.types.PropertyGroup:
    """Add a copy of the active layer above it; a group is copied with its members."""
    copied = [_step_of(stack.layers[place]) for place in unit(stack, stack.active)]
    return [_put_step(stack, *one) for one in copied][-1]


def text_of_layer(stack: bpy.types.PropertyGroup) -> str:
    """Recipe in JSON of the active layer (of a group with its members), with the names of its images."""
    images: dict[str, Any] = {}
    *members, last = _steps_of([stack.layers[place] for place in unit(stack, stack.active)], images)
    named = {name: {"name": image.name, "sha256": ""} for name, image in images.items()}
    return Recipe((*members, replace(last, in_group=False)), inputs=named).to_json()


def _put_step(
    stack: bpy.types.PropertyGroup, step: Step, images: Mapping[str, bpy.types.Image]
) -> bpy.types.PropertyGroup:
    """Add a layer for a step above the active one. images: by their names in the step."""
    layer = add_layer(stack, step)
    inputs.put_images(layer, catalogue[layer.tool], step, images)
    put_mask(layer.mask, step.mask, images.get(step.mask.input) if step.mask else None)
    return layer


def put_recipe(
    stack: bpy.types.PropertyGroup, recipe: Recipe, sources: Mapping[str, Source], *, above: bool = False
) -> list[str]:
    """Replace the layers by those of a recipe, or add them above the active one; return the names of missing inputs.

    Raise ImpastoError, before anything changes, for a recipe that layers cannot represent.
    """
    check_recipe(recipe)
    pictures = [images_of(sources, step.input_names) for step in recipe.steps]
    if not above:
        stack.layers.clear()
        stack.active = 0
        stack.seed, stack.across_seams = recipe.seed, MESH in recipe.inputs
        put_source(stack, sources.get(SOURCE), recipe.inputs.get(SOURCE, {}))
    elif stack.layers and any(step.tool == GROUP for step in recipe.steps):
        stack.active = top_of(stack, stack.active)  # groups do not nest
    for step, own in zip(recipe.steps, pictures, strict=True):
        _put_step(stack, step, own)
    return missing_inputs(recipe, {*sources, MESH, *([SOURCE] if above else [])})


def add_recipe(result: JobResult, materials: Sequence[bpy.types.Material]) -> Sequence[str]:
    """Add the steps that changed a material's textures above its layers, if it has any; return notes.

    Layers are removed if they could not make the textures again: of several materials, or with directions on a mesh.
    """
    recipe = result.recipe
    others = {name: about for name, about in recipe.inputs.items() if name not in (SOURCE, MESH)}
    notes = []
    for stack in (material.impasto_layers for material in materials if material.impasto_layers.layers):
        if len(materials) > 1 or DIRECTIONS in others:
            stack.layers.clear()
            notes.append(Message("{} has no layers any more, since they cannot make it again", stack.id_data.name))
            continue
        sources = sources_of(replace(recipe, inputs=others))
        stack.active = len(stack.layers) - 1
        stack.across_seams |= MESH in recipe.inputs and stack.source_kind != NONE
        for step in recipe.steps:
            layer = _put_step(stack, step, images_of(sources, step.input_names))
            notes.append(Message("{} is its topmost layer", layer.name))
    return notes


def of_size(recipe: Recipe, size_px: int) -> Recipe:
    """The recipe with this width and height in all steps that have a size."""
    sized = dict.fromkeys(SIZE_PARAMETERS, size_px)
    steps = (
        replace(step, parameters={**step.parameters, **sized}) if has_size(catalogue[step.tool]) else step
        for step in recipe.steps
    )
    return replace(recipe, steps=tuple(steps))


def check_recipe(recipe: Recipe) -> None:
    """Raise ParameterError for a recipe that layers cannot represent."""
    if recipe.steps[0].tool == BAKE:
        raise ParameterError("it was baked of {}", "select that and press Bake Maps", baked_object(recipe))
    if DIRECTIONS in recipe.inputs:
        raise ParameterError("it follows directions on a mesh, which layers do not know", "press Make Again")
    for step in recipe.steps:
        if properties.check_step(step)["kind"] == "trainer":
            raise ParameterError("{} makes no maps", "choose another recipe", step.tool)
        if step.mask and (others := set(step.mask.maps) - {*CHANGEABLE}):
            message = "a layer cannot be limited to {}"
            raise ParameterError(message, "use one of {}", excerpt(min(others)), ", ".join(CHANGEABLE))


def request_poll_message(context: bpy.types.Context) -> str:
    """Reason why the active material's layers cannot be run; empty if they can."""
    material = active_material(context)
    if material is None:
        return "The active object has no material"
    stack = material.impasto_layers
    enabled = list(compress(stack.layers, are_active(stack.layers)))
    if not enabled:
        return "Add a layer first" if not stack.layers else "All layers are disabled"
    if unknown := [layer.tool for layer in stack.layers if layer.tool not in catalogue]:
        return Message("There is no tool called {}", unknown[0])
    first: Mapping[str, Any] = catalogue[enabled[0].tool]
    lowest = enabled[0], next(layer for layer in enabled if not layer.in_group)
    is_masked = any(mask_of(layer.mask)[0] is not None for layer in lowest)
    needs_source = first["needs"] or first["kind"] != "generator" or is_masked or stack.source_kind != NONE
    has_mesh = stack.across_seams
    missing = (tool_poll_message(one, one.tool, has_mesh=has_mesh) or mask_poll_message(one.mask) for one in enabled)
    return source_poll_message(stack, is_needed=needs_source) or next(filter(None, missing), "")
