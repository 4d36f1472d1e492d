"""Checks of the tools, matchers and text encoders of plugins: whether every host can list them."""

from __future__ import annotations

from dataclasses import is_dataclass

from ..actions import Action
from ..descriptions import MatcherDescription, ToolDescription, check_description, check_name
from ..errors import ParameterError, PluginError, ProtocolError
from ..matchers import SUBJECTS, Matcher, describe_matcher
from ..parameters import SizeParameters
from ..system.typed_json import as_kind
from ..system.untrusted import excerpt
from ..text_encoders import MOST_FEATURES, TextEncoder
from ..texture import MAP_CHANNELS
from ..tools import TASKS, Tool, describe, makes_tiles, validate


def check_tool(tool: Tool) -> None:
    """Raise PluginError if a host could not list the tool or draw its parameters."""
    _check_texts("tool", tool, "kind", "name", "label", "description", "group", "subgroup")
    if tool.task and tool.task not in TASKS:
        raise PluginError(f"{tool.name} has the task {excerpt(tool.task)}", f"use one of {', '.join(TASKS)}, or none")
    if makes_tiles(tool) and not issubclass(tool.parameters, SizeParameters):
        raise PluginError(f"{tool.name} makes tiles of an unknown size", "derive its parameters from SizeParameters")
    unknown = set(tool.needs) - set(MAP_CHANNELS)
    if unknown:
        raise PluginError(f"{tool.name} needs unknown maps {sorted(unknown)}", f"use {', '.join(MAP_CHANNELS)}")
    described = describe(tool)
    check_description(described)
    _check_types(ToolDescription, described)
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
    _check_types(MatcherDescription, describe_matcher(matcher))


def check_action(action: Action) -> None:
    """Raise PluginError if requests could not name the action, or its values could not travel."""
    check_name("action", action.name)
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
    check_name(kind, named.name)


def _check_types(kind: type, described: ToolDescription | MatcherDescription) -> None:
    try:
        as_kind(kind, described, described["name"])
    except ProtocolError as error:
        raise PluginError(error.message, "see its class attributes in impasto.tools or impasto.matchers") from error
