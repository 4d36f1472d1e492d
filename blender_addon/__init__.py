# SPDX-License-Identifier: GPL-3.0-or-later
"""Impasto in Blender. Registering starts nothing: the engine runs when there is something to do."""

from __future__ import annotations

import bpy

from . import commands, jobs, panels, preferences, previews, properties, translations
from .catalogue import catalogue
from .operators import bake, engine, generate, images

CLASSES = (
    preferences.ImpastoPreferences,
    *generate.CLASSES,
    *images.CLASSES,
    *engine.CLASSES,
    *bake.CLASSES,
    *panels.CLASSES,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    catalogue.load()
    properties.register()
    bake.register()
    jobs.register()
    commands.register()
    translations.register()


def unregister() -> None:
    translations.unregister()
    commands.unregister()
    jobs.unregister()
    previews.unregister()
    bake.unregister()
    properties.unregister()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
