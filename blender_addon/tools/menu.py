# SPDX-License-Identifier: GPL-3.0-or-later
"""Menus of tools by group: tools of an intent, for the Impasto panel, and all tools, to add a layer.

Each submenu is a class of its own: Blender's search of a menu looks into each class once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import bpy

from ..core.descriptions import GROUPS
from ..interface import previews
from .lists import tools_by_group, tools_of, tools_of_intent

LONGEST = 17
"""Most lines in a column of a menu, unless a single subgroup is longer."""
ICONS = {
    "Prepare": "MODIFIER",
    "Make": "TEXTURE",
    "Repair": "SCULPTMODE_HLT",
    "Maps": "NODE_MATERIAL",
    "Finish": "COLOR",
    "Age": "MOD_NOISE",
    "Style": "BRUSH_DATA",
    "Shape": "MOD_UVPROJECT",
}
DrawTool = Callable[[bpy.types.UILayout, bpy.types.Context, Mapping[str, Any]], None]
"""Draws a tool's entry."""


class IMPASTO_MT_tools(bpy.types.Menu):
    bl_label = "Tool"
    bl_description = "The tools that begin a texture, as the choices at the top are; layers change it"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        draw_search(layout, "Search", type(self).__name__)
        layout.separator()
        groups = tools_by_group(tools_of_intent(context.scene.impasto.intent))
        headed = {below or group: tools for group, found in groups.items() for below, tools in found.items()}
        row = layout.row()
        for column in columns(headed):
            _draw_column(row.column(), context, column, _draw_choice)


class IMPASTO_MT_add_layer(bpy.types.Menu):
    bl_label = "Add Layer"
    bl_description = "All tools by what they are for"

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        draw_search(layout, "Search", type(self).__name__)
        layout.separator()
        for group in tools_by_group(tools_of("layer")):
            layout.menu(name_of(group), text=group, icon=ICONS.get(group, "NONE"))


def draw(layout: bpy.types.UILayout, tool: Mapping[str, Any] | None) -> None:
    """Draw the button that opens the menu and shows the chosen tool, and the button that searches the menu.

    `UILayout.prop_with_menu` would do the same, but crashes Blender 4.3 as soon as the mouse is over it.
    """
    row = layout.row(align=True)
    label = tool["label"] if tool else IMPASTO_MT_tools.bl_label
    row.menu(IMPASTO_MT_tools.__name__, text=label, icon_value=previews.icon_of_tool(tool) if tool else 0)
    draw_search(row, "", IMPASTO_MT_tools.__name__)


def draw_search(layout: bpy.types.UILayout, text: str, menu: str) -> None:
    """Draw a button that searches a menu for a tool by name."""
    layout.operator_context = "INVOKE_DEFAULT"
    layout.operator("wm.search_single_menu", text=text, icon="VIEWZOOM").menu_idname = menu


def name_of(group: str) -> str:
    """Name of a group's menu of layers."""
    return f"{IMPASTO_MT_add_layer.__name__}_{group.lower()}"


def _menu(group: str) -> type[bpy.types.Menu]:
    def draw(self: bpy.types.Menu, context: bpy.types.Context) -> None:
        row = self.layout.row()
        for column in columns(tools_by_group(tools_of("layer")).get(group, {})):
            _draw_column(row.column(), context, column, _draw_layer)

    return type(name_of(group), (bpy.types.Menu,), {"bl_label": group, "draw": draw})


def _draw_choice(layout: bpy.types.UILayout, context: bpy.types.Context, tool: Mapping[str, Any]) -> None:
    layout.prop_enum(context.scene.impasto, "tool", tool["name"])


def _draw_layer(layout: bpy.types.UILayout, _context: bpy.types.Context, tool: Mapping[str, Any]) -> None:
    layout.operator("impasto.add_layer", text=tool["label"]).tool = tool["name"]


def _draw_column(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    column: Mapping[str, Sequence[Mapping[str, Any]]],
    draw_tool: DrawTool,
) -> None:
    for index, (subgroup, tools) in enumerate(column.items()):
        if index:
            layout.separator()
        if subgroup:
            layout.label(text=subgroup)
        for tool in tools:
            draw_tool(layout, context, tool)


def columns(subgroups: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Sequence[Mapping[str, Any]]]]:
    """Subgroups in columns of up to `LONGEST` lines, including headings."""
    found: list[dict[str, Sequence[Mapping[str, Any]]]] = []
    lines = LONGEST
    for subgroup, tools in subgroups.items():
        needed = len(tools) + bool(subgroup)
        if lines + needed > LONGEST:
            found.append({})
            lines = 0
        found[-1][subgroup] = tools
        lines += needed
    return found


CLASSES = (*map(_menu, GROUPS), IMPASTO_MT_tools, IMPASTO_MT_add_layer)
