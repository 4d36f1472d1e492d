# SPDX-License-Identifier: GPL-3.0-or-later
"""Impasto's preferences: the engine's Python and the button that makes one, folders, device, weights."""

from __future__ import annotations

import os

import bpy

from . import menus
from .engine import engine
from .engine.settings import PreferenceProperties
from .interface.drawing import name_place
from .jobs.task import Place
from .library import draw_weights
from .setup.panel import draw_builds, draw_engine_buttons, draw_engine_state
from .tools.panel import section


class ImpastoPreferences(PreferenceProperties, bpy.types.AddonPreferences):
    """Engine, folders, device and published weights."""

    bl_idname = engine.EXTENSION

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the engine's state and its buttons, then the settings."""
        layout = self.layout
        layout.use_property_split = True
        name_place(layout, Place.PREFERENCES)
        draw_engine_state(layout.box(), Place.PREFERENCES)
        draw_builds(layout, self)
        draw_engine_buttons(layout.row(align=True))
        column = layout.column()
        row = column.row()
        row.active = "IMPASTO_ENGINE" not in os.environ
        row.prop(self, "engine_address")
        row = column.row()
        row.active = "IMPASTO_ENGINE" not in os.environ and not self.engine_address
        row.prop(self, "engine_python")
        for name in ("models_folder", "weights_folder", "styles_folder", "keeps_history"):
            column.prop(self, name)
        row = column.row()
        row.active = self.keeps_history
        row.prop(self, "history_folder", placeholder=str(engine.user_folder() / "history"))
        for name in ("keep_training", "device", "wheels_folder", "pip_arguments"):
            column.prop(self, name)
        layout.operator("impasto.make_library", icon="ASSET_MANAGER")
        draw_weights(layout)
        if body := section(layout, "impasto_shortcuts", "Shortcuts", closed=True):
            menus.draw_shortcuts(body)
