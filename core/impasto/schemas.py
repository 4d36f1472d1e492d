"""JSON Schemas of tools' parameters, which are all that hosts see: checks of values, and texts for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import ParameterError
from .system.untrusted import excerpt

LARGEST_INT, LARGEST_FLOAT = 2**31 - 1, 3.4e38
MOST_ITEMS = 32
"""Most floats in a tuple, as in a vector of Blender."""


def model_parameter(properties: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Name of the parameter that chooses a trained model; None if there is no such parameter."""
    named = (name for name, schema in properties.items() if schema.get("format") == "model")
    return next((name for name in named if "model_of" not in properties[name]), None)


def check_values(tool: str, properties: Mapping[str, Mapping[str, Any]], values: Mapping[str, Any]) -> None:
    """Raise ParameterError for values with other types than in their schemas, or beyond 32 bits.

    The tool itself checks limits and unknown names.
    """
    for name, value in values.items():
        if name in properties and not _has_type(properties[name], value):
            remedy = "it was changed by hand, or is of another version; set the tool anew"
            raise ParameterError("the recipe gives {} of {} the value {}", remedy, name, tool, excerpt(value))


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
    return _is_float(value) if kind == "number" else isinstance(value, bool if kind == "boolean" else str)


def _is_float(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_FLOAT


def holds(schema: Mapping[str, Any], chosen: Mapping[str, Any]) -> bool:
    """Whether a parameter has an effect. chosen: values of all parameters."""
    return all(chosen[other] in values for other, values in schema.get("visible_if", {}).items())


def conditions_of(schema: Mapping[str, Any]) -> str:
    """Condition under which a parameter has an effect, such as `only with preset modern`; "" without a condition."""
    conditions = schema.get("visible_if", {}).items()
    wanted = " and ".join(f"{name} {' or '.join(map(readable, values))}" for name, values in conditions)
    return f"only with {wanted}" if wanted else ""


def limits_of(schema: Mapping[str, Any]) -> str:
    """Range of a number, or of each number in a tuple, such as `0 to 1`; "" without limits, and for a colour."""
    if schema.get("format") == "color":
        return ""
    ranges = {
        (item.get("minimum"), item.get("maximum")) for item in schema.get("prefixItems", [schema.get("items", schema)])
    }
    low, high = ranges.pop() if len(ranges) == 1 else (None, None)
    return f"{readable(low)} to {readable(high)}" if low is not None and high is not None else ""


def readable(value: Any) -> str:
    """A value as text for people: 0.3 for 0.30000000000000004, 0.000001 for 1e-06, 2,147,483,647, "on" for True."""
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
    """Default of a parameter as text for people: #ff8800 for a colour, "none" for an empty text."""
    default = schema.get("default_of_each", schema["default"])
    if schema.get("format") == "color":
        return "#" + "".join(f"{round(255 * channel):02x}" for channel in default)
    return readable(default) if default not in ("", {}) else "none"
