# SPDX-License-Identifier: GPL-3.0-or-later
"""Choices of the panels: tabs and intents at the top, and enums of tools, models and matchers with their thumbnails."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import bpy
from bpy.props import EnumProperty, StringProperty

from ..bridge import surfaces
from ..bridge.image_editors import is_image_editor
from ..bridge.target import active_material
from ..engine.catalogue import catalogue
from ..interface import previews
from ..parameters.groups import model_parameter

PHOTO, WORDS, MODEL, RESTYLE, BAKE, MORE = "PHOTO", "WORDS", "MODEL", "RESTYLE", "BAKE", "MORE"
LAYERS, EXPORT, MAKE = "LAYERS", "EXPORT", "MAKE"
ITEMS = (
    (PHOTO, "From Photo", "A seamless material of any size from a photograph or a set of maps"),
    (WORDS, "From Words", "A material from a phrase, or the procedural twin of a picture"),
    (MODEL, "From Model", "Textures from nothing, by a model that has learned from pictures"),
    (RESTYLE, "Restyle", "Repaint an image, a material or a render in the style of a picture"),
    (BAKE, "Bake", "Bake materials of objects to textures"),
    (MORE, "More", "Train, relight, endless"),
    (LAYERS, "Layers", "Change what the active object's material is made of, layer by layer"),
    (EXPORT, "Export", "Write materials as files for an engine, or many at once"),
)
MAKES = (PHOTO, WORDS, MODEL)
"""Intents of the tab Make."""
TABS = (
    (MAKE, "Make", "Make a material from a photograph, a phrase or a model"),
    *(item for name in (LAYERS, RESTYLE, BAKE, EXPORT, MORE) for item in ITEMS if item[0] == name),
)
_NAMES = [item[0] for item in TABS]
USUAL = {PHOTO: "seamless", WORDS: "", MODEL: "generate"}
"""Task of the first tool of each intent with a tool of its own; empty if the current tool stays."""


def keep_tool(settings: bpy.types.PropertyGroup) -> None:
    """Remember the tool until its intent is chosen again."""
    if settings.intent in USUAL:
        setattr(settings, _former(settings.intent), settings.tool)


def _put_back_tool(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    if settings.intent not in USUAL:
        return
    settings.former_make = settings.intent
    usual = USUAL[settings.intent]
    tool = getattr(settings, _former(settings.intent)) or (catalogue.usual(usual) if usual else "")
    if tool in catalogue and tool != settings.tool:
        settings.tool = tool


def _tab(settings: bpy.types.PropertyGroup) -> int:
    return _NAMES.index(MAKE if settings.intent in MAKES else settings.intent)


def _choose_tab(settings: bpy.types.PropertyGroup, number: int) -> None:
    if number == _tab(settings):
        return
    tab, style = _NAMES[number], settings.id_data.impasto_style
    settings.intent = settings.former_make or PHOTO if tab == MAKE else tab
    is_seen = not is_image_editor(bpy.context) and surfaces.has_base_color(active_material(bpy.context))
    if tab == RESTYLE and not style.is_property_set("subject") and is_seen:
        style.subject = "MATERIAL"


def _former(intent: str) -> str:
    """Name of the property that keeps an intent's tool."""
    return f"{intent.lower()}_tool"


class Intents:
    """Mixin for the panel's settings, which have the `tool` that intents change."""

    intent: EnumProperty(
        name="Intent", description="The kind of work that the panels below are for", items=ITEMS, update=_put_back_tool
    )
    tab: EnumProperty(name="Tab", description="What the panels below show", items=TABS, get=_tab, set=_choose_tab)
    former_make: StringProperty(options={"HIDDEN"})
    photo_tool: StringProperty(options={"HIDDEN"})
    words_tool: StringProperty(options={"HIDDEN"})
    model_tool: StringProperty(options={"HIDDEN"})


LISTS = {
    "tool": (("generator", "filter", "estimator"), "seamless"),
    "layer": (("generator", "filter", "estimator", "stylizer"), ""),
    "estimator": (("estimator",), "maps"),
    "trainer": (("trainer",), "train"),
    "stylizer": (("stylizer",), "stylize"),
}
"""Enums of tools: the kinds in each, and the task of its default tool."""
MATCHER = "matcher"
"""Name of the enum of matchers."""
PICTURED = "pictured"
"""Name of the enum of the panel's tools with a thumbnail."""
MODELS = "models"
"""Name of the enum of generators' models with a thumbnail."""
Item = tuple[str, str, str, str | int, int]
_items: dict[str, tuple[int, list[Item]]] = {}
"""Items of each enum, with the catalogue's revision. They are kept here because Blender keeps no reference to them."""


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
    numbers = numbers_of([tool["name"] for tool in tools] + ["none"], catalogue.usual(task) or None)
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
    """Tools that begin a texture in an intent. All other tools change a texture, as layers."""
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
    """Items of the panel's tools with a thumbnail, without headings, which a gallery would show as gaps."""
    pictured = {tool["name"] for tool in catalogue if tool["thumbnail"]}
    return [item for item in _current("tool") if item[0] in pictured]


def _models() -> list[Item]:
    generators = {tool["name"] for tool in tools_of("tool") if tool["kind"] == "generator"}
    models = {one["name"]: one for one in catalogue.models if one["tool"] in generators and one["thumbnail"]}
    numbers = numbers_of(models)
    icon_of = previews.icon_of_model if not bpy.app.background else lambda _: "NONE"
    return [(name, one["label"], one["material"], icon_of(one), numbers[name]) for name, one in models.items()]


def _matchers() -> list[Item]:
    matchers = catalogue.matchers
    numbers = numbers_of(matchers, next(iter(matchers), None))
    return [(name, about["label"], about["description"], "NONE", numbers[name]) for name, about in matchers.items()]


def _item(tool: Mapping[str, Any], numbers: Mapping[str, int]) -> Item:
    """Enum item of a tool, with its thumbnail if Blender has windows."""
    icon = previews.icon_of_tool(tool) if tool["thumbnail"] and not bpy.app.background else "NONE"
    return tool["name"], tool["label"], tool["description"], icon, numbers[tool["name"]]


MAX_NUMBER = 2**24 - 1
"""Largest number of an item. Blender's buttons hold it as a float32, which is exact up to this number."""
DEFAULT = 0
"""Number of the default item."""


def numbers_of(names: Iterable[str], default: str | None = None) -> dict[str, int]:
    """Number from 1 to `MAX_NUMBER` for each name, by its hash; 0 for the default. All numbers differ."""
    numbers = {} if default is None else {default: DEFAULT}
    taken = {DEFAULT}
    for name in sorted(set(names) - set(numbers)):
        number = _next_number(zlib.crc32(name.encode()) % MAX_NUMBER)
        while number in taken:
            number = _next_number(number)
        numbers[name] = number
        taken.add(number)
    return numbers


def _next_number(number: int) -> int:
    return number % MAX_NUMBER + 1
