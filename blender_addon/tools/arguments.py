# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of operators that run tools: properties made of a request's fields, JSON objects, sources."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, field, fields
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ..bridge.inputs import Source, find_source, image_called
from ..core.errors import ParameterError
from ..core.system.untrusted import parse_json
from ..engine.catalogue import catalogue
from ..jobs.description import description_task
from ..jobs.session import jobs
from ..parameters.groups import unit_m
from ..paths import absolute

BY_TYPE = {"bool": BoolProperty, "int": IntProperty, "float": FloatProperty}
"""Properties by the type of a field; of others it is a text."""


def argument(
    default: Any,
    label: str,
    description: str,
    *,
    read: Callable[..., Any] | None = None,
    property_default: Any = None,
    **options: Any,
) -> Any:
    """Field of a request that operators and settings have as a property: of its type, or an enum if it has `items`.

    default: or a type that makes one. read(text, name): the field's value of the property's, which is a text.
    property_default: in Blender's form, if it is another one.
    """
    shown = "" if read else default if property_default is None else property_default
    about = {"name": label, "description": description, "default": shown, **options}
    made = {"default_factory": default} if isinstance(default, type) else {"default": default}
    return field(**made, metadata={"options": about, "read": read})


def same_as(request: type, name: str, default: Any = MISSING) -> Any:
    """The same field as that of another request, perhaps with another default."""
    item = _arguments(request)[name]
    return field(default=item.default if default is MISSING else default, metadata=item.metadata)


def with_properties(request: type, *names: str, **options: Any) -> Callable[[type], type]:
    """Decorator that gives a class the properties of a request's fields, of all or of these, with further options.

    Those that the class declares itself stay as they are.
    """
    made = {name: property_of(request, name, **options) for name in names or _arguments(request)}

    def decorate(cls: type) -> type:
        cls.__annotations__ = made | inspect.get_annotations(cls)
        return cls

    return decorate


def _arguments(request: type) -> dict[str, Field[Any]]:
    return {item.name: item for item in fields(request) if item.metadata}


def property_of(request: type, name: str, **more: Any) -> Any:
    """Blender property of a request's field, with further options."""
    item = _arguments(request)[name]
    options = item.metadata["options"] | more
    make = EnumProperty if "items" in options else BY_TYPE.get(str(item.type).partition(" ")[0], StringProperty)
    return make(**options)


def values_of(request: type, operator: bpy.types.Operator, *, is_whole: bool = False) -> dict[str, Any]:
    """Values for a request's fields of an operator's properties: those that were set in this call, or all.

    A text in JSON counts as set if it is not empty. ParameterError if one is wrong.
    """
    known, found = operator.properties.bl_rna.properties.keys(), {}
    for name, item in _arguments(request).items():
        if name not in known:
            continue
        value, read = getattr(operator, name), item.metadata["read"]
        if is_whole or (value if read else operator.properties.is_property_set(name)):
            found[name] = read(value, name) if read else value
    return found


def given_properties(operator: bpy.types.Operator, names: Iterable[str]) -> dict[str, Any]:
    """Properties of an operator that were set in this call, and so override the panel."""
    return {name: getattr(operator, name) for name in names if operator.properties.is_property_set(name)}


def values_in(request: type, settings: bpy.types.PropertyGroup) -> dict[str, Any]:
    """Values for a request's fields in a scene's settings, of those that the settings have."""
    names = settings.bl_rna.properties.keys()
    return {name: getattr(settings, name) for name in _arguments(request) if name in names}


def values_over(request: type, settings: bpy.types.PropertyGroup, operator: bpy.types.Operator) -> dict[str, Any]:
    """Values for a request's fields in a scene's settings, and over them those that were set in this call."""
    return values_in(request, settings) | values_of(request, operator)


def ensure_known(tool: str) -> None:
    """Ask the engine for its tools if this one is not known yet."""
    if tool not in catalogue:
        jobs.finish(description_task())


def width_of(operator: bpy.types.Operator, context: bpy.types.Context) -> float:
    """Real-world width of a picture in metres: as given in this call, or else as in the panels; 0: not known."""
    scene = context.scene
    return given_properties(operator, ("width_m",)).get("width_m", scene.impasto.width_m * unit_m(scene))


def source_of(image: str, path: str) -> Source | None:
    """Image of this name, else the file at the path; None if neither is given."""
    if image:
        return image_called(image)
    return Path(absolute(path)) if path else None


def sources_from(text: str, what: str) -> dict[str, list[Source | None]]:
    """Sources in a JSON object of paths and names of images, or of lists of them, by input. ParameterError if wrong."""
    given = {name: [one] if isinstance(one, str) else one for name, one in parse_object(text, what).items()}
    for name, names in given.items():
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            message = f"the input {name} is no name and no list of names"
            raise ParameterError(message, 'write {"style": "monet.jpg"}, or {"style": ["monet.jpg", "wave.jpg"]}')
    return {name: [find_source(one) if one else None for one in names] for name, names in given.items()}


def parse_names(text: str, what: str) -> list[str]:
    """Names in a JSON list in a property's text; empty text is an empty list. ParameterError for anything else."""
    example = 'write them like ["lane", "road"]'
    try:
        names = parse_json(text, what, kind=ParameterError) if text else []
    except ParameterError as error:
        raise ParameterError(error.message, example) from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ParameterError(f"{what} must be a JSON list of names, got {text[:40]}", example)
    return names


def parse_object(text: str, what: str) -> dict[str, Any]:
    """JSON object in a property's text; empty text is an empty object. ParameterError for anything else."""
    try:
        value = parse_json(text, what, kind=ParameterError) if text else {}
    except ParameterError as error:
        raise ParameterError(error.message, 'write them like {"variety": 0.7}') from error
    if not isinstance(value, dict):
        raise ParameterError(f"{what} must be a JSON object, got {text[:40]}", 'write them like {"variety": 0.7}')
    return value
