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
        column.prop(self, "models_folder")
        column.prop(self, "weights_folder")
        column.prop(self, "styles_folder")
        column.prop(self, "keeps_history")
        row = column.row()
        row.active = self.keeps_history
        row.prop(self, "history_folder", placeholder=str(engine.user_folder() / "history"))
        column.prop(self, "keep_training")
        column.prop(self, "device")
        column.prop(self, "wheels_folder")
        column.prop(self, "pip_arguments")
        layout.operator("impasto.make_library", icon="ASSET_MANAGER")
        draw_weights(layout)
        header, body = layout.panel("impasto_shortcuts", default_closed=True)
        header.label(text="Shortcuts")
        if body:
            menus.draw_shortcuts(body)
