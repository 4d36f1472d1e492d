# SPDX-License-Identifier: GPL-3.0-or-later
"""The History panel in the 3D view, the shader editor and the image editor: a page of thumbnails, and what can be done
with the selected one.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from bpy.props import BoolProperty, IntProperty, StringProperty

from ..bridge import image_editors
from ..core.errors import Message
from ..interface import previews
from ..interface.drawing import draw_report, draw_text, name_place, poll_message, text_lines, text_width_px, ui_scale
from ..jobs.task import Place
from ..tools.panel import Tab, in_editors
from ..translations.texts import sentence
from .entries import HistoryEntry, forget, found_entries, origin_of
from .operators import comparison
from .stored import is_on, refresh, stored


def _first_page(settings: HistorySettings, _context: bpy.types.Context) -> None:
    settings.page = 0


def _other_files(settings: HistorySettings, _context: bpy.types.Context) -> None:
    settings.page = 0
    if settings.all_files:
        refresh()


class HistorySettings(bpy.types.PropertyGroup):
    """Settings of the History panel. selected, former: keys of the entries that were chosen last and before that."""

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


COLUMN_PX, ROWS = 85, 3
"""Least width of a thumbnail at a resolution scale of 1, and number of rows of a page."""
PANEL_PX, BUTTON_PX, ICON_PX = 36, 10, 20
"""Widths of the edges of a panel, of the edges of a button, and of its icon, at that scale."""
SCALE, LARGE_SCALE, COMPARED_SCALE = 3.6, 7.0, 11.0
"""Sizes of thumbnails, of the selected entry and of a comparison, in button heights."""


class HistoryPanel(Tab):
    """Base of the panel: `in_editors` makes a class of it for each editor."""

    bl_label = "History"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  as Blender wants it
    bl_order = 9
    layout: bpy.types.UILayout

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.window_manager.impasto_history
        name_place(layout, Place.HISTORY)
        _draw_search(layout, settings)
        scale, region = ui_scale(), context.region
        columns = max(2, int(region.width / (COLUMN_PX * scale))) if region else ROWS
        width_px = (region.width - PANEL_PX * scale) / columns - BUTTON_PX * scale if region else COLUMN_PX
        found, page = _page(settings, columns * ROWS)
        if not found:
            is_filtered = settings.search or settings.starred_only
            draw_text(layout, "Nothing is found" if is_filtered else "There are no results yet", "INFO")
        grid = layout.grid_flow(row_major=True, columns=columns, even_columns=True, align=True)
        for entry in page:
            _draw_entry(grid.column(align=True), entry, entry.key == settings.selected, width_px)
        _draw_turns(layout, settings.page, len(found), columns * ROWS)
        if _is_across_files(settings) and stored.left_out:
            text = Message("{} files of the history cannot be read, and are left out", stored.left_out)
            draw_text(layout, text, "ERROR")
        selected = next((entry for entry in found if entry.key == settings.selected), None)
        if selected:
            _draw_selected(layout.box(), context, selected)
        if not poll_message("impasto.clean_up"):
            layout.operator("impasto.clean_up", icon="BRUSH_DATA")
        draw_report(layout, Place.HISTORY)
        _draw_comparison(layout)


PANELS = in_editors(HistoryPanel, "history")


def _draw_search(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    row = layout.row(align=True)
    row.prop(settings, "search", text="", icon="VIEWZOOM")
    row.prop(settings, "starred_only", text="", icon="SOLO_ON")
    if is_on():
        row.prop(settings, "all_files", text="", icon="FILE_FOLDER")
        if settings.all_files:
            row.operator("impasto.refresh_history", text="", icon="FILE_REFRESH")


def _is_across_files(settings: bpy.types.PropertyGroup) -> bool:
    return settings.all_files and is_on()


def _page(settings: bpy.types.PropertyGroup, size: int) -> tuple[Sequence[HistoryEntry], Sequence[HistoryEntry]]:
    """Found entries, and those on the page. They are collected anew if one on the page was deleted or renamed."""
    wanted = settings.search, settings.starred_only, _is_across_files(settings)
    found = found_entries(*wanted)
    page = found[settings.page * size :][:size]
    if any(entry.is_gone for entry in page):
        forget()
        found = found_entries(*wanted)
        page = found[settings.page * size :][:size]
    return found, page


def _draw_turns(layout: bpy.types.UILayout, page: int, count: int, size: int) -> None:
    """Draw buttons that turn the page, if there are several."""
    if count <= size and not page:
        return
    row = layout.row()
    _draw_turn(row, page - 1, page > 0, "TRIA_LEFT")
    middle = row.row()
    middle.alignment = "CENTER"
    last = min((page + 1) * size, count)
    middle.label(text=f"{page * size + 1}–{last} / {count}", translate=False)
    _draw_turn(row, page + 1, last < count, "TRIA_RIGHT")


def _draw_turn(row: bpy.types.UILayout, page: int, is_enabled: bool, icon: str) -> None:
    part = row.row()
    part.enabled = is_enabled
    part.operator("impasto.turn_page", text="", icon=icon).page = page


def _draw_entry(column: bpy.types.UILayout, entry: HistoryEntry, is_selected: bool, width_px: float) -> None:
    """Draw an entry's thumbnail and the button that selects it; a long name continues below the button."""
    column.template_icon(entry.icon, scale=SCALE)
    icon = "SOLO_ON" if entry.is_starred else "NONE"
    icon_px = ICON_PX * ui_scale() if entry.is_starred else 0
    first, *others = text_lines(entry.short_label, width_px - icon_px) or [""]
    look = {"text": first, "icon": icon, "depress": is_selected, "translate": False}
    button = column.operator("impasto.select_entry", **look)
    button.entry = entry.key
    for line in others:
        column.label(text=line, translate=False)


def _draw_selected(layout: bpy.types.UILayout, context: bpy.types.Context, entry: HistoryEntry) -> None:
    """Draw the selected entry's facts and buttons."""
    name = layout.column(align=True)
    for line in text_lines(entry.label, text_width_px(boxes=1)):
        name.label(text=line, translate=False)
    row = layout.row()
    row.template_icon(entry.icon, scale=LARGE_SCALE)
    column = row.column(align=True)
    column.label(text=entry.date, translate=False)
    origin = origin_of(entry.text)
    for label in origin.labels:
        column.label(text=sentence(label), translate=False)
    if origin.phrase and origin.phrase != entry.name:
        draw_text(layout, Message("“{}”", origin.phrase), "NONE", boxes=1)
    _draw_uses(layout, context, entry)
    row = layout.row(align=True)
    button = row.operator("impasto.compare", icon="MOD_MIRROR")
    button.entry = entry.key
    icon = "SOLO_ON" if entry.is_starred else "SOLO_OFF"
    row.operator("impasto.star_entry", text="", icon=icon, depress=entry.is_starred).entry = entry.key
    row.operator("impasto.delete_entry", text="", icon="TRASH").entry = entry.key


def _draw_uses(layout: bpy.types.UILayout, context: bpy.types.Context, entry: HistoryEntry) -> None:
    """Draw the buttons that use a result, and those that open its recipe."""
    image, item = entry.image, entry.item
    row = layout.row(align=True)
    if isinstance(item, bpy.types.Material):
        row.operator("impasto.assign", text="Use", icon="MATERIAL").material = item.name
        row.operator("impasto.select_users", text="", icon="RESTRICT_SELECT_OFF").material = item.name
        row.operator("impasto.mark_asset", text="", icon="ASSET_MANAGER").material = item.name
    if image and (image == item or image_editors.is_image_editor(context)):
        look = {"text": "Use"} if image == item else {"text": ""}
        row.operator("impasto.show_image", icon="IMAGE_DATA", **look).image = image.name
    if not entry.text:
        return
    if image:
        row.operator("impasto.rerun", text="", icon="FILE_REFRESH").image = image.name
    column = layout.column(align=True)
    column.operator("impasto.restore_settings", icon="LOOP_BACK").entry = entry.key
    button = column.operator("impasto.edit_layers", icon="GREASEPENCIL")
    if item:
        setattr(button, "image" if image == item else "material", item.name)
    else:
        button.recipe = entry.text


def _draw_comparison(layout: bpy.types.UILayout) -> None:
    """Draw the two entries that were compared last, with their names."""
    if comparison.pixels is None:
        return
    box = layout.box().column(align=True)
    row = box.row()
    for name in comparison.names:
        row.label(text=name, translate=False)
    box.template_icon(previews.icon_of_pixels("compared", comparison.pixels), scale=COMPARED_SCALE)
