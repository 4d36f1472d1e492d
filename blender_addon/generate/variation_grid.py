# SPDX-License-Identifier: GPL-3.0-or-later
"""The variations as pictures, each with the button that takes it."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ..interface import previews
from ..translations.texts import sentence
from .variations import Variation


def draw_grid(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup, shown: Sequence[Variation]) -> None:
    """Draw variations two by two; settings: of the Impasto panel, whose seed is that of the chosen one."""
    repeats = 2 if settings.tile_preview else 1
    grid = layout.grid_flow(columns=2, even_columns=True)
    for index, variation in enumerate(shown):
        column = grid.column(align=True)
        column.template_icon(previews.icon_of_pixels(f"variation {index}", variation.pixels, repeats), scale=5)
        is_chosen = variation.seed == settings.seed
        button = column.operator("impasto.pick_variation", text=sentence(f"Seed {variation.seed}"), depress=is_chosen)
        button.index = index
