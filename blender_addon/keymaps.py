# SPDX-License-Identifier: GPL-3.0-or-later
"""Shortcuts of the most used operators, which the preferences list; they do nothing until switched on there."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

SHORTCUTS = (
    ("3D View", "VIEW_3D", "impasto.generate", "T"),
    ("3D View", "VIEW_3D", "impasto.variations", "V"),
    ("3D View", "VIEW_3D", "impasto.run_layers", "L"),
    ("3D View", "VIEW_3D", "impasto.stylize", "R"),
    ("3D View", "VIEW_3D", "impasto.bake", "B"),
    ("Image", "IMAGE_EDITOR", "impasto.make_seamless", "T"),
    ("Image", "IMAGE_EDITOR", "impasto.fill_region", "R"),
)
"""Blender's keymap and its editor, the operator, and the key beside Ctrl, Shift and Alt, which Blender leaves free."""
_made: list[tuple[bpy.types.KeyMap, bpy.types.KeyMapItem]] = []


def shortcuts() -> Iterator[bpy.types.KeyMapItem]:
    """The shortcuts as the user has them."""
    keymaps = bpy.context.window_manager.keyconfigs.user.keymaps
    for name, space, operator, _key in SHORTCUTS:
        keymap = keymaps.find(name, space_type=space)
        yield from (item for item in keymap.keymap_items if item.idname == operator)


def draw(layout: bpy.types.UILayout) -> None:
    """Draw the shortcuts, each with its switch and its key."""
    for item in shortcuts():
        row = layout.row()
        row.prop(item, "active", text="", emboss=False)
        row.label(text=item.name)
        row.prop(item, "type", text="", full_event=True)


def register() -> None:
    config = bpy.context.window_manager.keyconfigs.addon
    if config is None:  # without windows there are none
        return
    for name, space, operator, key in SHORTCUTS:
        keymap = config.keymaps.new(name, space_type=space)
        item = keymap.keymap_items.new(operator, key, "PRESS", ctrl=True, shift=True, alt=True)
        item.active = False
        _made.append((keymap, item))


def unregister() -> None:
    for keymap, item in _made:
        keymap.keymap_items.remove(item)
    _made.clear()
