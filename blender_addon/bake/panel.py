# SPDX-License-Identifier: GPL-3.0-or-later
"""The Bake section of the Impasto panel."""

from __future__ import annotations

import bpy

from ..bake.checks import chosen_objects
from ..core.errors import ImpastoError
from ..interface.drawing import draw_operator, draw_report, draw_text, name_place
from ..jobs.task import Place
from ..material.drawing import draw_former, draw_result
from .settings import GROUPS, ImpastoBakeSettings

OF_FILES = ("preset", "file_format", "pattern", "replace")
"""Settings that matter only where a folder is chosen."""


def draw_bake(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings = context.scene.impasto_bake
    column = layout.column()
    for name in settings.bl_rna.properties.keys():  # noqa: SIM118 - not a dictionary
        if name == "maps":
            _draw_maps(column, settings)
        elif name not in ("rna_type", "name", *OF_FILES):
            column.prop(settings, name)
    if settings.out_dir:
        for name in OF_FILES:
            column.prop(settings, name)
    _draw_baked_objects(layout, context)
    name_place(layout, Place.BAKE)
    draw_operator(layout, "impasto.bake", icon="RENDER_STILL")
    draw_report(layout, Place.BAKE)
    draw_result(layout, context, Place.BAKE)
    draw_former(layout, context)


def _draw_maps(layout: bpy.types.UILayout, settings: ImpastoBakeSettings) -> None:
    """Draw a switch for each map, under the headings of their groups."""
    for group in GROUPS:
        layout.label(text=group.heading)
        grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
        for name in group.names:
            grid.prop_enum(settings, "maps", name)


def _draw_baked_objects(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """List the objects that are baked, where several are selected."""
    try:
        objects, notes = chosen_objects(context)
    except ImpastoError:  # the button says why
        return
    if len(objects) + len(notes) > 1:
        draw_text(layout, ", ".join(item.name for item in objects), "MESH_DATA")
        for note in notes:
            draw_text(layout, note, "INFO")
