# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures dropped from a file manager become the source of From Photo; dropped on an object, its material."""

from __future__ import annotations

import contextlib
from pathlib import Path

import bpy
from bpy.props import CollectionProperty, StringProperty

from ..bridge.target import assignable_objects
from ..core.io.signatures import EXTENSIONS
from ..engine.catalogue import catalogue
from ..interface.browsing import HIDDEN, as_preferred, remember
from ..interface.under_mouse import object_below
from ..jobs.operator import report_result
from ..jobs.task import TaskReport
from ..tools.lists import PHOTO
from ..tools.source_maps import look_among
from ..windows import TAB
from .request import request_poll_message

SHADERS = "ShaderNodeTree"
EDITORS = ("VIEW_3D", "IMAGE_EDITOR", SHADERS)
"""Editors that take pictures, by their `ui_type`."""

_dropped_at: list[tuple[int, int]] = []
"""Position in the window where pictures were last dragged, until they are dropped."""


class IMPASTO_OT_drop_pictures(bpy.types.Operator):
    """Make a material from a picture, or from several that are the maps of one surface"""

    bl_label = "Impasto: Material from Photo"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012  as Blender wants it

    directory: StringProperty(name="Folder", description="Folder of the pictures", subtype="DIR_PATH", options=HIDDEN)
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options=HIDDEN)
    object: StringProperty(
        name="Object", description="Name of the object that the material is for; empty: only show the panel"
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Without files, remember the mouse position: Blender shows a menu before it passes the files."""
        if not self.files:
            _dropped_at[:] = [(event.mouse_x, event.mouse_y)]
            return {"CANCELLED"}
        x, y = _dropped_at.pop() if _dropped_at else (event.mouse_x, event.mouse_y)
        found = object_below(context, x, y) if context.area.type == "VIEW_3D" else None
        self.object = found.name if found else ""
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        names = [item.name for item in self.files if item.name]
        if not names:
            return report_result(self, TaskReport("ERROR", "no picture was dropped; drop one from a file manager"))
        folder = Path(self.directory)
        settings = context.scene.impasto
        _choose_source(settings, folder / names[0] if len(names) == 1 else folder)
        if len(names) > 1:
            look_among(settings, [folder / name for name in names])
        remember(folder)
        _show_panel(context)
        item = context.view_layer.objects.get(self.object)
        if item is None:
            return {"FINISHED"}
        _select_only(context, item)
        if assignable_objects(context) and not request_poll_message(context):
            return bpy.ops.impasto.generate("INVOKE_DEFAULT")
        return {"FINISHED"}


class IMPASTO_FH_pictures(bpy.types.FileHandler):
    bl_idname = "IMPASTO_FH_pictures"
    bl_label = "Impasto: Material from Photo"
    bl_import_operator = "impasto.drop_pictures"
    bl_file_extensions = ";".join(EXTENSIONS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Whether pictures can be dropped here. Blender asks while they are dragged, last where they are dropped."""
        if context.window and not bpy.app.background:
            bpy.ops.impasto.drop_pictures("INVOKE_DEFAULT")
        return context.area is not None and context.area.ui_type in EDITORS


def _choose_source(settings: bpy.types.PropertyGroup, path: Path) -> None:
    """Set From Photo to this source, and to a tool that uses a source."""
    settings.intent = PHOTO
    if settings.tool not in catalogue or not catalogue[settings.tool]["uses_subject"]:
        settings.tool = catalogue.usual("seamless")
    settings.source_kind, settings.filepath = "FILE", as_preferred(str(path))


def _show_panel(context: bpy.types.Context) -> None:
    """Open the side panel of the editor, and our tab in it."""
    area = context.area
    if area is None or area.ui_type not in EDITORS:
        return
    area.spaces.active.show_region_ui = True
    region = next(one for one in area.regions if one.type == "UI")
    with contextlib.suppress(AttributeError, TypeError):  # the tabs are known only once they are drawn
        region.active_panel_category = TAB


def _select_only(context: bpy.types.Context, item: bpy.types.Object) -> None:
    """Select only this object, unless it is selected already."""
    if not item.select_get():
        for other in context.selected_objects:
            other.select_set(False)
        item.select_set(True)
    context.view_layer.objects.active = item
