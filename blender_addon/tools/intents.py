# SPDX-License-Identifier: GPL-3.0-or-later
"""Intents: the kinds of work that the panels below are for. Three of them are the tab Make, the others a tab each.

Those that make textures by the Impasto panel's tool have one each, which choosing the intent puts back.
"""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, StringProperty

from ..bridge import surfaces
from ..bridge.image_editors import is_image_editor
from ..bridge.target import active_material
from ..engine.catalogue import catalogue

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
"""Intents with a tool of their own, and the task of the one that each begins with; empty: the tool that there is."""


def keep_tool(settings: bpy.types.PropertyGroup) -> None:
    """Remember the tool for the next time that its intent is chosen."""
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
        name="Intent",
        description="The kind of work that the panels below are for",
        items=ITEMS,
        update=_put_back_tool,
    )
    tab: EnumProperty(name="Tab", description="What the panels below show", items=TABS, get=_tab, set=_choose_tab)
    former_make: StringProperty(options={"HIDDEN"})
    photo_tool: StringProperty(options={"HIDDEN"})
    words_tool: StringProperty(options={"HIDDEN"})
    model_tool: StringProperty(options={"HIDDEN"})
