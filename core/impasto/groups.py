"""Groups of tools by what an artist wants to do, which every host and the documentation list in this order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tools import Tool

GROUPS: Mapping[str, str] = {
    "Prepare": "get a photograph ready",
    "Make": "make a material",
    "Repair": "remove what is wrong, and go on beyond the borders",
    "Maps": "estimate, measure and convert maps",
    "Finish": "change colours and detail",
    "Age": "wear, soil and cover a material",
    "Style": "repaint",
    "Shape": "fit textures to shapes and to other programs",
    "Train": "make models",
}
"""The groups, and what each is for. A tool names its own: `group = "Repair"`; each kind of tool has a default."""


def by_group(tools: Iterable[Tool]) -> dict[str, list[Tool]]:
    """Tools of each group that has any: those without a subgroup or with the one of lowest rank first, then by rank."""
    listed = list(tools)
    ranks: dict[tuple[str, str], int] = {}
    for tool in listed:
        key = tool.group, tool.subgroup
        ranks[key] = min(tool.rank, ranks.get(key, tool.rank))

    def place(tool: Tool) -> tuple[int, str, int, str]:
        return ranks[tool.group, tool.subgroup], tool.subgroup, tool.rank, tool.name

    found = {group: sorted((tool for tool in listed if tool.group == group), key=place) for group in GROUPS}
    return {group: tools for group, tools in found.items() if tools}
