# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of a tool's inputs: properties of the tool's group, and for an input that takes many a list of more.

The group itself holds the first value of such an input with its mask and weight. Each entry of `more` has the same
properties, so that both are drawn, copied and read alike.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import bpy
from bpy.props import CollectionProperty, PointerProperty

from ..core.recipe import MAX_VALUES, Step
from ..engine.catalogue import properties_of
from .groups import group_of, identifier, label_of

_beside: dict[str, Callable[[str], Any]] = {}
"""Functions that make a further property next to the image of a required input, by the prefix of its name."""


def put_beside(what: str, make: Callable[[str], Any]) -> None:
    """Add the property that `make(name of the input)` returns next to the image of each required input.

    To be called before the tools are registered.
    """
    _beside[what] = make


def beside(what: str, name: str) -> str:
    """Name of such a property next to an input's image."""
    return f"{what}_{identifier(name)}"


def image_inputs(tool: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Named inputs of the tool that are images; a trainer's data is not."""
    return [item for item in tool["inputs"] if item["kind"] == "maps"]


def required_images(tool: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Image inputs that the tool cannot do without."""
    return [item for item in image_inputs(tool) if item["required"]]


def many_inputs(tool: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Image inputs that take many values."""
    return [item for item in image_inputs(tool) if item["many"]]


def pointer_to(name: str) -> str:
    """Property that holds the image of a tool's input."""
    return f"input_{identifier(name)}"


def more_of(name: str) -> str:
    """Collection of all but the first value of an input that takes many."""
    return f"more_{identifier(name)}"


def belonging_to(tool: Mapping[str, Any], name: str) -> list[str]:
    """Properties that each value of an input has: its mask, its weight."""
    inputs = [pointer_to(item["name"]) for item in image_inputs(tool) if item["for_each"] == name]
    numbers = [identifier(key) for key, schema in properties_of(tool).items() if schema.get("for_each") == name]
    return [*inputs, *numbers]


def values(group: bpy.types.PropertyGroup, name: str) -> list[bpy.types.PropertyGroup]:
    """Groups with one value each of an input that takes many: the tool's own group, then the list."""
    return [group, *getattr(group, more_of(name))]


def chosen_values(group: bpy.types.PropertyGroup, name: str) -> list[bpy.types.PropertyGroup]:
    """Values of an input, as groups, that have an image."""
    return [value for value in values(group, name) if getattr(value, pointer_to(name))]


def images_of(scene: bpy.types.Scene, tool: Mapping[str, Any]) -> dict[str, list[bpy.types.Image | None]]:
    """Chosen images by input, for inputs that have any; None for values without an image."""
    group, found = group_of(scene, tool), {}
    for item in image_inputs(tool):
        name, many = item["name"], item["name"] if item["many"] else item["for_each"]
        holders = chosen_values(group, many) if many else [group]
        found[name] = [getattr(holder, pointer_to(name)) for holder in holders]
    return {name: images for name, images in found.items() if any(images)}


def add(group: bpy.types.PropertyGroup, name: str) -> None:
    """Add a value without an image to an input."""
    getattr(group, more_of(name)).add()


def put_all(group: bpy.types.PropertyGroup, name: str, images: Sequence[bpy.types.Image]) -> None:
    """Make these images the values of an input; numbers of existing values stay."""
    while len(values(group, name)) > max(len(images), 1):
        getattr(group, more_of(name)).remove(len(values(group, name)) - 2)
    while len(values(group, name)) < len(images):
        add(group, name)
    for value, image in zip(values(group, name), images, strict=False):  # a group has one value even for no image
        setattr(value, pointer_to(name), image)


def put_images(
    owner: bpy.types.Scene | bpy.types.PropertyGroup,
    tool: Mapping[str, Any],
    step: Step,
    images: Mapping[str, bpy.types.Image],
) -> None:
    """Give a tool the images of a step's inputs, and the numbers of each. images: by their names in the recipe."""
    group = group_of(owner, tool)
    for item in image_inputs(tool):
        chosen = [images.get(name) for name in step.names_of(item["name"])]
        if item["many"]:
            put_all(group, item["name"], chosen)
        else:
            holders = values(group, item["for_each"]) if item["for_each"] else [group]
            for value, image in zip(holders, chosen, strict=False):
                setattr(value, pointer_to(item["name"]), image)
    for name, schema in properties_of(tool).items():
        if "for_each" in schema:
            numbers = step.parameters.get(name, ())
            for value, number in zip(values(group, schema["for_each"]), numbers, strict=False):
                setattr(value, identifier(name), number)


def is_full(group: bpy.types.PropertyGroup, name: str) -> bool:
    """Whether an input has as many values as a recipe may hold."""
    return len(values(group, name)) >= MAX_VALUES


def copy_more(scene: bpy.types.Scene, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Copy further values of inputs that take many from one tool's settings to another's."""
    for name in {item["name"] for item in many_inputs(before)} & {item["name"] for item in many_inputs(now)}:
        group = group_of(scene, now)
        getattr(group, more_of(name)).clear()
        shared = [pointer_to(name), *(key for key in belonging_to(now, name) if key in belonging_to(before, name))]
        for value in getattr(group_of(scene, before), more_of(name)):
            add(group, name)
            for key in shared:
                setattr(values(group, name)[-1], key, getattr(value, key))


def input_properties(
    tool: Mapping[str, Any], numbers: Mapping[str, Any], update: Any
) -> tuple[dict[str, Any], list[type]]:
    """Properties of a tool's group for its inputs, and the classes of their lists, to be registered before it.

    numbers: properties of the parameters that belong to each value of an input, by name.
    """
    found, classes = {}, []
    for item in image_inputs(tool):
        found[pointer_to(item["name"])] = PointerProperty(
            name=label_of(item["name"], {}), description=item["description"], type=bpy.types.Image, update=update
        )
        if item["required"]:
            found |= {beside(what, item["name"]): make(item["name"]) for what, make in _beside.items()}
    for item in many_inputs(tool):
        name = item["name"]
        keys = [pointer_to(name), *belonging_to(tool, name), *(beside(what, name) for what in _beside)]
        own = {key: {**found, **numbers}[key] for key in keys if key in found or key in numbers}
        label = f"IMPASTO_PG_{zlib.crc32(tool['name'].encode())}_more_{zlib.crc32(name.encode())}"
        cls = type(label, (bpy.types.PropertyGroup,), {"__annotations__": own, "__doc__": item["description"]})
        classes.append(cls)
        found[more_of(name)] = CollectionProperty(type=cls)
    return found, classes
