# SPDX-License-Identifier: GPL-3.0-or-later
"""The History panel's settings, in each window manager: they are neither saved nor undone."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, IntProperty, StringProperty

from .stored import refresh


def _first_page(settings: HistorySettings, _context: bpy.types.Context) -> None:
    settings.page = 0


def _other_files(settings: HistorySettings, _context: bpy.types.Context) -> None:
    settings.page = 0
    if settings.all_files:
        refresh()


class HistorySettings(bpy.types.PropertyGroup):
    """Entries that the History panel shows. selected, former: keys of the entry that was chosen last, and before it."""

    search: StringProperty(
        name="Search",
        description="Words of a result's name, of its phrase or of its tools",
        options={"TEXTEDIT_UPDATE", "SKIP_SAVE"},
        update=_first_page,
    )
    starred_only: BoolProperty(
        name="Starred Only", description="Show only what has a star", options={"SKIP_SAVE"}, update=_first_page
    )
    all_files: BoolProperty(
        name="All Files",
        description="Show the recipes of other files, too, from the folder in the preferences",
        options={"SKIP_SAVE"},
        update=_other_files,
    )
    page: IntProperty(options={"HIDDEN", "SKIP_SAVE"}, min=0)
    selected: StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    former: StringProperty(options={"HIDDEN", "SKIP_SAVE"})


POINTER = (bpy.types.WindowManager, "impasto_history", HistorySettings)
