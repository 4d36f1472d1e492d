"""JSON Schemas of tools' parameters, the only thing that hosts see: which are allowed, and how they read as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from .errors import ParameterError, PluginError, ProtocolError, did_you_mean
from .system.typed_json import as_kind
from .system.untrusted import excerpt

LARGEST_INT, LARGEST_FLOAT = 2**31 - 1, 3.4e38
MOST_ITEMS = 32
"""Most floats of a tuple, as of a vector in Blender."""
LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
}
DRAWABLE = "use bool, int, float, str, Literal or a tuple"
AZIMUTH = ("number", -1.0, 360)
"""Type and limits of a parameter of the format azimuth, in which -1 is unknown."""
POINT = [("number", -1.0, 2.0)] * 2
"""Type and limits of both coordinates of a parameter of the format point, which a picture spans from 0 to 1."""
COLOR = [("number", 0, 1)] * 3
"""Type and limits of red, green and blue of a parameter of the format color."""


def model_parameter(properties: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Name of the parameter with the model that a tool of these parameters itself runs; None if it has none."""
    named = (name for name, schema in properties.items() if schema.get("format") == "model")
    return next((name for name in named if "model_of" not in properties[name]), None)


class ItemSchema(TypedDict):
    """JSON Schema of a component of a tuple."""

    type: str
    title: NotRequired[str]
    minimum: NotRequired[float]
    maximum: NotRequired[float]
    exclusiveMinimum: NotRequired[float]
    exclusiveMaximum: NotRequired[float]


class ParameterSchema(ItemSchema):
    """JSON Schema of a parameter, as far as hosts read it."""

    description: str
    format: NotRequired[str]
    enum: NotRequired[list[Any]]
    prefixItems: NotRequired[list[ItemSchema]]
    items: NotRequired[ItemSchema]
    additionalProperties: NotRequired[dict[str, Any]]
    for_each: NotRequired[str]
    default_of_each: NotRequired[float]
    zero: NotRequired[str]
    start: NotRequired[float]
    relative: NotRequired[bool]
    model_of: NotRequired[str]


def check_values(tool: str, properties: Mapping[str, Mapping[str, Any]], values: Mapping[str, Any]) -> None:
    """Raise ParameterError if a tool's parameters have values of other types than their schemas, or beyond 32 bits.

    Limits are the tool's own to check, and names that it does not have are left to it.
    """
    for name, value in values.items():
        if name in properties and not _has_type(properties[name], value):
            message = f"the recipe gives {name} of {tool} the value {excerpt(value)}"
            raise ParameterError(message, "it was changed by hand, or is of another version; set the tool anew")


def _has_type(schema: Mapping[str, Any], value: Any) -> bool:
    if choices := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        return value in choices and not isinstance(value, bool)
    kind = schema.get("type")
    if kind == "object":
        return isinstance(value, Mapping) and all(map(_is_float, value.values()))
    if kind == "array":
        count = len(schema["prefixItems"]) if "prefixItems" in schema else MOST_ITEMS
        is_list = isinstance(value, list | tuple)
        return is_list and all(map(_is_float, value)) and (len(value) == count or "prefixItems" not in schema)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INT
    return isinstance(value, bool) if kind == "boolean" else _is_float(value) if kind == "number" else _is_str(value)


def _is_float(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_FLOAT


def _is_str(value: Any) -> bool:
    return isinstance(value, str)


def check_parameter(where: str, schema: Mapping[str, Any]) -> None:
    """Raise PluginError if a host could not draw the parameter, which messages call `where`."""
    if "default" not in schema:
        raise PluginError(f"{where} has no default", "give one, so that the tool runs as it is")
    if not schema.get("description"):
        raise PluginError(f"{where} has no description", "hosts show it as the tooltip: Field(…, description=…)")
    try:
        as_kind(ParameterSchema, schema, where)
    except ProtocolError as error:
        raise PluginError(error.message, DRAWABLE) from error
    if schema.get("format") == "azimuth" and _limits([schema]) != [AZIMUTH]:
        raise PluginError(f"{where} has the format azimuth", "write light_azimuth: LightAzimuth = Field(-1.0, …)")
    if schema.get("format") == "point" and _limits(schema.get("prefixItems", ())) != POINT:
        raise PluginError(f"{where} has the format point", "write top_left: Point = Field((0.0, 0.0), …)")
    kind = schema["type"]
    if "for_each" in schema:
        _check_for_each(where, schema)
    elif schema.get("format") == "sliders":
        if kind != "object" or schema.get("additionalProperties", {}).get("type") != "number" or schema["default"]:
            raise PluginError(f"{where} has the format sliders", "write dict[str, float] = sliders_field()")
    elif kind == "array":
        _check_tuple(where, schema)
    elif kind in PYTHON_TYPES:
        _check_scalar(where, schema)
    else:
        raise PluginError(f"{where} has a type that hosts cannot draw", DRAWABLE)
    usual = [schema.get(limit, 0) for limit in ("soft_minimum", "soft_maximum")]
    if not all(isinstance(limit, int | float) for limit in usual) or schema.get("decimals", 0) not in range(7):
        raise PluginError(f"{where} has display hints that no host can follow", "give numbers, and 0 to 6 decimals")


def _check_scalar(where: str, schema: Mapping[str, Any]) -> None:
    """Raise PluginError for choices that cannot be told apart, and for what does not fit or is out of range."""
    choices = schema.get("enum", [schema["const"]] if "const" in schema else ["any"])
    names = [str(choice) for choice in choices if isinstance(choice, str | int | float)]
    if not names or len(set(names)) < len(choices) or "" in names:
        raise PluginError(f"{where} has the choices {excerpt(choices)}", "list different words or numbers")
    numbers = [schema[key] for key in ("default", *LIMITS) if isinstance(schema.get(key), int | float)]
    most = LARGEST_INT if schema["type"] == "integer" else LARGEST_FLOAT
    if any(abs(number) > most for number in numbers):
        raise PluginError(f"{where} does not fit in 32 bits", "narrow its range")
    is_whole = schema["type"] != "integer" or all(isinstance(number, int) for number in numbers)
    if not (is_whole and _can_be(schema, schema["default"])):
        message = f"{where} has the default {excerpt(schema['default'])}"
        raise PluginError(message, f"it can be {_possible_values(schema)}")
    if "zero" in schema and not (
        schema["default"] == schema.get("minimum") == 0 and _can_be(schema, schema.get("start"))
    ):
        raise PluginError(
            f"{where} means {excerpt(schema['zero'])} by 0", "write Field(0, ge=0, …) and a start in its range"
        )


def _check_tuple(where: str, schema: Mapping[str, Any]) -> None:
    """Raise PluginError for anything but a tuple of floats, with as many defaults."""
    items, default = schema.get("prefixItems", []), schema["default"]
    if not 0 < len(items) <= MOST_ITEMS or any(item["type"] != "number" for item in items):
        raise PluginError(f"{where} is a list", "only fixed tuples of floats can be drawn: tuple[float, float]")
    if schema.get("format") == "color" and _limits(items) != COLOR:
        raise PluginError(f"{where} has the format color", "write color: Color = Field((0.5, 0.5, 0.5), …)")
    if not isinstance(default, list | tuple) or len(default) != len(items):
        raise PluginError(f"{where} has the default {excerpt(default)}", f"it can be {len(items)} numbers")
    for item, number in zip(items, default, strict=True):
        _check_scalar(where, {**item, "default": number})


def _limits(schemas: Sequence[Mapping[str, Any]]) -> list[tuple[Any, Any, Any]]:
    """Type, minimum and maximum of each number."""
    return [(schema.get("type"), schema.get("minimum"), schema.get("maximum")) for schema in schemas]


def _check_for_each(where: str, schema: Mapping[str, Any]) -> None:
    """Raise PluginError for anything but a list of numbers, one for each value of an input."""
    is_number = schema.get("items", {}).get("type") == "number"
    if not is_number or schema["default"] or not {"default_of_each", "relative"} <= set(schema):
        raise PluginError(f"{where} is for each value of an input", "make it tuple[float, ...] with the default ()")
    _check_scalar(where, {**schema["items"], "default": schema["default_of_each"]})


def check_conditions(where: str, name: str, properties: Mapping[str, Any]) -> None:
    """Raise PluginError for a `visible_if` that can never hold, or that a host cannot compare."""
    conditions = properties[name].get("visible_if", {})
    if not isinstance(conditions, Mapping):
        raise PluginError(f"{where} has the condition {excerpt(conditions)}", "write json_schema_extra=visible_if(…)")
    for other, values in conditions.items():
        if other == name or other not in properties:
            remedy = f"{did_you_mean(other, properties)}name another parameter of the same tool"
            raise PluginError(
                f"{where} is visible if {excerpt(other)} has some value, but that is no other parameter", remedy
            )
        if properties[other]["type"] in ("array", "object"):
            raise PluginError(f"{where} is visible if {other} has some value, but that is a tuple", "name a scalar")
        if not isinstance(values, list) or not values:
            raise PluginError(
                f"{where} is visible if {other} is {excerpt(values)}", 'write visible_if("method", "best")'
            )
        for value in values:
            if not _can_be(properties[other], value):
                message = f"{where} is visible if {other} is {excerpt(value)}, which it can never be"
                raise PluginError(message, f"{other} can be {_possible_values(properties[other])}")


def _can_be(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether a parameter of this schema can have the value, as hosts compare it: True is not 1."""
    if not isinstance(value, PYTHON_TYPES[schema["type"]]) or isinstance(value, bool) != (schema["type"] == "boolean"):
        return False
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    if isinstance(value, str):
        return True
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum", -math.inf), schema.get("exclusiveMaximum", math.inf)
    return isinstance(value, int | float) and low <= value <= high and above < value < below


def _possible_values(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema["type"] == "boolean":
        return "True, False"
    limits = limits_of(schema)
    return f"any {schema['type']}" + (f" from {limits}" if limits else "")


def holds(schema: Mapping[str, Any], chosen: Mapping[str, Any]) -> bool:
    """Whether the parameter has an effect, given the `chosen` values of all parameters."""
    return all(chosen[other] in values for other, values in schema.get("visible_if", {}).items())


def conditions_of(schema: Mapping[str, Any]) -> str:
    """Condition for the parameter to have an effect: `only with preset modern`; "" if it always has one."""
    conditions = schema.get("visible_if", {}).items()
    wanted = " and ".join(f"{name} {' or '.join(map(readable, values))}" for name, values in conditions)
    return f"only with {wanted}" if wanted else ""


def limits_of(schema: Mapping[str, Any]) -> str:
    """Range of a number, or of each number of a tuple: `0 to 1`; "" if it has none, or is a colour."""
    if schema.get("format") == "color":
        return ""
    ranges = {
        (item.get("minimum"), item.get("maximum")) for item in schema.get("prefixItems", [schema.get("items", schema)])
    }
    low, high = ranges.pop() if len(ranges) == 1 else (None, None)
    return f"{readable(low)} to {readable(high)}" if low is not None and high is not None else ""


def readable(value: Any) -> str:
    """A value as people write it: 0.3 for 0.30000000000000004, 0.000001 for 1e-06, 2,147,483,647, "on" for True."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10**5 else str(value)
    if isinstance(value, float):
        text = f"{value:.6g}"
        return f"{value:.12f}".rstrip("0").rstrip(".") if "e" in text else text
    if isinstance(value, list | tuple):
        return ",".join(map(readable, value))
    if isinstance(value, Mapping):
        return ",".join(f"{name}={readable(item)}" for name, item in value.items())
    return str(value)


def readable_default(schema: Mapping[str, Any]) -> str:
    """A parameter's default as people write it: a colour as #ff8800, an empty text as "none"."""
    default = schema.get("default_of_each", schema["default"])
    if schema.get("format") == "color":
        return "#" + "".join(f"{round(255 * channel):02x}" for channel in default)
    return readable(default) if default not in ("", {}) else "none"
