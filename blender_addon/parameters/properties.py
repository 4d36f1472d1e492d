# SPDX-License-Identifier: GPL-3.0-or-later
"""One property group for each tool, made from its parameters' JSON Schema.

Sliders and materials, which depend on the model, are read from the cached catalogue when they are drawn.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import bpy
from bpy.props import PointerProperty

from ..core.recipe import Step
from ..core.schemas import check_values
from ..engine.catalogue import SIZE_PARAMETERS, catalogue, has_size, properties_of
from . import inputs, model_values
from .groups import (
    SLIDERS,
    belongs_to_model,
    choices_of,
    drawn_parameters,
    group_of,
    identifier,
    is_angle,
    is_length,
    is_model,
    is_of_model,
    model_parameter,
    suggestions,
    unit_m,
)
from .groups import property_of as schema_property

MAX_INT = 2**31 - 1
TEXTURE, STYLE, LAYERS = "texture", "style", "layers"
"""Panels with a live preview, for `when_changed`."""
SPLIT = "split"
"""Key for changes in how previews of layers are drawn, for `when_changed`."""
_listeners: dict[str, Callable[[], None]] = {}
_followers: list[tuple[Callable[[type], None], Callable[[], None]]] = []
"""Functions that register and unregister classes that point to the tools' groups, when those are made anew."""


def follow(register: Callable[[type], None], unregister: Callable[[], None]) -> None:
    """Call `register(root)` with each new class of all tools' groups, and `unregister()` before it is removed.

    To be called before the tools are registered.
    """
    _followers[:] = [(register, unregister)]


def when_changed(of: str, listener: Callable[[], None] | None) -> None:
    """Call `listener` whenever a setting of that panel was changed."""
    if listener:
        _listeners[of] = listener
    else:
        _listeners.pop(of, None)


def preview_update(*of: str) -> Callable[[Any, Any], None]:
    """Callback for a property's `update` that refreshes the previews of these panels; in a material, of its layers."""

    def update(owner: Any, _context: Any) -> None:
        is_layer = isinstance(getattr(owner, "id_data", None), bpy.types.Material)
        for panel in (LAYERS,) if is_layer else of:
            if listener := _listeners.get(panel):
                listener()

    return update


class _Live:
    """Classes made from the current description, registered anew when the tools change."""

    def __init__(self) -> None:
        self.groups: list[type] = []
        self.root: type | None = None

    def register(self) -> None:
        """Register all classes, or none if Blender refuses one of them."""
        try:
            self._register()
        except BaseException:
            self.unregister()
            raise

    def _register(self) -> None:
        pointers = {}
        for tool in catalogue:
            for cls in _classes(tool):
                bpy.utils.register_class(cls)
                self.groups.append(cls)
            pointers[identifier(tool["name"])] = PointerProperty(type=self.groups[-1])
        root = type("IMPASTO_PG_parameters", (bpy.types.PropertyGroup,), {"__annotations__": pointers})
        bpy.utils.register_class(root)
        self.root = root
        bpy.types.Scene.impasto_parameters = PointerProperty(type=self.root)
        for register, _ in _followers:
            register(self.root)

    def unregister(self) -> None:
        for _, unregister in _followers:
            unregister()
        if hasattr(bpy.types.Scene, "impasto_parameters"):
            del bpy.types.Scene.impasto_parameters
        if self.root:
            bpy.utils.unregister_class(self.root)
        for cls in reversed(self.groups):
            bpy.utils.unregister_class(cls)
        self.groups, self.root = [], None


_live = _Live()


def refresh() -> None:
    """Make the tools' groups anew after the catalogue changed. Values that were set stay."""
    _live.unregister()
    _live.register()


def register() -> None:
    """Register the groups of the cached tools or, if Blender refuses them, of the bundled ones."""
    try:
        _live.register()
    except Exception:  # noqa: BLE001  whatever it is, it would be there again at the next start
        traceback.print_exc()
        catalogue.fall_back()
        _live.register()


def unregister() -> None:
    _live.unregister()


def is_visible(group: bpy.types.PropertyGroup, tool: Mapping[str, Any], name: str) -> bool:
    """Whether a parameter is shown: its `visible_if` holds, and the chosen model has it."""
    conditions = properties_of(tool)[name].get("visible_if", {})
    return is_of_model(group, tool, name) and all(
        value_of(group, tool, other) in values for other, values in conditions.items()
    )


def choose_model(scene: bpy.types.Scene, name: str) -> Mapping[str, Any] | None:
    """Choose a model in the generator that runs it; return the generator, or None if it is not installed."""
    model = next((model for model in catalogue.models if model["name"] == name), None)
    if model is None or model["tool"] not in catalogue:
        return None
    tool = catalogue[model["tool"]]
    if parameter := model_parameter(tool):
        setattr(group_of(scene, tool), identifier(parameter), name)
    return tool


def value_of(group: bpy.types.PropertyGroup, tool: Mapping[str, Any], name: str) -> Any:
    """Value of a parameter as in a recipe: angles in degrees, lengths in metres, floats with six digits.

    Blender's 0.7 is 0.699999988.
    """
    schema = properties_of(tool)[name]
    if schema.get("format") == SLIDERS:
        return {slider: _six_digits(value) for slider, value in model_values.slider_values(group, tool).items()}
    holder = model_values.group_of_model(group, tool) if belongs_to_model(schema) else group
    value = getattr(holder, identifier(name))
    if choices := choices_of(schema):
        return next(choice for choice in choices if str(choice) == value)
    if schema["type"] == "array" and "for_each" not in schema:
        return [_six_digits(item) for item in value]
    if is_angle(schema):
        value = math.degrees(value)
    if is_length(name, schema):
        value *= unit_m(group.id_data)
    return _six_digits(value) if isinstance(value, float) else value


def parameters_of(owner: bpy.types.Scene | bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a tool's parameters in a scene or a layer, without the size and what the chosen model does not have."""
    group = group_of(owner, tool)
    names = [name for name in drawn_parameters(tool) if is_of_model(group, tool, name)]
    numbers = {
        name: [value_of(value, tool, name) for value in inputs.chosen_values(group, schema["for_each"])]
        for name, schema in properties_of(tool).items()
        if "for_each" in schema
    }
    return {name: value_of(group, tool, name) for name in names} | numbers


def size_of(group: bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> dict[str, int]:
    """Width and height in a tool's group, by parameter; empty for a tool without a size."""
    return {name: getattr(group, name) for name in SIZE_PARAMETERS} if has_size(tool) else {}


def put_size(group: bpy.types.PropertyGroup, tool: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
    """Give a tool's group the size of a recipe's step; 0 for a side that it does not name."""
    for name in SIZE_PARAMETERS if has_size(tool) else ():
        setattr(group, name, parameters.get(name, 0))


def _six_digits(value: float) -> float:
    return float(f"{value:.6g}")


def check_step(step: Step) -> Mapping[str, Any]:
    """Tool of a step. Raise ParameterError for a missing tool, or values that its properties cannot hold."""
    tool = catalogue[step.tool]
    check_values(tool["label"], properties_of(tool), step.parameters)
    return tool


def put_parameters(
    owner: bpy.types.Scene | bpy.types.PropertyGroup, tool: Mapping[str, Any], parameters: Mapping[str, Any]
) -> None:
    """Give a tool in a scene or a layer the values of a recipe's step, and defaults to all others; the size stays."""
    group = group_of(owner, tool)
    known = properties_of(tool)
    for name in sorted(drawn_parameters(tool), key=lambda name: not is_model(known[name])):  # its sliders come later
        if belongs_to_model(known[name]):
            _put_of_model(group, tool, name, parameters.get(name))
        elif name in parameters:
            setattr(group, identifier(name), _as_property(group, name, known[name], parameters[name]))
        else:
            group.property_unset(identifier(name))


def _put_of_model(group: bpy.types.PropertyGroup, tool: Mapping[str, Any], name: str, value: Any) -> None:
    """Give the chosen model's sliders, or its class, the values of a step."""
    own: Any = model_values.group_of_model(group, tool)
    names = model_values.property_names(group, tool, name)
    for each in names:
        own.property_unset(each)
    if properties_of(tool)[name]["format"] != SLIDERS:
        values = {identifier(name): value}
    else:
        values = {model_values.slider_to(slider): number for slider, number in (value or {}).items()}
    for each in names:
        if values.get(each) is not None:
            setattr(own, each, values[each])


def _as_property(owner: Any, name: str, schema: Mapping[str, Any], value: Any) -> Any:
    """A recipe's value in the property's form: angles in radians, lengths in Blender's units, choices as text."""
    if choices_of(schema):
        return str(value)
    if is_angle(schema):
        return math.radians(value)
    return value / unit_m(owner.id_data) if is_length(name, schema) else value


def kind_of_preview(tool: Mapping[str, Any]) -> str:
    """The panel whose live preview follows the tool's parameters."""
    return STYLE if tool["kind"] == "stylizer" else TEXTURE


def _classes(tool: Mapping[str, Any]) -> list[type]:
    """Classes of a tool's group, last, and before it those that it needs."""
    schemas_of = {name: schema for name, schema in properties_of(tool).items() if not belongs_to_model(schema)}
    parameters = {identifier(name): property_of(name, schema, tool) for name, schema in schemas_of.items()}
    update = preview_update(kind_of_preview(tool))
    images, classes = inputs.input_properties(tool, parameters, update)
    models, classes_of_models = model_values.model_properties(tool, update)
    members = {"__annotations__": parameters | images | models, "__doc__": tool["description"]}
    return [
        *classes,
        *classes_of_models,
        type(f"IMPASTO_PG_{identifier(tool['name'])}", (bpy.types.PropertyGroup,), members),
    ]


def property_of(name: str, schema: Mapping[str, Any], tool: Mapping[str, Any] | None = None) -> Any:
    """Blender property for a parameter of a tool, or of none."""
    more = _search(schema, tool)
    if tool and tool["kind"] != "trainer":
        more["update"] = preview_update(kind_of_preview(tool))
    return schema_property(name, schema, **more)


def _search(schema: Mapping[str, Any], tool: Mapping[str, Any] | None) -> dict[str, Any]:
    """Search options for a parameter that names a model; empty for others."""
    if tool is None or not is_model(schema):
        return {}
    owner = schema.get("model_of", tool["name"])
    return suggestions(lambda: [model["name"] for model in catalogue.models_for(owner)])
