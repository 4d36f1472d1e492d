# SPDX-License-Identifier: GPL-3.0-or-later
"""The variations as pictures, each with the button that takes it and the star that makes it a favourite."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ..interface import previews
from ..interface.drawing import ui_scale
from ..tools.panel import section
from .favourites import favourites, is_favourite, lockable, locked_parameters
from .variations import Variation

SIDE_PX, SCALE = 210, 10.0
"""Width that a picture takes at a resolution scale of 1, and its size in heights of a button."""


def draw_grid(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup, shown: Sequence[Variation]) -> None:
    """Draw variations, as many beside each other as there is room for.

    settings: of the Impasto panel, whose seed is that of the chosen one.
    """
    repeats = 2 if settings.tile_preview else 1
    region = bpy.context.region
    columns = max(1, int(region.width / (SIDE_PX * ui_scale()))) if region else 2
    grid = layout.grid_flow(row_major=True, columns=min(columns, 4), even_columns=True)
    for index, variation in enumerate(shown):
        column = grid.column(align=True)
        column.template_icon(previews.icon_of_pixels(f"variation {index}", variation.pixels, repeats), scale=SCALE)
        row = column.row(align=True)
        button = row.operator("impasto.pick_variation", text="Pick", depress=variation.seed == settings.seed)
        button.index = index
        if not variation.needs_source:
            is_liked = is_favourite(variation)
            icon = "SOLO_ON" if is_liked else "SOLO_OFF"
            row.operator("impasto.favourite", text="", icon=icon, depress=is_liked).index = index
    if any(not variation.needs_source for variation in shown) and favourites():
        _draw_more_like(layout, settings)


def _draw_more_like(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Draw the button that makes more like the favourites, and how far around them."""
    column = layout.column(align=True)
    row = column.row(align=True)
    row.operator("impasto.more_like", icon="SOLO_ON")
    row.operator("impasto.clear_favourites", text="", icon="X")
    column.prop(settings, "variety", slider=True)
    section(layout, "impasto_locks", "Locked Parameters", _draw_locks, closed=True)


def _draw_locks(layout: bpy.types.UILayout) -> None:
    """Draw a lock for each parameter of the favourites."""
    kept = locked_parameters()
    grid = layout.grid_flow(columns=2, even_columns=True, align=True)
    for name, label in lockable().items():
        is_locked = name in kept
        icon = "LOCKED" if is_locked else "UNLOCKED"
        grid.operator("impasto.lock_parameter", text=label, icon=icon, depress=is_locked).name = name
