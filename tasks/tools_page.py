"""Writes the reference of all tools: `python -m tasks.tools_page`, in the core's Python."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from os.path import relpath
from pathlib import Path
from typing import Any

from impasto.cli.options import SIZE_PARAMETERS
from impasto.plugins.registry import registry
from impasto.schemas import limits_of, readable, readable_default
from impasto.tools import Parameters, Tool, by_group, is_procedural
from impasto_gan.textbook.parameters import TrainTextbookParameters
from impasto_procedural.material import THUMBNAILS
from impasto_procedural.parameters import MaterialParameters
from impasto_style.shared.controls import StyleParameters

from .environments import ROOT

PAGE = ROOT / "docs" / "reference" / "tools.md"
HEAD = """# Tools

Every bundled tool, grouped as in the menu *Add Layer* and `impasto tools`. A line is a parameter with its default, as
recipes have it, its range or choices, and what the name does not say; numbers without a range have that of the same
name above, else 0 to 1. `impasto tools NAME` and tooltips say more. On the command line, `block_px` is `--block-px`.
Tools that choose the size of a result have `width_px` and `height_px`, where 0 is the source's.

Pictures go from source to result with the defaults, but for points, amounts and models that a tool must be given
(`python build.py thumbnails --tools`)."""
PICTURES = ROOT / "docs" / "pictures" / "tools"
USUAL_RANGE = "0..1"
RANGE = re.compile(r"[\d.]+\.\.[\d.]+")
SCALE = re.compile(r"\d[\d.]*:")
"""Begins a description that is a scale, such as "0: raw, 1: glossy"."""
SAID = re.compile(
    "an?|the|of|in|to|and|its?|is|how|much|which|on|that|as|by|with|or|at|for|from|most|all|width|height|length|size|"
    "colour|strength|number|amount|share|spacing|depth|thickness|metres|pixels|average|result|picture|tile|texture|"
    "surface|material|whole|main"
)
"""Words of descriptions that say no more than a parameter's name and unit."""
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
    """Lines of the page; what several tools share is explained once."""
    yield HEAD
    explained: set[str] = set()
    tools = [tool for tool in registry().tools.values() if type(tool).__module__.startswith("impasto_")]
    for group, listed in by_group(tools).items():
        (usual, _), *_ = Counter(KINDS[tool.kind] for tool in listed).most_common()
        yield f"\n## {group}\n\n`{usual} NAME`, but for those with a command of their own."
        for base, whose in BASES.items():
            if any(issubclass(tool.parameters, base) for tool in listed):
                yield f"\n{whose} have these parameters besides their own:\n\n{_table(_schemas(base), explained)}"
        for tool in listed:
            yield f"\n{_about(tool, usual)}"
            shared = {name: schema for base in BASES for name, schema in _shared(tool, base).items()}
            own = {
                name: one
                for name, one in _schemas(tool.parameters).items()
                if not _is_same(name, one, shared.get(name))
            }
            if own:
                yield f"\n{_table(own, explained, 7 if is_procedural(tool) else 4)}"


def _schemas(parameters: type[Parameters]) -> Schemas:
    properties = parameters.model_json_schema().get("properties", {})
    return {name: schema for name, schema in properties.items() if name not in SIZE_PARAMETERS}


def _shared(tool: Tool, base: type[Parameters]) -> Schemas:
    return _schemas(base) if issubclass(tool.parameters, base) else {}


def _is_same(name: str, schema: Mapping[str, Any], shared: Mapping[str, Any] | None) -> bool:
    """Whether a parameter is the shared one; each material has its own real width."""
    return schema == shared or (name == "width_m" and shared is not None)


def _about(tool: Tool, usual: str) -> str:
    """The tool's name in Blender, its picture if it has one, and its command if that is not the group's `usual` one."""
    label = tool.label if is_procedural(tool) else ", ".join(filter(None, (tool.subgroup, tool.label)))
    files = (THUMBNAILS / f"{tool.name}.jpg", PICTURES / f"{tool.name}.webp")
    picture = next((Path(relpath(file, PAGE.parent)).as_posix() for file in files if file.is_file()), "")
    said = tool.name if len(tool.name) >= 8 else f"impasto {tool.name}"
    shown = f"![{said}]({picture})\n\n" if picture else ""
    command = tool.name if KINDS[tool.kind] == usual else f"{KINDS[tool.kind]} {tool.name}"
    return f"### {label}\n\n{shown}`{command}`: {tool.description}."


def _table(schemas: Schemas, explained: set[str], hardly: int = 3) -> str:
    """A line for each parameter: its name and default, its range or choices, and what nothing before says."""
    rows = []
    for name, schema in schemas.items():
        meaning, limits = _meaning(name, schema, hardly), _range(schema)
        usual = f"{name} {limits}"  # the same range is shown for the first parameter of a name
        is_shown = usual not in explained or not RANGE.fullmatch(limits)
        given = "" if meaning in explained else meaning
        rows.append((f"{name}={readable_default(schema)}", limits if is_shown else "", given))
        explained |= {meaning, usual}
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(f"    {row[0]:{first}}  {row[1]:{second}}  {row[2]}".rstrip() for row in rows)


def _range(schema: Mapping[str, Any]) -> str:
    """`0..4` for a range, `>0..4` without its lower end, `loop|cut` for choices; "" for 0..1, colours and switches."""
    if schema.get("format"):
        return "" if schema["format"] == "color" else str(schema["format"])
    components = schema.get("prefixItems", [schema.get("items", schema)])
    ranges = dict.fromkeys(limits_of(one).replace(" to ", "..") or _open_range(one) for one in components)
    kinds = {"boolean": "", "string": "text"}
    shown = ",".join(filter(None, ranges)) or "|".join(schema.get("enum", ())) or kinds.get(schema["type"], "number")
    return "" if shown == USUAL_RANGE else shown


def _open_range(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("exclusiveMinimum"), schema.get("maximum")
    return "" if low is None or high is None else f">{readable(low)}..{readable(high)}"


def _meaning(name: str, schema: Mapping[str, Any], hardly: int) -> str:
    """One or two clauses of the description, whichever say more than the name; "" for `hardly` so many new words."""
    whole = schema.get("description", "").replace(", in metres", "")
    clauses = re.split(r"(?<=[;:])\s", whole)
    said = [whole] if SCALE.match(whole) else [" ".join(clauses[:count]).rstrip(";:") for count in (1, 2)]
    return next((one for one in said if len(_new_words(name, one)) > hardly), "")


def _new_words(name: str, said: str) -> set[str]:
    """Words of a description that its parameter's name does not have."""
    words = {_stem(word) for word in re.findall(r"[a-z]+", said.lower()) if not SAID.fullmatch(word)}
    return words - {_stem(word) for word in name.replace("color", "colour").split("_")}


def _stem(word: str) -> str:
    return word.rstrip("s")


def page() -> str:
    """The page with all lines."""
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
