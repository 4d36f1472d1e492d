"""Writes the reference of all tools: `python -m tasks.tools_page`, in the core's Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os.path import relpath
from pathlib import Path
from typing import Any

from impasto.plugins.registry import registry
from impasto.schemas import limits_of, readable, readable_default
from impasto.tools import Parameters, Tool, by_group
from impasto_gan.textbook.parameters import TrainTextbookParameters
from impasto_procedural.material import THUMBNAILS
from impasto_procedural.parameters import MaterialParameters
from impasto_style.shared.controls import StyleParameters

from .environments import ROOT

PAGE = ROOT / "docs" / "reference" / "tools.md"
HEAD = """# Tools

Every bundled tool, grouped as in Blender's *Tool* menu and `impasto tools`. Each parameter is listed with its range and
default, under the name that recipes use; on the command line, `width_px` is `--width-px`. `impasto tools NAME` and
Blender's tooltips say what each one does."""
KINDS = {
    "generator": "impasto generate",
    "filter": "impasto apply",
    "estimator": "impasto apply",
    "stylizer": "impasto stylize --tool",
    "trainer": "impasto train",
}
"""The command that runs a tool of each kind."""
BASES: Mapping[type[Parameters], str] = {
    MaterialParameters: "Procedural materials, from *Carpet* on,",
    StyleParameters: "Stylizers, but for trained styles,",
    TrainTextbookParameters: "Textbook GANs",
}
"""Parameters that are listed once for all tools that have them, and whose they are."""
Schemas = Mapping[str, Mapping[str, Any]]


def lines() -> Iterator[str]:
    """Lines of the page."""
    yield HEAD
    tools = [tool for tool in registry().tools.values() if type(tool).__module__.startswith("impasto_")]
    for group, listed in by_group(tools).items():
        yield f"\n## {group}"
        for base, whose in BASES.items():
            if any(issubclass(tool.parameters, base) for tool in listed):
                yield f"\n{whose} have these parameters besides their own:\n\n{_table(_schemas(base))}"
        for tool in listed:
            yield f"\n{_about(tool)}"
            shared = {name: schema for base in BASES for name, schema in _shared(tool, base).items()}
            own = {name: one for name, one in _schemas(tool.parameters).items() if one != shared.get(name)}
            if own:
                yield f"\n{_table(own)}"


def _schemas(parameters: type[Parameters]) -> Schemas:
    return parameters.model_json_schema().get("properties", {})


def _shared(tool: Tool, base: type[Parameters]) -> Schemas:
    return _schemas(base) if issubclass(tool.parameters, base) else {}


def _about(tool: Tool) -> str:
    """The tool's name in Blender, its command, and its picture if it has one."""
    label = ", ".join(filter(None, (tool.subgroup, tool.label)))
    picture = THUMBNAILS / f"{tool.name}.jpg"
    shown = f"![{label}]({Path(relpath(picture, PAGE.parent)).as_posix()})\n\n" if picture.is_file() else ""
    return f"### {label}\n\n{shown}`{KINDS[tool.kind]} {tool.name}`: {tool.description}."


def _table(schemas: Schemas) -> str:
    """A line for each parameter: its name, its range or its choices, and its default."""
    rows = [(name, _range(schema), readable_default(schema)) for name, schema in schemas.items()]
    names, ranges = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(["```", *(f"{row[0]:{names}}  {row[1]:{ranges}}  {row[2]}" for row in rows), "```"])


def _range(schema: Mapping[str, Any]) -> str:
    """`0..1` for a range, `>0..1` without its lower end, `loop|cut` for choices, else the kind of value."""
    if schema.get("format"):
        return str(schema["format"])
    components = schema.get("prefixItems", [schema.get("items", schema)])
    ranges = dict.fromkeys(limits_of(one).replace(" to ", "..") or _open_range(one) for one in components)
    kinds = {"boolean": "on|off", "string": "text"}
    return ",".join(filter(None, ranges)) or "|".join(schema.get("enum", ())) or kinds.get(schema["type"], "number")


def _open_range(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("exclusiveMinimum"), schema.get("maximum")
    return "" if low is None or high is None else f">{readable(low)}..{readable(high)}"


def page() -> str:
    """The page with all lines."""
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
