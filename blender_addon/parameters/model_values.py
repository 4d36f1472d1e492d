# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of sliders by model: the meaning of "Slider 1" depends on the model, so each model gets its own values back.

A tool's group stores, by the sliders' names, the values last set for each model; it is saved in the .blend.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import CollectionProperty, FloatProperty, PointerProperty, StringProperty

from ..engine.catalogue import catalogue, properties_of
from . import groups

MEMORY = "model_memory"
"""Property of a tool's group that holds its `ModelMemory`."""


class RememberedValue(bpy.types.PropertyGroup):
    """Last value of `name`: a slider's number, or the text of a choice of material."""

    number: FloatProperty()
    text: StringProperty()


class RememberedModel(bpy.types.PropertyGroup):
    """Values last used with the model called `name`."""

    values: CollectionProperty(type=RememberedValue)


class ModelMemory(bpy.types.PropertyGroup):
    """Model of the group's current values, its sliders' names in order, and the values of all models."""

    model: StringProperty()
    sliders: CollectionProperty(type=RememberedValue)
    models: CollectionProperty(type=RememberedModel)


def follow(group: bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> None:
    """If another model is chosen, or it has other sliders: keep the values of the old one, and set those of the new."""
    model = groups.chosen_model(group, tool)
    if model is None:
        return
    memory, sliders = getattr(group, MEMORY), [slider["name"] for slider in model["sliders"]]
    if (memory.model, memory.sliders.keys()) == (model["name"], sliders):
        return
    is_first = not memory.model
    keep(group, tool)
    memory.model = model["name"]
    memory.sliders.clear()
    for name in sliders:
        memory.sliders.add().name = name
    _restore(group, tool, model, leave_what_is_set=is_first)


def keep(group: bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> None:
    """Store the values for their model; they belong to none until `follow` is called."""
    memory = getattr(group, MEMORY)
    if memory.model:
        kept = memory.models.get(memory.model) or memory.models.add()
        kept.name = memory.model
        kept.values.clear()
        for meaning, name in _meanings(tool, memory.sliders.keys()).items():
            item, value = kept.values.add(), getattr(group, groups.identifier(name))
            item.name = meaning
            if isinstance(value, str):
                item.text = value
            else:
                item.number = value
    memory.model = ""


def follow_all() -> None:
    """Call `follow` for every scene and tool: the models or the file may have changed."""
    for scene in bpy.data.scenes:
        for tool in catalogue:
            if groups.model_parameter(tool):
                follow(groups.group_of(scene, tool), tool)


def _restore(
    group: bpy.types.PropertyGroup, tool: Mapping[str, Any], model: Mapping[str, Any], *, leave_what_is_set: bool
) -> None:
    kept = getattr(group, MEMORY).models.get(model["name"])
    defaults = {_of_slider(slider["name"]): slider.get("default") for slider in model["sliders"]}
    for meaning, name in _meanings(tool, [slider["name"] for slider in model["sliders"]]).items():
        property_ = groups.identifier(name)
        if leave_what_is_set and group.is_property_set(property_):
            continue
        item, default = kept.values.get(meaning) if kept else None, defaults.get(meaning)
        if name in groups.MATERIALS:
            value = item.text if item and item.text in model["classes"] else properties_of(tool)[name]["default"]
        else:
            value = item.number if item else properties_of(tool)[name]["default"] if default is None else default
        if getattr(group, property_) != value:
            setattr(group, property_, value)


def _meanings(tool: Mapping[str, Any], sliders: list[str]) -> dict[str, str]:
    """Parameters that depend on the model, by their meaning for one with these sliders."""
    found = {}
    for name in groups.drawn_parameters(tool):
        index = groups.slider_index(name)
        if index is not None and index < len(sliders):
            found[_of_slider(sliders[index])] = name
        elif name in groups.MATERIALS:
            found[name] = name
    return found


def _of_slider(name: str) -> str:
    return f"slider {name}"


@bpy.app.handlers.persistent
def _file_opened(_path: str) -> None:
    follow_all()


CLASSES = (RememberedValue, RememberedModel, ModelMemory)


def memory_property() -> Any:
    """Property for the group of a tool that runs models."""
    return PointerProperty(type=ModelMemory, options={"HIDDEN"})


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.app.handlers.load_post.append(_file_opened)


def unregister() -> None:
    bpy.app.handlers.load_post.remove(_file_opened)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
