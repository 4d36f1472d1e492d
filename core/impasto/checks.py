"""Checks of the tools, matchers and text encoders of plugins: whether every host can list them."""

from __future__ import annotations

import re

from .errors import PluginError
from .groups import GROUPS
from .matchers import SUBJECTS, Matcher
from .parameters import SizeParameters, properties_of
from .schemas import check_conditions, check_parameter
from .system.outside import shown
from .text_encoders import MOST_FEATURES, TextEncoder
from .texture import MAP_CHANNELS
from .tools import INPUT_KINDS, KINDS, OF_MODEL, TASKS, Input, Tool, makes_tiles, model_parameter

NAMED = {Tool: "tool", Matcher: "matcher", TextEncoder: "encoder"}


def check_tool(tool: Tool) -> None:
    """Raise PluginError if a host could not list the tool or draw its parameters."""
    _check_texts(tool, "kind", "name", "label", "description", "group", "subgroup")
    if tool.kind not in KINDS:
        raise PluginError(f"{tool.name} has the kind {shown(tool.kind)}", f"derive it from one of {', '.join(KINDS)}")
    if tool.group not in GROUPS:
        raise PluginError(
            f"{tool.name} has the group {shown(tool.group)}", f"use one of {', '.join(GROUPS)}, or leave it out"
        )
    for item in tool.inputs:
        _check_input(tool, item)
    for attribute in ("rank", "preview_px"):
        if not isinstance(value := getattr(tool, attribute), int):
            raise PluginError(f"{tool.name} has the {attribute} {shown(value)}", "use a whole number")
    if tool.task and tool.task not in TASKS:
        raise PluginError(f"{tool.name} has the task {shown(tool.task)}", f"use one of {', '.join(TASKS)}, or none")
    if makes_tiles(tool) and not issubclass(tool.parameters, SizeParameters):
        raise PluginError(f"{tool.name} makes tiles of an unknown size", "derive its parameters from SizeParameters")
    unknown = set(tool.needs) - set(MAP_CHANNELS)
    if unknown:
        raise PluginError(f"{tool.name} needs unknown maps {sorted(unknown)}", f"use {', '.join(MAP_CHANNELS)}")
    properties = properties_of(tool.parameters)
    for name, schema in properties.items():
        check_parameter(f"{tool.name}: parameter {name}", schema)
        check_conditions(f"{tool.name}: parameter {name}", name, properties)
        if "for_each" in schema:
            _check_is_for_many(tool, name, schema["for_each"])
        if schema.get("format") in OF_MODEL and model_parameter(tool) is None:
            raise PluginError(f"{tool.name}: {name} is of a model, and the tool runs none", "add a model_field()")


def check_matcher(matcher: Matcher) -> None:
    """Raise PluginError if a host could not list the matcher."""
    _check_texts(matcher, "name", "label", "description", "subject", "example")
    if matcher.subject not in SUBJECTS:
        raise PluginError(
            f"{matcher.name} has the subject {shown(matcher.subject)}", f"use one of {', '.join(SUBJECTS)}"
        )


def check_text_encoder(encoder: TextEncoder) -> None:
    """Raise PluginError if models could not record the encoder, or it has no plausible size."""
    _check_texts(encoder, "name", "label")
    if not isinstance(encoder.size, int) or not 1 <= encoder.size <= MOST_FEATURES:
        raise PluginError(
            f"{encoder.name} has the size {shown(encoder.size)}", f"say a number from 1 to {MOST_FEATURES}"
        )


def _check_texts(named: Tool | Matcher | TextEncoder, *attributes: str) -> None:
    for attribute in attributes:
        if not isinstance(getattr(named, attribute, None), str):
            raise PluginError(f"{type(named).__name__} has no {attribute}", "set it as a class attribute")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", named.name):
        kind = next(word for base, word in NAMED.items() if isinstance(named, base))
        raise PluginError(f"the {kind} name {shown(named.name)} is not lower-case words joined by hyphens", "rename it")


def _check_input(tool: Tool, item: Input) -> None:
    if item.kind not in INPUT_KINDS:
        message = f"{tool.name}'s input {item.name} has the kind {shown(item.kind)}"
        raise PluginError(message, f"use one of {', '.join(INPUT_KINDS)}")
    if item.takes_many and item.kind != "maps":
        raise PluginError(f"{tool.name}'s input {item.name} takes many, but is no picture", "declare one dataset")
    if item.least > 1 and not (item.many and item.required):
        raise PluginError(f"{tool.name}: {item.name} needs {item.least} values", "say many=True, required=True")
    if item.for_each:
        if item.many or item.required:
            raise PluginError(f"{tool.name}: {item.name} is for each {item.for_each}", "say required=False, many=False")
        _check_is_for_many(tool, item.name, item.for_each)


def _check_is_for_many(tool: Tool, name: str, other: str) -> None:
    """Raise PluginError unless `other`, for each value of which an input or a parameter is, takes many values."""
    if other not in [item.name for item in tool.inputs if item.many]:
        raise PluginError(f"{tool.name}: {name} is for each {shown(other)}", "name an input that takes many")
