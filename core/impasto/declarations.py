"""Checks of declarations in plugins: every host must be able to list tools, and to draw their inputs and parameters.

Parameter models check values themselves; this module refuses only what no widget could show.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any

from pydantic import ValidationError

from .actions import Action
from .descriptions import GROUPS, MESH, InputDescription, MatcherDescription, ToolDescription
from .errors import ParameterError, PluginError, did_you_mean
from .matchers import SUBJECTS, Matcher, describe_matcher
from .parameters import SizeParameters
from .schemas import LARGEST_FLOAT, LARGEST_INT, MOST_ITEMS, limits_of, model_parameter
from .system.typed_json import as_kind
from .system.untrusted import excerpt
from .text_encoders import MOST_FEATURES, TextEncoder
from .texture import MAP_CHANNELS
from .tools import TASKS, Tool, describe, makes_tiles, validate

LONGEST_NAME = 48
"""Most bytes of a name: names of Blender's properties have at most 63, with their prefixes."""
ATTRIBUTES = "see its class attributes in impasto.tools or impasto.matchers"
KINDS = ("generator", "stylizer", "estimator", "filter", "trainer", "group")
INPUT_KINDS = ("maps", "dataset", MESH)
OF_MODEL = ("class", "sliders")
"""Formats of parameters that belong to the chosen model."""
LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
FORMATS: Mapping[str, tuple[Sequence[tuple[str, float, float]], str]] = {
    "azimuth": ([("number", -1, 360)], "light_azimuth: LightAzimuth = Field(-1.0, …)"),
    "point": ([("number", -1, 2)] * 2, "top_left: Point = Field((0.0, 0.0), …)"),
    "color": ([("number", 0, 1)] * 3, "color: Color = Field((0.5, 0.5, 0.5), …)"),
}
"""Types and limits of the numbers in parameters with these formats, and an example of such a parameter."""


def check_tool(tool: Tool) -> None:
    """Raise PluginError if a host could not list the tool, or draw its inputs and parameters."""
    _check_texts("tool", tool, "kind", "name", "label", "description", "group", "subgroup")
    for word, value, known in (
        ("task", tool.task, ("", *TASKS)),
        ("kind", tool.kind, KINDS),
        ("group", tool.group, [*GROUPS]),
    ):
        if value not in known:
            raise PluginError(f"{tool.name} has the {word} {excerpt(value)}", f"use one of {', '.join(known)}")
    if makes_tiles(tool) and not issubclass(tool.parameters, SizeParameters):
        raise PluginError(f"{tool.name} makes tiles of an unknown size", "derive its parameters from SizeParameters")
    if unknown := set(tool.needs) - set(MAP_CHANNELS):
        raise PluginError(f"{tool.name} needs unknown maps {sorted(unknown)}", f"use {', '.join(MAP_CHANNELS)}")
    described = describe(tool)
    many = [item["name"] for item in described["inputs"] if item["many"]]
    for item in described["inputs"]:
        _check_input(tool.name, item, many)
    _check_parameters(tool, described["parameters"].get("properties", {}), many)
    as_kind(ToolDescription, described, tool.name, PluginError, ATTRIBUTES)
    text = json.dumps(described, ensure_ascii=False)
    if r"\u0000" in text or re.search("[\ud800-\udfff]", text):
        raise PluginError(f"{tool.name} has a null character or half a character in a text", "leave it out")
    for named in described["settings"]:
        try:
            validate(tool, named["values"])
        except ParameterError as error:
            raise PluginError(f"settings {excerpt(named['name'])}: {error.message}", error.remedy) from error


def check_matcher(matcher: Matcher) -> None:
    """Raise PluginError if a host could not list the matcher."""
    _check_texts("matcher", matcher, "name", "label", "description", "subject", "example")
    if matcher.subject not in SUBJECTS:
        raise PluginError(
            f"{matcher.name} has the subject {excerpt(matcher.subject)}", f"use one of {', '.join(SUBJECTS)}"
        )
    as_kind(MatcherDescription, describe_matcher(matcher), matcher.name, PluginError, ATTRIBUTES)


def check_action(action: Action) -> None:
    """Raise PluginError if requests could not name the action, or its values could not be sent."""
    _check_name("action", action.name)
    if not is_dataclass(action.values):
        raise PluginError(f"{action.name} has values that are no dataclass", "set `values` to a frozen dataclass")


def check_text_encoder(encoder: TextEncoder) -> None:
    """Raise PluginError if models could not record the encoder, or it has no plausible size."""
    _check_texts("encoder", encoder, "name", "label")
    if not isinstance(encoder.size, int) or not 1 <= encoder.size <= MOST_FEATURES:
        raise PluginError(
            f"{encoder.name} has the size {excerpt(encoder.size)}", f"say a number from 1 to {MOST_FEATURES}"
        )


def _check_texts(kind: str, named: Tool | Matcher | TextEncoder, *attributes: str) -> None:
    for attribute in attributes:
        if not isinstance(getattr(named, attribute, None), str):
            raise PluginError(f"{type(named).__name__} has no {attribute}", "set it as a class attribute")
    _check_name(kind, named.name)


def _check_name(kind: str, name: str) -> None:
    """Raise PluginError unless the name of a tool or the like can be a command's argument and a host's property."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > LONGEST_NAME:
        raise PluginError(f"the {kind} name {excerpt(name)} is not lower-case words joined by hyphens", "rename it")


def _check_identifier(tool: str, name: str) -> None:
    """Raise PluginError unless hosts can use the name of an input or a parameter for a property."""
    if not name.isidentifier() or name.startswith("_") or len(name.encode()) > LONGEST_NAME:
        remedy = f"use words joined by _, of at most {LONGEST_NAME} letters"
        raise PluginError(f"{tool} has a parameter or an input called {excerpt(name)}", remedy)


def _check_input(tool: str, item: InputDescription, many: Collection[str]) -> None:
    name, kind, of_each = item["name"], item["kind"], item["for_each"]
    _check_identifier(tool, name)
    if kind not in INPUT_KINDS:
        raise PluginError(f"{tool}'s input {name} has the kind {excerpt(kind)}", f"use one of {', '.join(INPUT_KINDS)}")
    if (kind == MESH) != (name == MESH):
        message = f"{tool}'s input {name} is of the kind {kind}: a mesh has the name {MESH}, and nothing else"
        raise PluginError(message, 'declare Input("mesh", …, kind="mesh")')
    if (item["many"] or of_each) and kind != "maps":
        raise PluginError(f"{tool}'s input {name} takes many, but is no picture", f"declare one {kind}")
    if item["least"] > 1 and not (item["many"] and item["required"]):
        raise PluginError(f"{tool}: {name} needs {item['least']} values", "say many=True, required=True")
    if of_each and (item["many"] or item["required"]):
        raise PluginError(f"{tool}: {name} is for each {of_each}", "say required=False, many=False")
    _check_is_for_many(tool, name, of_each, many)


def _check_is_for_many(tool: str, name: str, other: str, many: Collection[str]) -> None:
    """Raise PluginError unless the input `other`, to which `for_each` refers, takes many values."""
    if other and other not in many:
        raise PluginError(f"{tool}: {name} is for each {excerpt(other)}", "name an input that takes many")


def _check_parameters(tool: Tool, properties: Mapping[str, Mapping[str, Any]], many: Collection[str]) -> None:
    runs_model = model_parameter(properties) is not None
    for name, schema in properties.items():
        _check_identifier(tool.name, name)
        _check_schema(f"{tool.name}: parameter {name}", schema)
    for name, schema in properties.items():
        where = f"{tool.name}: parameter {name}"
        if not _takes(tool, name, schema["default"]):
            raise PluginError(f"{where} has the default {excerpt(schema['default'])}", f"it can be {_values(schema)}")
        if "zero" in schema and not (
            schema["default"] == schema.get("minimum") == 0 and _takes(tool, name, schema.get("start"))
        ):
            remedy = "write Field(0, ge=0, …) and a start in its range"
            raise PluginError(f"{where} means {excerpt(schema['zero'])} by 0", remedy)
        _check_conditions(where, tool, name, properties)
        _check_is_for_many(tool.name, name, schema.get("for_each", ""), many)
        if schema.get("format") in OF_MODEL and not runs_model:
            raise PluginError(f"{tool.name}: {name} is of a model, and the tool runs none", "add a model_field()")


def _takes(tool: Tool, name: str, value: Any) -> bool:
    """Whether a parameter accepts this value. Hosts compare strictly: True is not 1."""
    try:
        tool.parameters.model_validate_json(json.dumps({name: value}), strict=True)
    except (TypeError, ValidationError):
        return False
    return True


def _check_schema(where: str, schema: Mapping[str, Any]) -> None:
    """Raise PluginError if a host could not draw the parameter. where: its name in messages."""
    if "default" not in schema:
        raise PluginError(f"{where} has no default", "give one, so that the tool runs as it is")
    if not schema.get("description"):
        raise PluginError(f"{where} has no description", "hosts show it as the tooltip: Field(…, description=…)")
    kind, form, items = schema.get("type"), schema.get("format", ""), schema.get("prefixItems", [])
    if form in FORMATS:
        limits, example = FORMATS[form]
        if [(one.get("type"), one.get("minimum"), one.get("maximum")) for one in items or [schema]] != limits:
            raise PluginError(f"{where} has the format {form}", f"write {example}")
    if "for_each" in schema:
        is_number = schema.get("items", {}).get("type") == "number"
        if not is_number or schema["default"] or not {"default_of_each", "relative"} <= set(schema):
            raise PluginError(f"{where} is for each value of an input", "make it tuple[float, ...] with the default ()")
    elif form == "sliders":
        if kind != "object" or schema.get("additionalProperties", {}).get("type") != "number" or schema["default"]:
            raise PluginError(f"{where} has the format sliders", "write dict[str, float] = sliders_field()")
    elif kind == "array":
        if not 0 < len(items) <= MOST_ITEMS or any(item.get("type") != "number" for item in items):
            raise PluginError(f"{where} is a list", "only fixed tuples of floats can be drawn: tuple[float, float]")
    elif kind not in ("boolean", "integer", "number", "string"):
        raise PluginError(f"{where} has a type that hosts cannot draw", "use bool, int, float, str, Literal or a tuple")
    choices = [str(choice) for choice in schema.get("enum", ["any"])]
    if "" in choices or len(set(choices)) < len(choices):
        raise PluginError(f"{where} has the choices {excerpt(schema['enum'])}", "list different words or numbers")
    most = LARGEST_INT if kind == "integer" else LARGEST_FLOAT
    numbers = [one[key] for one in (schema, *items) for key in ("default", *LIMITS) if key in one]
    if any(abs(number) > most for number in numbers if isinstance(number, int | float)):
        raise PluginError(f"{where} does not fit in 32 bits", "narrow its range")
    usual = [schema.get(limit, 0) for limit in ("soft_minimum", "soft_maximum")]
    if not all(isinstance(limit, int | float) for limit in usual) or schema.get("decimals", 0) not in range(7):
        raise PluginError(f"{where} has display hints that no host can follow", "give numbers, and 0 to 6 decimals")


def _check_conditions(where: str, tool: Tool, name: str, properties: Mapping[str, Any]) -> None:
    """Raise PluginError for a `visible_if` that never holds, or that hosts cannot compare."""
    conditions = properties[name].get("visible_if", {})
    if not isinstance(conditions, Mapping):
        raise PluginError(f"{where} has the condition {excerpt(conditions)}", "write json_schema_extra=visible_if(…)")
    for other, values in conditions.items():
        if other == name or other not in properties:
            message = f"{where} is visible if {excerpt(other)} has some value, but that is no other parameter"
            raise PluginError(message, f"{did_you_mean(other, properties)}name another parameter of the same tool")
        if properties[other].get("type") in ("array", "object"):
            raise PluginError(f"{where} is visible if {other} has some value, but that is a tuple", "name a scalar")
        if not isinstance(values, list) or not values:
            message = f"{where} is visible if {other} is {excerpt(values)}"
            raise PluginError(message, 'write visible_if("method", "best")')
        for value in values:
            if not _takes(tool, other, value):
                message = f"{where} is visible if {other} is {excerpt(value)}, which it can never be"
                raise PluginError(message, f"{other} can be {_values(properties[other])}")


def _values(schema: Mapping[str, Any]) -> str:
    """Values that a parameter accepts, in words."""
    choices = schema.get("enum", [True, False] if schema["type"] == "boolean" else [])
    limits = limits_of(schema)
    return ", ".join(map(str, choices)) or f"any {schema['type']}" + (f" from {limits}" if limits else "")
