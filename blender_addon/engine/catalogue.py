# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogue of the engine's tools, matchers, models and weights, cached on disk, so that registering starts nothing.

Until an engine has described itself, it is the bundled description of the first-party tools.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypedDict

from ..core.descriptions import EngineDescription
from ..core.errors import FileError, Message, ParameterError, ProtocolError, choices, with_ids, with_messages
from ..core.system.transaction import replace_files
from ..core.system.typed_json import as_kind
from ..core.system.untrusted import excerpt, read_json
from . import engine

BUNDLED = Path(__file__).parents[1] / "description.json"
KEPT = "description.json"
LISTED = "the menu Add Layer"
"""Name, in errors, of the place that lists all tools."""
SIZE_PARAMETERS = ("width_px", "height_px")


class Catalogue:
    """The engine's current description. version: of the bundled impasto. revision: number of changes so far."""

    def __init__(self) -> None:
        self.version = ""
        self.revision = 0
        self.description: Mapping[str, Any] = {}
        """The whole description; the engine has already left out tools that no host can draw."""
        self._tools: dict[str, Mapping[str, Any]] = {}
        self.matchers: dict[str, Mapping[str, Any]] = {}
        """Matchers by name, the usual one first."""
        self.plugins: list[Mapping[str, Any]] = []
        self.models: list[Mapping[str, Any]] = []
        self.damaged_models: list[Mapping[str, Any]] = []
        self.weights: list[Mapping[str, Any]] = []

    def load(self) -> None:
        """Read the cached description of the current engine, or the bundled one."""
        bundled = json.loads(BUNDLED.read_text(encoding="utf-8"))
        self.version = bundled["version"]
        self.use(_read_kept(self.version) or bundled)

    def fall_back(self) -> None:
        """Use the bundled description, and delete the cached one."""
        (engine.user_folder() / KEPT).unlink(missing_ok=True)
        self.load()

    def use(self, description: Mapping[str, Any]) -> bool:
        """Use a description; return whether any parameters changed."""
        before = self._parameters()
        self.revision += 1
        self._tools = {tool["name"]: tool for tool in description["tools"]}
        self.matchers = {matcher["name"]: matcher for matcher in description["matchers"]}
        self.plugins = list(description["plugins"])
        self.models = list(description["models"])
        self.damaged_models = list(description["damaged_models"])
        self.weights = list(description["weights"])
        self.description = description
        return self._parameters() != before

    def save(self) -> None:
        """Cache the description for the next session."""
        text = json.dumps({"key": _key(self.version), "description": with_ids(self.description)})
        replace_files({engine.user_folder(create=True) / KEPT: text.encode()})

    def _parameters(self) -> list[Any]:
        """Everything that determines the parameters: the tools, and the sliders and classes of the models."""
        models = [[model[key] for key in ("tool", "name", "label", "classes", "sliders")] for model in self.models]
        return [self._tools, models]

    def models_for(self, tool: str) -> list[Mapping[str, Any]]:
        """Models of a tool, the user's own first."""
        return sorted((model for model in self.models if model["tool"] == tool), key=lambda model: model["bundled"])

    def model(self, tool: str, name: str) -> Mapping[str, Any] | None:
        """Model of this name for a tool; for "" its default model. None if there is none."""
        return next((model for model in self.models_for(tool) if name in ("", model["name"])), None)

    def tools_for(self, task: str) -> list[Mapping[str, Any]]:
        """Tools that do a task (see `impasto.tools.TASKS`), the usual one first."""
        return sorted((tool for tool in self if tool["task"] == task), key=lambda tool: (tool["rank"], tool["name"]))

    def usual(self, task: str) -> str:
        """Name of the default tool for a task; empty if there is none."""
        return next((tool["name"] for tool in self.tools_for(task)), "")

    def matcher(self, name: str) -> Mapping[str, Any]:
        """Matcher of this name. Raise ParameterError, with the known names, if there is none."""
        if name not in self.matchers:
            message = Message("there is no matcher called {}", excerpt(name))
            raise ParameterError(message, "{}; or refresh the tools", choices(name, self.matchers, LISTED))
        return self.matchers[name]

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self._tools.values())

    def __contains__(self, name: str) -> bool:
        return name in self._tools

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        if name not in self._tools:
            message = "there is no tool called {}"
            raise ParameterError(message, "{}; or refresh the tools", excerpt(name), choices(name, self._tools, LISTED))
        return self._tools[name]


def properties_of(tool: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """JSON Schema of each parameter, by name."""
    return tool["parameters"].get("properties", {})


def defaults_of(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Default of each parameter, by name; None for one without."""
    return {name: schema.get("default") for name, schema in properties_of(tool).items()}


def has_size(tool: Mapping[str, Any]) -> bool:
    """Whether the tool makes results of any size."""
    return all(name in properties_of(tool) for name in SIZE_PARAMETERS)


def _key(version: str) -> list[str]:
    found = engine.find()
    return [version, found.python if found else "", found.packages if found else ""]


class _CachedDescription(TypedDict):
    """The cached description. key: its engine and version."""

    key: list[str]
    description: EngineDescription


def _read_kept(version: str) -> EngineDescription | None:
    try:
        cached = as_kind(_CachedDescription, with_messages(read_json(engine.user_folder() / KEPT)), KEPT)
    except (FileError, ProtocolError):
        return None
    return cached["description"] if cached["key"] == _key(version) else None


catalogue = Catalogue()
