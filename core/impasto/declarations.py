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
from .errors import Message, ParameterError, PluginError, did_you_mean
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
    for word, known in {"task": ("", *TASKS), "kind": KINDS, "group": [*GROUPS]}.items():
        if (value := getattr(tool, word)) not in known:
            raise PluginError("{} has the {} {}", "use one of {}", tool.name, word, excerpt(value), ", ".join(known))
    if makes_tiles(tool) and not issubclass(tool.parameters, SizeParameters):
        raise PluginError("{} makes tiles of an unknown size", "derive its parameters from SizeParameters", tool.name)
    if unknown := set(tool.needs) - set(MAP_CHANNELS):
        raise PluginError("{} needs unknown maps {}", "use {}", tool.name, sorted(unknown), ", ".join(MAP_CHANNELS))
    described = describe(tool)
    many = [item["name"] for item in described["inputs"] if item["many"]]
    for item in described["inputs"]:
        _check_input(tool.name, item, many)
    _check_parameters(tool, described["parameters"].get("properties", {}), many)
    as_kind(ToolDescription, described, tool.name, PluginError, ATTRIBUTES)
    text = json.dumps(described, ensure_ascii=False)
    if r"\u0000" in text or re.search("[\ud800-\udfff]", text):
        raise PluginError("{} has a null character or half a character in a text", "leave it out", tool.name)
    for named in described["settings"]:
        try:
            validate(tool, named["values"])
        except ParameterError as error:
            raise PluginError("settings {}: {}", error.remedy, excerpt(named["name"]), error.message) from error


def check_matcher(matcher: Matcher) -> None:
    """Raise PluginError if a host could not list the matcher."""
    _check_texts("matcher", matcher, "name", "label", "description", "subject", "example")
    if matcher.subject not in SUBJECTS:
        message = "{} has the subject {}"
        raise PluginError(message, "use one of {}", matcher.name, excerpt(matcher.subject), ", ".join(SUBJECTS))
    as_kind(MatcherDescription, describe_matcher(matcher), matcher.name, PluginError, ATTRIBUTES)


def check_action(action: Action) -> None:
    """Raise PluginError if requests could not name the action, or its values could not be sent."""
    _check_name("action", action.name)
    if not is_dataclass(action.values):
        raise PluginError("{} has values that are no dataclass", "set `values` to a frozen dataclass", action.name)


def check_text_encoder(encoder: TextEncoder) -> None:
    """Raise PluginError if models could not record the encoder, or it has no plausible size."""
    _check_texts("encoder", encoder, "name", "label")
    if not isinstance(encoder.size, int) or not 1 <= encoder.size <= MOST_FEATURES:
        message = "{} has the size {}"
        raise PluginError(message, "say a number from 1 to {}", encoder.name, excerpt(encoder.size), MOST_FEATURES)


def _check_texts(kind: str, named: Tool | Matcher | TextEncoder, *attributes: str) -> None:
    for attribute in attributes:
        if not isinstance(getattr(named, attribute, None), str):
            raise PluginError("{} has no {}", "set it as a class attribute", type(named).__name__, attribute)
    _check_name(kind, named.name)


def _check_name(kind: str, name: str) -> None:
    """Raise PluginError unless the name of a tool or the like can be a command's argument and a host's property."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > LONGEST_NAME:
        raise PluginError("the {} name {} is not lower-case words joined by hyphens", "rename it", kind, excerpt(name))


def _check_identifier(tool: str, name: str) -> None:
    """Raise PluginError unless hosts can use the name of an input or a parameter for a property."""
    if not name.isidentifier() or name.startswith("_") or len(name.encode()) > LONGEST_NAME:
        message = "{} has a parameter or an input called {}"
        raise PluginError(message, "use words joined by _, of at most {} letters", tool, excerpt(name), LONGEST_NAME)


def _check_input(tool: str, item: InputDescription, many: Collection[str]) -> None:
    name, kind, of_each = item["name"], item["kind"], item["for_each"]
    _check_identifier(tool, name)
    if kind not in INPUT_KINDS:
        message = "{}'s input {} has the kind {}"
        raise PluginError(message, "use one of {}", tool, name, excerpt(kind), ", ".join(INPUT_KINDS))
    if (kind == MESH) != (name == MESH):
        message = "{}'s input {} is of the kind {}: a mesh has the name {}, and nothing else"
        raise PluginError(message, 'declare Input("mesh", …, kind="mesh")', tool, name, kind, MESH)
    if (item["many"] or of_each) and kind != "maps":
        raise PluginError("{}'s input {} takes many, but is no picture", "declare one {}", tool, name, kind)
    if item["least"] > 1 and not (item["many"] and item["required"]):
        raise PluginError("{}: {} needs {} values", "say many=True, required=True", tool, name, item["least"])
    if of_each and (item["many"] or item["required"]):
        raise PluginError("{}: {} is for each {}", "say required=False, many=False", tool, name, of_each)
    _check_is_for_many(tool, name, of_each, many)


def _check_is_for_many(tool: str, name: str, other: str, many: Collection[str]) -> None:
    """Raise PluginError unless the input `other`, to which `for_each` refers, takes many values."""
    if other and other not in many:
        raise PluginError("{}: {} is for each {}", "name an input that takes many", tool, name, excerpt(other))


def _check_parameters(tool: Tool, properties: Mapping[str, Mapping[str, Any]], many: Collection[str]) -> None:
    runs_model = model_parameter(properties) is not None
    for name, schema in properties.items():
        _check_identifier(tool.name, name)
        _check_schema(f"{tool.name}: parameter {name}", schema)
    for name, schema in properties.items():
        where = f"{tool.name}: parameter {name}"
        if not _takes(tool, name, schema["default"]):
            message = "{} has the default {}"
            raise PluginError(message, "it can be {}", where, excerpt(schema["default"]), _values(schema))
        if "zero" in schema and not (
            schema["default"] == schema.get("minimum") == 0 and _takes(tool, name, schema.get("start"))
        ):
            remedy = "write Field(0, ge=0, …) and a start in its range"
            raise PluginError("{} means {} by 0", remedy, where, excerpt(schema["zero"]))
        _check_conditions(where, tool, name, properties)
        _check_is_for_many(tool.name, name, schema.get("for_each", ""), many)
        if schema.get("format") in OF_MODEL and not runs_model:
            raise PluginError("{}: {} is of a model, and the tool runs none", "add a model_field()", tool.name, name)


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
        raise PluginError("{} has no default", "give one, so that the tool runs as it is", where)
    if not schema.get("description"):
        raise PluginError("{} has no description", "hosts show it as the tooltip: Field(…, description=…)", where)
    kind, form, items = schema.get("type"), schema.get("format", ""), schema.get("prefixItems", [])
    if form in FORMATS:
        limits, example = FORMATS[form]
        if [(one.get("type"), one.get("minimum"), one.get("maximum")) for one in items or [schema]] != limits:
            raise PluginError("{} has the format {}", "write {}", where, form, example)
    if "for_each" in schema:
        is_number = schema.get("items", {}).get("type") == "number"
        if not is_number or schema["default"] or not {"default_of_each", "relative"} <= set(schema):
            message = "{} is for each value of an input"
            raise PluginError(message, "make it tuple[float, ...] with the default ()", where)
    elif form == "sliders":
        if kind != "object" or schema.get("additionalProperties", {}).get("type") != "number" or schema["default"]:
            raise PluginError("{} has the format sliders", "write dict[str, float] = sliders_field()", where)
    elif kind == "array":
        if not 0 < len(items) <= MOST_ITEMS or any(item.get("type") != "number" for item in items):
            raise PluginError("{} is a list", "only fixed tuples of floats can be drawn: tuple[float, float]", where)
    elif kind not in ("boolean", "integer", "number", "string"):
        message = "{} has a type that hosts cannot draw"
        raise PluginError(message, "use bool, int, float, str, Literal or a tuple", where)
    choices = [str(choice) for choice in schema.get("enum", ["any"])]
    if "" in choices or len(set(choices)) < len(choices):
        raise PluginError("{} has the choices {}", "list different words or numbers", where, excerpt(schema["enum"]))
    most = LARGEST_INT if kind == "integer" else LARGEST_FLOAT
    numbers = [one[key] for one in (schema, *items) for key in ("default", *LIMITS) if key in one]
    if any(abs(number) > most for number in numbers if isinstance(number, int | float)):
        raise PluginError("{} does not fit in 32 bits", "narrow its range", where)
    usual = [schema.get(limit, 0) for limit in ("soft_minimum", "soft_maximum")]
    if not all(isinstance(limit, int | float) for limit in usual) or schema.get("decimals", 0) not in range(7):
        raise PluginError("{} has display hints that no host can follow", "give numbers, and 0 to 6 decimals", where)


def _check_conditions(where: str, tool: Tool, name: str, properties: Mapping[str, Any]) -> None:
    """Raise PluginError for a `visible_if` that never holds, or that hosts cannot compare."""
    conditions = properties[name].get("visible_if", {})
    if not isinstance(conditions, Mapping):
        message = "{} has the condition {}"
        raise PluginError(message, "write json_schema_extra=visible_if(…)", where, excerpt(conditions))
    for other, values in conditions.items():
        if other == name or other not in properties:
            message = "{} is visible if {} has some value, but that is no other parameter"
            remedy = "{}name another parameter of the same tool"
            raise PluginError(message, remedy, where, excerpt(other), did_you_mean(other, properties))
        if properties[other].get("type") in ("array", "object"):
            raise PluginError("{} is visible if {} has some value, but that is a tuple", "name a scalar", where, other)
        if not isinstance(values, list) or not values:
            message = "{} is visible if {} is {}"
            raise PluginError(message, 'write visible_if("method", "best")', where, other, excerpt(values))
        for value in values:
            if not _takes(tool, other, value):
                message = Message("{} is visible if {} is {}, which it can never be", where, other, excerpt(value))
                raise PluginError(message, "{} can be {}", other, _values(properties[other]))


def _values(schema: Mapping[str, Any]) -> str:
    """Values that a parameter accepts, in words."""
    choices = schema.get("enum", [True, False] if schema["type"] == "boolean" else [])
    limits = limits_of(schema)
    return ", ".join(map(str, choices)) or f"any {schema['type']}" + (f" from {limits}" if limits else "")
