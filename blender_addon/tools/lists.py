# SPDX-License-Identifier: GPL-3.0-or-later
"""Enums of tools, under headings and with thumbnails where they have some, and of matchers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import bpy

from ..engine.catalogue import catalogue
from ..interface import previews
from ..parameters import enum_numbers
from ..parameters.groups import model_parameter
from .intents import MODEL, PHOTO, WORDS

LISTS = {
    "tool": (("generator", "filter", "estimator"), "seamless"),
    "layer": (("generator", "filter", "estimator", "stylizer"), ""),
    "estimator": (("estimator",), "maps"),
    "trainer": (("trainer",), "train"),
    "stylizer": (("stylizer",), "stylize"),
}
"""Enums of tools: the kinds in each, and the task of the tool that is its default."""
MATCHER = "matcher"
"""The enum of matchers."""
PICTURED = "pictured"
"""The enum of the panel's tools that have a thumbnail."""
MODELS = "models"
"""The enum of the models that generators run and that have a thumbnail."""
Item = tuple[str, str, str, str | int, int]
_items: dict[str, tuple[int, list[Item]]] = {}
"""Items, and the revision of the catalogue that they are of. Blender keeps no reference to their strings."""


def items_of(which: str) -> Callable[[Any, Any], list[Item]]:
    """Items of an enum of tools, one of `LISTS`, or of matchers."""
    return lambda _self, _context: _current(which)


def _current(which: str) -> list[Item]:
    if which not in _items or _items[which][0] != catalogue.revision:
        listed = {MATCHER: _matchers, PICTURED: _gallery_items, MODELS: _models}.get(which, lambda: _listing(which))
        _items[which] = catalogue.revision, listed()
    return _items[which][1]


def _listing(which: str) -> list[Item]:
    tools, task = tools_of(which), LISTS[which][1]
    numbers = enum_numbers.numbers_of([tool["name"] for tool in tools] + ["none"], catalogue.usual(task) or None)
    items: list[Item] = []
    groups = tools_by_group(tools)
    for group, of_group in groups.items():
        for subgroup, of_subgroup in of_group.items():
            items += [("", subgroup or group, "", "NONE", 0)] if len(groups) > 1 else []  # a heading
            items += [_item(tool, numbers) for tool in of_subgroup]
    if task == "maps":
        items.append(("none", "None", "Only the maps that the tool itself makes", "NONE", numbers["none"]))
    return items


def tools_by_group(tools: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, list[Mapping[str, Any]]]]:
    """Tools by group and subgroup, in the catalogue's order."""
    found: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for tool in tools:
        found.setdefault(tool["group"], {}).setdefault(tool["subgroup"], []).append(tool)
    return found


def tools_of(which: str) -> list[Mapping[str, Any]]:
    """Tools of one of `LISTS`."""
    return [tool for tool in catalogue if tool["kind"] in LISTS[which][0]]


def tools_of_intent(intent: str) -> list[Mapping[str, Any]]:
    """The tools that begin a texture in an intent: all others change one, as layers."""
    return [tool for tool in tools_of("tool") if tool["kind"] != "filter" and _intent_of(tool) == intent]


def _intent_of(tool: Mapping[str, Any]) -> str:
    if tool["thumbnail"]:
        return WORDS
    is_learned = model_parameter(tool) and tool["kind"] == "generator" and not tool["needs"]
    return MODEL if is_learned else PHOTO


def is_pictured(tool: str) -> bool:
    """Whether a tool is chosen by its thumbnail: a procedural material."""
    return tool in catalogue and bool(catalogue[tool]["thumbnail"])


def _gallery_items() -> list[Item]:
    """The items of the panel's tools with a thumbnail, without the headings, which a gallery would show as gaps."""
    pictured = {tool["name"] for tool in catalogue if tool["thumbnail"]}
    return [item for item in _current("tool") if item[0] in pictured]


def _models() -> list[Item]:
    generators = {tool["name"] for tool in tools_of("tool") if tool["kind"] == "generator"}
    models = {one["name"]: one for one in catalogue.models if one["tool"] in generators and one["thumbnail"]}
    numbers = enum_numbers.numbers_of(models)
    icon_of = previews.icon_of_model if not bpy.app.background else lambda _: "NONE"
    return [(name, one["label"], one["material"], icon_of(one), numbers[name]) for name, one in models.items()]


def _matchers() -> list[Item]:
    matchers = catalogue.matchers
    numbers = enum_numbers.numbers_of(matchers, next(iter(matchers), None))
    return [(name, about["label"], about["description"], "NONE", numbers[name]) for name, about in matchers.items()]


def _item(tool: Mapping[str, Any], numbers: Mapping[str, int]) -> Item:
    """Enum item of a tool, with its thumbnail where there are windows to show it in."""
    icon = previews.icon_of_tool(tool) if tool["thumbnail"] and not bpy.app.background else "NONE"
    return tool["name"], tool["label"], tool["description"], icon, numbers[tool["name"]]
