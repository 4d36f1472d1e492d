"""Writes docs/tools.md, the list of all tools: `python -m tasks.tools_page`, in the core's Python."""

from __future__ import annotations

from collections.abc import Iterator

from impasto.descriptions import GROUPS
from impasto.plugins.registry import registry
from impasto.tools import by_group

from .environments import ROOT

PAGE = ROOT / "docs" / "tools.md"
HEAD = """# The tools

Every tool of the bundled plugins, by what it is for. Blender's *Tool* menu and `impasto tools` list them in this order,
with those of other plugins; `impasto tools NAME` shows the parameters of one."""
KINDS = {
    "generator": "impasto generate",
    "filter": "impasto apply",
    "estimator": "impasto apply",
    "stylizer": "impasto stylize --tool",
    "trainer": "impasto train",
}
"""The command that runs a tool of each kind."""


def lines() -> Iterator[str]:
    """Lines of the page."""
    yield HEAD
    tools = [tool for tool in registry().tools.values() if type(tool).__module__.startswith("impasto_")]
    for group, listed in by_group(tools).items():
        yield f"\n## {group}\n\nTo {GROUPS[group]}.\n\n| in Blender | command | what it does |\n| --- | --- | --- |"
        for tool in listed:
            label = " / ".join(filter(None, (tool.subgroup, tool.label)))
            yield f"| {label} | `{KINDS[tool.kind]} {tool.name}` | {tool.description} |"


def page() -> str:
    """The page with all lines."""
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
