# SPDX-License-Identifier: GPL-3.0-or-later
"""Enums of tools, under headings and with thumbnails where they have some, and of matchers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import bpy

from ..engine.catalogue import catalogue
from ..interface import previews
from ..parameters import enum_numbers

LISTS = {
    "tool": (("generator", "filter", "estimator"), "seamless"),
    "estimator": (("estimator",), "maps"),
    "trainer": (("trainer",), "train"),
    "stylizer": (("stylizer",), "stylize"),
}
"""Enums of tools: the kinds in each, and the task of the tool that is its default."""
MATCHER = "matcher"
"""The enum of matchers."""
Item = tuple[str, str, str, str | int, int]
_items: dict[str, tuple[int, list[Item]]] = {}
"""Items, and the revision of the catalogue that they are of. Blender keeps no reference to their strings."""


def items_of(which: str) -> Callable[[Any, Any], list[Item]]:
    """Items of an enum of tools, one of `LISTS`, or of matchers."""
    return lambda _self, _context: _current(which)


def _current(which: str) -> list[Item]:
    if which not in _items or _items[which][0] != catalogue.revision:
        _items[which] = catalogue.revision, _matchers() if which == MATCHER else _listed(*LISTS[which])
    return _items[which][1]


def _listed(kinds: tuple[str, ...], task: str) -> list[Item]:
    tools = [tool for tool in catalogue if tool["kind"] in kinds]
    numbers = enum_numbers.numbers_of([tool["name"] for tool in tools] + ["none"], catalogue.usual(task) or None)
    items: list[Item] = []
    for group in dict.fromkeys(["", *sorted(tool["group"] for tool in tools)]):
        items += [("", group, "", "NONE", 0)] if group else []  # a heading
        items += [_item(tool, numbers) for tool in tools if tool["group"] == group]
    if task == "maps":
        items.append(("none", "None", "Only the maps that the tool itself makes", "NONE", numbers["none"]))
    return items


def _matchers() -> list[Item]:
    matchers = catalogue.matchers
    numbers = enum_numbers.numbers_of(matchers, next(iter(matchers), None))
    return [(name, about["label"], about["description"], "NONE", numbers[name]) for name, about in matchers.items()]


def _item(tool: Mapping[str, Any], numbers: Mapping[str, int]) -> Item:
    """Enum item of a tool, with its thumbnail where there are windows to show it in."""
    icon = previews.icon_of_tool(tool) if tool["thumbnail"] and not bpy.app.background else "NONE"
    return tool["name"], tool["label"], tool["description"], icon, numbers[tool["name"]]
