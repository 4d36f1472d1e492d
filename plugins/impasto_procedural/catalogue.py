"""The procedural materials, as `materials.toml` lists them with their parameters."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

from pydantic import create_model

from impasto.tools import Color, Field, Parameters, Tool

from .material import Material, MaterialParameters

FILE = Path(__file__).with_name("materials.toml")
FILTERS: Mapping[str, Any] = tomllib.loads(FILE.with_name("filters.toml").read_text(encoding="utf-8"))
"""Parameters of the filters `cover` and `marks`, declared as those of materials."""
LISTED = ("label", "description", "subgroup")
HINTS = ("visible_if", "soft_maximum", "decimals")
"""Hints for hosts, in addition to a parameter's limits and texts."""


@cache
def all_materials() -> tuple[Material, ...]:
    """One instance of each material, sorted by name."""
    declared = tomllib.loads(FILE.read_text(encoding="utf-8"))
    shared = declared.pop("shared")
    return tuple(_material(name, about, shared) for name, about in declared.items())


class ParametersOnUse(partial):
    """A class of parameters: making all of them takes a third of the start of a worker, which uses few."""

    def __get__(self, tool: Tool | None, kind: type[Tool]) -> type[Parameters]:
        kind.parameters = made = self()
        return made


def parameters_of(
    title: str, about: Mapping[str, Any], base: type[Parameters], shared: Mapping[str, Mapping[str, Any]]
) -> ParametersOnUse:
    """The class of declared parameters. shared: what parameters with a default alone have in common."""
    fields: dict[str, Any] = {"__base__": base, "__doc__": about["about"]}
    fields |= {
        key: _parameter(declared if isinstance(declared, dict) else {**shared[key], "default": declared})
        for key, declared in about["parameters"].items()
    }
    return ParametersOnUse(create_model, f"{title}Parameters", **fields)


def _material(name: str, about: Mapping[str, Any], shared: Mapping[str, Mapping[str, Any]]) -> Material:
    title = "".join(word.capitalize() for word in name.split("-"))
    attributes = {key: about[key] for key in (*LISTED, "stands") if key in about}
    attributes |= {"name": name, "parameters": parameters_of(title, about, MaterialParameters, shared)}
    return type(title, (Material,), {**attributes, "__module__": __name__})()


def _parameter(declared: Mapping[str, Any]) -> tuple[Any, Any]:
    """Type and field of a parameter: a choice, a colour, or a number, from 0 to 1 if it declares no limits."""
    field_options = {key: value for key, value in declared.items() if key not in HINTS}
    if hints := {key: declared[key] for key in HINTS if key in declared}:
        field_options["json_schema_extra"] = hints
    default, options = field_options.pop("default"), field_options.pop("choices", None)
    kind: Any = Literal[tuple(options)] if options else type(default)
    if kind is list:
        kind, default = Color, tuple(default)
    if kind is float:
        field_options = {"ge": 0, "le": 1, **field_options}
    return kind, Field(default, **field_options)
