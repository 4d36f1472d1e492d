"""The inputs of a recipe, and their checks before any tool runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..atlas.directions import directed
from ..atlas.mesh import Mesh
from ..data.dataset import Dataset
from ..descriptions import DIRECTIONS, MESH
from ..errors import Message, ParameterError, choices, did_you_mean
from ..io.decode import COLORFUL
from ..io.reduction import ALL, Wanted
from ..parameters import Parameters, properties_of
from ..plugins.registry import registry
from ..recipe import GROUP, Recipe, Step, begin_on_source
from ..surface.color import srgb_to_linear
from ..system.untrusted import excerpt
from ..texture import COLOR_MAPS, LINEAR_FORMATS, MAP_CHANNELS, Maps, Texture
from ..tools import Input, Tool

SOURCE = "source"
"""Name of the input that is the first step's subject."""
READ_BY = {
    "dataset": "read it with `read_dataset`",
    "maps": "read it with `read_maps`",
    "mesh": "read it with `read_mesh`",
}
"""Remedy for a value that is not of the kind that an input takes, by that kind."""
RecipeInput = Maps | Dataset | Mesh
"""Input of a recipe."""
Value = RecipeInput | tuple[Maps | None, ...]
"""Value of one of a tool's inputs."""


def subject_of(inputs: Mapping[str, RecipeInput]) -> Maps:
    """The first step's subject; empty maps if no source is given."""
    source = inputs.get(SOURCE, Maps())
    if isinstance(source, Dataset):
        raise ParameterError("the input source is a dataset", "give a picture, or name the input as the trainer does")
    if isinstance(source, Mesh):
        raise ParameterError("the input source is a mesh", "give the texture as {}, and its mesh as {}", SOURCE, MESH)
    return source


def active_tools(recipe: Recipe) -> list[Tool]:
    """Tools of the steps that are run. Raise ParameterError if there are none."""
    if not (active := recipe.active_steps):
        raise ParameterError("all steps of the recipe are disabled", "enable one")
    return [registry().tool(step.tool) for step in active]


CROWDED = "edges where more than two faces of the mesh meet, across which nothing is continued"


def mesh_in(inputs: Mapping[str, RecipeInput]) -> Mesh | None:
    """The mesh that the subject lies on; None without one. Raise ParameterError for an input of another kind."""
    mesh = inputs.get(MESH)
    if mesh is None or isinstance(mesh, Mesh):
        return mesh
    raise ParameterError("the input {} takes a mesh, got {}", READ_BY["mesh"], MESH, _kind(mesh))


def with_directions(inputs: Mapping[str, RecipeInput]) -> dict[str, RecipeInput]:
    """The inputs, with the directions of the image "directions" on the mesh. Raise ParameterError without a mesh."""
    image, mesh = inputs.get(DIRECTIONS), mesh_in(inputs)
    if image is None:
        return dict(inputs)
    if not isinstance(image, Maps):
        raise ParameterError("the input {} takes maps, got {}", READ_BY["maps"], DIRECTIONS, _kind(image))
    if mesh is None:
        message = "directions are given, and no mesh that they lie on"
        raise ParameterError(message, "give the input {} too, or leave {} out", MESH, DIRECTIONS)
    return {**inputs, MESH: directed(mesh, image)}


def seamed_mesh(inputs: Mapping[str, RecipeInput], notes: list[str]) -> Mesh | None:
    """The mesh if it has seams, or else None: on a plane, tools work as on any picture.

    A note is added if edges with more than two faces are left out of the seams.
    """
    mesh = mesh_in(inputs)
    if mesh is not None and mesh.crowded_edges:
        notes.append(Message("{}: {}", CROWDED, mesh.crowded_edges))
    return mesh if mesh is not None and len(mesh.seams[0]) else None


def read_input(name: str, path: Path, *, color_space: str = "", wanted: Wanted = ALL) -> Maps | Mesh:
    """An input, read from a file or folder: a mesh if its name is "mesh", otherwise maps, as from `read_maps`."""
    from ..io.files import read_maps
    from ..io.meshes import read_mesh

    return read_mesh(path) if name == MESH else read_maps(path, color_space=color_space, wanted=wanted)


def needed_alone(tools: Sequence[Tool]) -> str:
    """The map that a single picture stands for: the one map that the first tool with needs asks for, or base_color."""
    needs = next((tool.needs for tool in tools if tool.needs), ())
    return needs[0] if len(needs) == 1 else "base_color"


def as_needed(subject: Maps, tools: Sequence[Tool]) -> Maps:
    """The subject, where a single picture becomes the map that `needed_alone` names.

    So a normal map can be given as a file, without a folder. Light that was encoded as colour gets the values of its
    file back. Raise ParameterError if that is impossible, and for a coloured picture instead of a grey map.
    """
    name = needed_alone(tools)
    is_alone = "base_color" in subject and set(subject) <= {"base_color", "opacity"}
    if name in COLOR_MAPS or not is_alone:
        return subject
    pixels = subject["base_color"].pixels
    is_light = subject.name.lower().endswith(LINEAR_FORMATS) or subject["base_color"].color_space == "linear"
    if subject.light == "linear":
        pixels = srgb_to_linear(pixels)
    elif subject.light or is_light:
        message = "{} alone is read as a colour, which changes the values of a {} map"
        remedy = "put it into a folder, named like brick_{}.exr, and give the folder"
        raise ParameterError(message, remedy, subject.name or "the picture", name, name)
    if MAP_CHANNELS[name] == 1 and np.abs(pixels - pixels[..., :1]).mean() > COLORFUL:
        remedy = "give the {} map, or a folder that has one"
        raise ParameterError("{} has colours, and a {} map is grey", remedy, subject.name or "the picture", name, name)
    pixels = pixels[..., : MAP_CHANNELS[name]]
    others = {map_: texture for map_, texture in subject.items() if map_ != "base_color"}
    return replace(subject, textures={name: Texture(np.ascontiguousarray(pixels)), **others}, light="")


def with_masks_as_stored(inputs: Mapping[str, RecipeInput], steps: Sequence[Step]) -> dict[str, RecipeInput]:
    """The inputs, where masks have the values of their files even if light was encoded as colour."""
    masks = {step.mask.input for step in steps if step.mask} | {one for step in steps for one in step.names_of("mask")}
    found = dict(inputs)
    for name in masks & inputs.keys():
        mask = inputs[name]
        if isinstance(mask, Maps) and mask.light == "linear":
            stored = Texture(srgb_to_linear(mask["base_color"].pixels), "srgb")
            found[name] = replace(mask, textures={**mask.textures, "base_color": stored}, light="")
    return found


def check_inputs(steps: Sequence[Step], tools: Sequence[Tool], inputs: Mapping[str, RecipeInput]) -> None:
    """Raise ParameterError if an input is missing, unknown, unused, or of the wrong kind."""
    _refuse_unused(steps, inputs)
    _check_mesh(tools, inputs)
    first = tools[0]
    if SOURCE not in inputs and begin_on_source(steps):
        masked = first.name if steps[0].mask else GROUP
        message = "the first step, {}, has a mask, and there is nothing below it"
        raise ParameterError(message, "give the input {}, or remove the mask", masked, SOURCE)
    if SOURCE not in inputs and (first.needs or first.needs_source):
        message = "{} needs the input {} (the picture that it starts from), which was not given"
        raise ParameterError(message, "give a picture, or a folder of maps, as {}", first.name, SOURCE, SOURCE)
    for index, (step, tool) in enumerate(zip(steps, tools, strict=True)):
        declared = {item.name: item for item in tool.inputs}
        for name in step.inputs:
            if name not in declared:
                remedy = choices(name, declared, f"`impasto tools {tool.name}`")
                raise ParameterError("{} has no input {}", remedy, tool.name, excerpt(name))
            _check_values(tool, declared[name], step, inputs)
        _check_mask(step, tool, inputs, is_masked=begin_on_source(steps[index:]))
        for item in tool.inputs:
            if item.required and item.name not in (inputs if item.kind == "mesh" else step.inputs):
                raise ParameterError("{} needs the input {} ({})", "give it", tool.name, item.name, item.description)


def refuse_empty(inputs: Mapping[str, RecipeInput]) -> None:
    """Raise ParameterError for an input without any map."""
    for name, input_ in inputs.items():
        if not isinstance(input_, Dataset | Mesh) and not (isinstance(input_, Maps) and input_):
            raise ParameterError("the input {} has no maps", "give a picture or a set of maps, or leave it out", name)


def values_of(tool: Tool, step: Step, inputs: Mapping[str, RecipeInput]) -> dict[str, Value]:
    """Values of the tool's inputs by name, from inputs that `check_inputs` accepts.

    The value of an input that takes many is a tuple, which may be empty. An input for each value of another has a
    tuple of the same length, with None for values that are left out. Any other input is absent if it is not given. A
    mesh is that of the recipe.
    """
    values: dict[str, Value] = {}
    for item in tool.inputs:
        names = step.names_of(item.name)
        if item.for_each:
            names += ("",) * (len(step.names_of(item.for_each)) - len(names))
        if item.kind == "mesh":
            names = (MESH,) if MESH in inputs else ()
        if item.takes_many:
            values[item.name] = tuple(_maps(inputs, name) for name in names)
        elif names:
            values[item.name] = inputs[names[0]]
    return values


def with_numbers_for_each(tool: Tool, parameters: Parameters, step: Step) -> Parameters:
    """The parameters, with one number for each value of an input. Missing numbers get their default.

    Raise ParameterError if there are more numbers than values.
    """
    changed = {}
    for name, schema in properties_of(tool.parameters).items():
        if input_ := schema.get("for_each"):
            numbers, count = getattr(parameters, name), len(step.names_of(input_))
            if len(numbers) > count:
                message, remedy = "{}: {} has {} numbers for {} of the input {}", "give at most one {} for each {}"
                raise ParameterError(message, remedy, tool.name, name, len(numbers), count, input_, name, input_)
            changed[name] = (*numbers, *(schema["default_of_each"],) * (count - len(numbers)))
    return parameters.model_copy(update=changed)


def _maps(inputs: Mapping[str, RecipeInput], name: str) -> Maps | None:
    value = inputs[name] if name else None
    assert value is None or isinstance(value, Maps)
    return value


def _check_values(tool: Tool, item: Input, step: Step, inputs: Mapping[str, RecipeInput]) -> None:
    names = step.names_of(item.name)
    if len(names) < item.least:
        message = "{} needs {} or more of the input {}, got {}"
        raise ParameterError(message, "give at least {}", tool.name, item.least, item.name, len(names), item.least)
    if len(names) > 1 and not item.takes_many:
        raise ParameterError("{} takes one {}, got {}", "leave all but one out", tool.name, item.name, len(names))
    for index, name in enumerate(names):
        if not name and item.for_each:
            continue
        if item.for_each and not index < len(step.names_of(item.for_each)):
            message = "{} got more values for {} than for {}: {} belongs to none"
            remedy = "give one more {}, or leave it out"
            raise ParameterError(message, remedy, tool.name, item.name, item.for_each, excerpt(name), item.for_each)
        if name not in inputs:
            message = Message("{}'s input {} is {}, which was not given", tool.name, item.name, excerpt(name))
            raise ParameterError(message, "{}give an input of this name", did_you_mean(name, inputs))
        if (kind := _kind(inputs[name])) != item.kind:
            message = "{}'s input {} takes {}, got {}"
            raise ParameterError(message, READ_BY[item.kind], tool.name, item.name, item.kind, kind)


def _check_mask(step: Step, tool: Tool, inputs: Mapping[str, RecipeInput], is_masked: bool) -> None:
    """Raise ParameterError if a trainer or its group has a mask, or if the image of a mask is missing or no maps."""
    if is_masked and tool.kind == "trainer":
        raise ParameterError("{} makes no maps, and has a mask", "remove the mask", tool.name)
    if step.mask is None or not (name := step.mask.input):
        return
    if name not in inputs:
        message = Message("the mask of {} is {}, which was not given", tool.name, excerpt(name))
        raise ParameterError(message, "{}give an input of this name", did_you_mean(name, inputs))
    if (kind := _kind(inputs[name])) != "maps":
        raise ParameterError("the mask of {} takes maps, got {}", READ_BY["maps"], tool.name, kind)


def _kind(input_: RecipeInput) -> str:
    """Kind of input that takes this value."""
    return "dataset" if isinstance(input_, Dataset) else "mesh" if isinstance(input_, Mesh) else "maps"


def _check_mesh(tools: Sequence[Tool], inputs: Mapping[str, RecipeInput]) -> None:
    """Raise ParameterError if "mesh" is no mesh, a mesh has another name, or a trainer gets one."""
    trainer = next((tool.name for tool in tools if tool.kind == "trainer"), "")
    if mesh_in(inputs) and trainer:
        raise ParameterError("{} learns from pictures, and a mesh is given", "leave the input {} out", trainer, MESH)
    other = next((name for name, input_ in inputs.items() if isinstance(input_, Mesh) and name != MESH), "")
    if other:
        raise ParameterError("the input {} is a mesh", "name it {}: a recipe has one", excerpt(other), MESH)


def _refuse_unused(steps: Sequence[Step], inputs: Mapping[str, RecipeInput]) -> None:
    """Raise ParameterError for an unused input, such as a misspelt one. A source and a mesh are always allowed."""
    used = {SOURCE, MESH, DIRECTIONS}.union(*(step.input_names for step in steps))
    for name in inputs:
        if name not in used:
            message = Message("the recipe has no input {}", excerpt(name))
            raise ParameterError(message, "{}its inputs are: {}", did_you_mean(name, used), ", ".join(sorted(used)))
