# SPDX-License-Identifier: GPL-3.0-or-later
"""Impasto in Blender. Registering starts nothing: the engine runs when there is something to do."""

from __future__ import annotations

import bpy

from . import (
    catalogue,
    commands,
    jobs,
    made,
    menus,
    operators,
    panels,
    preferences,
    presets,
    previews,
    properties,
    settings,
    style_panels,
    stylizing,
    training_panels,
    translations,
    variations,
)

CLASSES = (
    preferences.ImpastoPreferences,
    *operators.CLASSES,
    *presets.CLASSES,
    *menus.CLASSES,
    *panels.CLASSES,
    *style_panels.CLASSES,
    *training_panels.CLASSES,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    catalogue.catalogue.load()
    properties.register()
    settings.register()
    stylizing.register()
    operators.bake.register()
    presets.register()
    jobs.register()
    made.register()
    variations.register()
    commands.register()
    menus.register()
    translations.register()


def unregister() -> None:
    translations.unregister()
    menus.unregister()
    commands.unregister()
    variations.unregister()
    made.unregister()
    jobs.unregister()
    previews.unregister()
    presets.unregister()
    operators.bake.unregister()
    stylizing.unregister()
    settings.unregister()
    properties.unregister()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
