# SPDX-License-Identifier: GPL-3.0-or-later
"""Panels in Blender's windows: which areas show them, and their redrawing."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

TAB = "Impasto"
"""Name of the tab of our panels."""
DRAWN = {"VIEW_3D": "UI", "NODE_EDITOR": "UI", "IMAGE_EDITOR": "UI", "PREFERENCES": "WINDOW"}
"""Regions that show progress, by area; viewports are not redrawn."""


def redraw() -> None:
    """Redraw the side panels, and the render properties, which have the panel Film."""
    for area in areas():
        if area.type == "PROPERTIES" and area.spaces.active.context == "RENDER":
            area.tag_redraw()
        for region in area.regions:
            if region.type == DRAWN.get(area.type):
                region.tag_redraw()


def redraw_status_bars() -> None:
    """Redraw the status bars, which are no areas of screens."""
    for window in bpy.context.window_manager.windows:
        with bpy.context.temp_override(window=window):
            window.workspace.status_text_set_internal(None)


def areas() -> Iterator[bpy.types.Area]:
    """Areas of all windows."""
    for window in bpy.context.window_manager.windows:
        yield from window.screen.areas


def shows_panels(area: bpy.types.Area) -> bool:
    """Whether an area shows our preferences or our tab."""
    regions = [region for region in area.regions if region.type == DRAWN.get(area.type)]
    seen = (region for region in regions if region.width > 1)
    return any(one.type == "WINDOW" or one.active_panel_category == TAB for one in seen)
