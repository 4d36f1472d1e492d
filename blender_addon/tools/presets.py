# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets of each tool's parameters: files in Blender's format, in a folder for each tool.

The user's are in Blender's folder for presets; bundled ones are in `shipped` and cannot be removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
from bl_operators.presets import AddPresetBase

from ..engine.catalogue import SIZE_PARAMETERS, catalogue, has_size, properties_of
from ..parameters import model_values, properties
from ..parameters.groups import belongs_to_model, chosen_model
from ..windows import redraw

SHIPPED = str(Path(__file__).parents[1] / "shipped")


class Presets:
    """Mixin for a menu: presets of the tool that is chosen in the scene's `settings`."""

    bl_label = "Presets"  # Blender writes the name of the preset here that was chosen last
    preset_operator = "script.execute_preset"
    settings = "impasto"
    tool = ""  # the tool that it is for; empty: no preset was chosen
    draw = bpy.types.Menu.draw_preset

    @property
    def preset_subdir(self) -> str:
        return folder_of(chosen_tool(self.settings))

    @classmethod
    def reset_cb(cls, context: bpy.types.Context, filepath: str) -> None:
        """Reset the tool's parameters to its defaults. Blender calls this before it runs a preset."""
        cls.tool = Path(filepath).parent.name
        if cls.tool in catalogue:
            tool = catalogue[cls.tool]
            group = properties.group_of(context.scene, tool)
            for name in own_parameters(tool):
                group.property_unset(properties.identifier(name))
        redraw()


class IMPASTO_MT_presets(Presets, bpy.types.Menu):
    """The presets of the chosen tool"""


class IMPASTO_MT_style_presets(Presets, bpy.types.Menu):
    """The presets of the chosen stylizer"""

    settings = "impasto_style"


class AddsPreset(AddPresetBase):
    """Mixin for an operator: adds or removes a preset of a `menu`'s tool."""

    bl_label = "Add Preset"
    menu = Presets

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return chosen_tool(cls.menu.settings) in catalogue

    @property
    def preset_menu(self) -> str:
        return self.menu.__name__

    @property
    def preset_subdir(self) -> str:
        return folder_of(chosen_tool(self.menu.settings))

    @property
    def preset_values(self) -> list[str]:
        """Full paths of the values: Blender 4.3 on Python 3.13, as in Debian, ignores `preset_defines`."""
        tool = catalogue[chosen_tool(self.menu.settings)]
        size = SIZE_PARAMETERS if has_size(tool) else ()
        own = [properties.identifier(name) for name in own_parameters(tool)]
        group = f"bpy.context.scene.impasto_parameters.{properties.identifier(tool['name'])}"
        return [f"{group}.{name}" for name in (*own, *of_model(tool), *size)]

    def post_cb(self, context: bpy.types.Context, filepath: str) -> None:
        """Name the menu as the preset. Blender calls this at the end, after it named the menu in Title Case."""
        is_added = not (self.remove_name or self.remove_active)
        self.menu.tool = chosen_tool(self.menu.settings) if is_added else ""
        self.menu.bl_label = bpy.path.display_name(filepath, title_case=False) if is_added else "Presets"
        redraw()


class IMPASTO_OT_preset_add(AddsPreset, bpy.types.Operator):
    """Add or remove a preset of the chosen tool's parameters and size"""

    bl_idname = "impasto.preset_add"
    menu = IMPASTO_MT_presets


class IMPASTO_OT_style_preset_add(AddsPreset, bpy.types.Operator):
    """Add or remove a preset of the chosen stylizer's parameters"""

    bl_idname = "impasto.style_preset_add"
    menu = IMPASTO_MT_style_presets


def own_parameters(tool: Mapping[str, Any]) -> list[str]:
    """Parameters of a tool that do not belong to a model."""
    known = properties_of(tool)
    return [name for name in properties.drawn_parameters(tool) if not belongs_to_model(known[name])]


def of_model(tool: Mapping[str, Any]) -> list[str]:
    """Properties of the chosen model's own parameters, as paths from the tool's group."""
    group = properties.group_of(bpy.context.scene, tool)
    if (model := chosen_model(group, tool)) is None:
        return []
    pointer = model_values.pointer_to(model["name"])
    names = [name for name, schema in properties_of(tool).items() if belongs_to_model(schema)]
    return [f"{pointer}.{own}" for name in names for own in model_values.property_names(group, tool, name)]


def folder_of(tool: str) -> str:
    """Folder of a tool's presets, within any folder of presets."""
    return f"impasto/{tool}"


def chosen_tool(settings: str) -> str:
    """Tool that is chosen in the scene's settings of this name."""
    return getattr(bpy.context.scene, settings).tool


def choice(menu: type[Presets]) -> str:
    """Name of the preset chosen or added last, if it is one of the tool's; else empty."""
    return menu.bl_label if menu.tool == chosen_tool(menu.settings) else ""


def draw(layout: bpy.types.UILayout, adds: type[AddsPreset] = IMPASTO_OT_preset_add) -> None:
    """Draw the menu, and the buttons that add a preset and remove the chosen one."""
    name = choice(adds.menu)
    row = layout.row(align=True)
    row.menu(adds.menu.__name__, text=name or "Presets")
    row.operator(adds.bl_idname, text="", icon="ADD")
    if name:
        button = row.operator(adds.bl_idname, text="", icon="REMOVE")
        button.name, button.remove_name = name, True


CLASSES = (IMPASTO_MT_presets, IMPASTO_MT_style_presets, IMPASTO_OT_preset_add, IMPASTO_OT_style_preset_add)


def register() -> None:
    bpy.utils.register_preset_path(SHIPPED)


def unregister() -> None:
    bpy.utils.unregister_preset_path(SHIPPED)
