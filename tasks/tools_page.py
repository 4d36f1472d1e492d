"""Writes the reference of all tools: `python -m tasks.tools_page`, in the core's Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from os.path import relpath
from pathlib import Path
from typing import Any

from impasto.cli.parser import COMMANDS
from impasto.descriptions import GROUPS
from impasto.plugins.registry import registry
from impasto.schemas import conditions_of, limits_of, readable, readable_default
from impasto.tools import Input, Parameters, SizeParameters, Tool, by_group, is_procedural
from impasto_classroom.parameters import TrainTextbookParameters
from impasto_procedural.material import THUMBNAILS
from impasto_procedural.parameters import MaterialParameters
from impasto_style.shared.controls import StyleParameters

from .environments import ROOT
from .markdown import MADE, REFERENCE, paragraph, put, table

PAGE = REFERENCE / "tools.md"
HEAD = f"""# Tools

{MADE}

Every bundled tool, grouped as in the menu *Add Layer* and `impasto tools`. Parameters are named as in recipes: on the
command line, `block_px` is `--block-px`.

Pictures go from source to result with the defaults, but for points, amounts and models that a tool must be given
(`python build.py thumbnails --tools`). Those of `gatys` and `cnn-texture` are made with the published weights
`vgg19-small`. Results of textbook GANs are on [their own page](../explanation/generators.md).
"""
PICTURES = ROOT / "docs" / "pictures" / "tools"
BASES: Mapping[type[Parameters], str] = {
    MaterialParameters: "Parameters of every procedural material",
    StyleParameters: "Parameters of stylizers",
    TrainTextbookParameters: "Parameters of trainings of textbook GANs",
    SizeParameters: "Size of the result",
}
"""Parameters that are listed once for all tools that have them, under this heading; a narrower class comes first."""
FORMATS = {"color": "colour", "sliders": "model's sliders"}
"""Words for formats of parameters, where the format's own name does not do."""
Schemas = Mapping[str, Mapping[str, Any]]


def lines() -> Iterator[str]:
    """Parts of the page; parameters that several tools share are listed once, at its end."""
    yield HEAD
    tools = [tool for tool in registry().tools.values() if type(tool).__module__.startswith("impasto_")]
    for group, listed in by_group(tools).items():
        (usual, _), *_ = Counter(map(_command, listed)).most_common()
        purpose = paragraph(GROUPS[group].capitalize())
        yield f"## {group}\n\n{purpose} `{usual} NAME`, but for those with a command of their own.\n"
        for tool in listed:
            yield from _about(tool, usual)
    yield "## Shared parameters\n\nTools show these parameters themselves only where a default or a range differs.\n"
    for base, heading in BASES.items():
        inherited = _inherited(base) if base is not SizeParameters else {}
        own = {name: one for name, one in _schemas(base).items() if one != inherited.get(name)}
        yield f"## {heading}\n\n{_table(own)}"


def _command(tool: Tool) -> str:
    """The command that runs tools of this kind."""
    return f"impasto {COMMANDS.get(tool.kind, 'apply')}"


def _about(tool: Tool, usual: str) -> Iterator[str]:
    """A tool's name in Blender, its picture if it has one, its command, inputs and parameters."""
    yield f"### {tool.label if is_procedural(tool) else ', '.join(filter(None, (tool.subgroup, tool.label)))}\n"
    files = (THUMBNAILS / f"{tool.name}.jpg", PICTURES / f"{tool.name}.webp")
    if picture := next((Path(relpath(file, PAGE.parent)).as_posix() for file in files if file.is_file()), ""):
        yield f"![{tool.name if len(tool.name) >= 8 else f'impasto {tool.name}'}]({picture})\n"
    command = tool.name if _command(tool) == usual else f"{_command(tool)} {tool.name}"
    needs = f" Its subject must have the maps {', '.join(tool.needs)}." if len(tool.needs) > 1 else ""
    weights = f" Published weights that it can use: {', '.join(tool.weights)}." if tool.weights else ""
    yield f"`{command}`: {paragraph(tool.description)}{needs}{weights}\n"
    if tool.inputs:
        yield table(
            ("input", "kind", "meaning"), [(f"`{one.name}`", _kind(one), one.description) for one in tool.inputs]
        )
    shared = _inherited(tool.parameters)
    own = {name: one for name, one in _schemas(tool.parameters).items() if one != shared.get(name)}
    if own:
        yield _table(own)
    if settings := tool.settings():
        named = ((one["name"], one["about"], _values(one["values"])) for one in settings)
        yield table(("`--settings`", "what for", "values"), named)
    if bases := [heading for base, heading in BASES.items() if issubclass(tool.parameters, base)]:
        links = " and ".join(f"[{one[0].lower()}{one[1:]}](#{one.lower().replace(' ', '-')})" for one in bases)
        yield f"Also: {links}.\n"


def _values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}` {readable(value)}" for name, value in values.items())


def _inherited(parameters: type[Parameters]) -> Schemas:
    """Parameters that a model inherits from its base classes."""
    found: dict[str, Mapping[str, Any]] = {}
    for base in reversed(BASES):
        if issubclass(parameters, base) and parameters is not base:
            found |= _schemas(base)
    return found


def _schemas(parameters: type[Parameters]) -> Schemas:
    return parameters.model_json_schema().get("properties", {})


def _kind(one: Input) -> str:
    words = (one.kind, "several" if one.many else "", f"for each {one.for_each}" if one.for_each else "")
    return ", ".join(filter(None, (*words, "" if one.required else "optional")))


def _table(schemas: Schemas) -> str:
    """A row for each parameter: its name, default, range or choices, and its whole description."""
    rows = [(f"`{name}`", readable_default(one), _range(one), _meaning(one)) for name, one in schemas.items()]
    return table(("parameter", "default", "range", "meaning"), rows)


def _range(schema: Mapping[str, Any]) -> str:
    """Choices, a range or the ranges of the components, or the kind of value."""
    if schema.get("format"):
        return FORMATS.get(schema["format"], str(schema["format"]))
    choices = schema.get("enum", [schema["const"]] if "const" in schema else ())
    components = schema.get("prefixItems", [schema.get("items", schema)])
    ranges = dict.fromkeys(filter(None, (limits_of(one) or _open_range(one) for one in components)))
    kinds = {"boolean": "on, off", "string": "text", "integer": "whole number"}
    return ", ".join(map(str, choices)) or ", ".join(ranges) or kinds.get(schema["type"], schema["type"])


def _open_range(schema: Mapping[str, Any]) -> str:
    """A range with only one limit."""
    names = {"exclusiveMinimum": "above", "minimum": "from", "exclusiveMaximum": "below", "maximum": "to"}
    return " ".join(f"{word} {readable(schema[name])}" for name, word in names.items() if schema.get(name) is not None)


def _meaning(schema: Mapping[str, Any]) -> str:
    """The whole description, the meaning of zero, and when the parameter has an effect."""
    zero = f"0: {schema['zero']}" if "zero" in schema and "0:" not in schema["description"] else ""
    return "; ".join(filter(None, (schema["description"], zero, conditions_of(schema))))


def page() -> str:
    """The page with all parts."""
    return "\n".join(lines())


if __name__ == "__main__":
    put({PAGE: page()})
