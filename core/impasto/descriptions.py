"""Checks of a tool's description: whether hosts can list the tool, and draw its inputs and parameters.

The engine checks each tool when its plugin is loaded, and a host each tool of an engine, which may be of another
version. Standard library only: Blender imports this too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from .errors import PluginError
from .groups import GROUPS
from .schemas import check_conditions, check_parameter
from .system.untrusted import shown

KINDS = ("generator", "stylizer", "estimator", "filter", "trainer")
INPUT_KINDS = ("maps", "dataset")
OF_MODEL = ("class", "sliders")
"""Formats of parameters that belong to the chosen model."""
LONGEST_NAME = 48
"""Most bytes of a name: Blender's properties have at most 63, prefixes included."""


def check_description(tool: Mapping[str, Any]) -> None:
    """Raise PluginError if a host could not list a tool by its description, or draw its inputs and parameters."""
    name, parameters = tool["name"], tool["parameters"].get("properties", {})
    check_name("tool", name)
    if tool["kind"] not in KINDS:
        raise PluginError(f"{name} has the kind {shown(tool['kind'])}", f"derive it from one of {', '.join(KINDS)}")
    if tool["group"] not in GROUPS:
        raise PluginError(
            f"{name} has the group {shown(tool['group'])}", f"use one of {', '.join(GROUPS)}, or leave it out"
        )
    many = [item["name"] for item in tool["inputs"] if item["many"]]
    for item in tool["inputs"]:
        _check_identifier(name, item["name"])
        _check_input(name, item, many)
    runs_model = any(schema.get("format") == "model" and "model_of" not in schema for schema in parameters.values())
    for parameter, schema in parameters.items():
        _check_identifier(name, parameter)
        where = f"{name}: parameter {parameter}"
        check_parameter(where, schema)
        check_conditions(where, parameter, parameters)
        if "for_each" in schema:
            _check_is_for_many(name, parameter, schema["for_each"], many)
        if schema.get("format") in OF_MODEL and not runs_model:
            raise PluginError(f"{name}: {parameter} is of a model, and the tool runs none", "add a model_field()")
    _check_text(tool)


def check_name(kind: str, name: str) -> None:
    """Raise PluginError unless the name of a tool or the like can be a command's argument and a host's property."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > LONGEST_NAME:
        raise PluginError(f"the {kind} name {shown(name)} is not lower-case words joined by hyphens", "rename it")


def _check_identifier(tool: str, name: str) -> None:
    """Raise PluginError unless an input or a parameter has a name that hosts can use for a property."""
    if not name.isidentifier() or name.startswith("_") or len(name.encode()) > LONGEST_NAME:
        raise PluginError(
            f"{tool} has a parameter or an input called {shown(name)}",
            f"use words joined by _, of at most {LONGEST_NAME} letters",
        )


def _check_input(tool: str, item: Mapping[str, Any], many: Collection[str]) -> None:
    name, is_many, needed = item["name"], item["many"], item["required"]
    if item["kind"] not in INPUT_KINDS:
        message = f"{tool}'s input {name} has the kind {shown(item['kind'])}"
        raise PluginError(message, f"use one of {', '.join(INPUT_KINDS)}")
    if (is_many or item["for_each"]) and item["kind"] != "maps":
        raise PluginError(f"{tool}'s input {name} takes many, but is no picture", "declare one dataset")
    if item["least"] > 1 and not (is_many and needed):
        raise PluginError(f"{tool}: {name} needs {item['least']} values", "say many=True, required=True")
    if item["for_each"]:
        if is_many or needed:
            raise PluginError(f"{tool}: {name} is for each {item['for_each']}", "say required=False, many=False")
        _check_is_for_many(tool, name, item["for_each"], many)


def _check_is_for_many(tool: str, name: str, other: str, many: Collection[str]) -> None:
    """Raise PluginError unless `other`, for each value of which an input or a parameter is, takes many values."""
    if other not in many:
        raise PluginError(f"{tool}: {name} is for each {shown(other)}", "name an input that takes many")


def _check_text(tool: Mapping[str, Any]) -> None:
    """Raise PluginError for texts with characters that hosts cannot show: null, and halves of surrogates."""
    text = json.dumps(tool, ensure_ascii=False)
    if r"\u0000" in text or re.search("[\ud800-\udfff]", text):
        raise PluginError(f"{tool['name']} has a null character or half a character in a text", "leave it out")
