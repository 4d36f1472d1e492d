# SPDX-License-Identifier: GPL-3.0-or-later
"""File browsers that show only pictures and folders, as thumbnails, and open in the folder of the last choice.

Blender's own browsers, behind a path or an image's *Open*, show all files and open in the home folder.
"""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, StringProperty

from ..core.errors import FileError
from ..core.io.signatures import EXTENSIONS
from ..core.system.untrusted import excerpt
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.operator import report_result
from ..jobs.task import error_report
from ..parameters import inputs, properties
from ..parameters.groups import material_of, owner_called
from ..parameters.operators import OfInput

THUMBNAILS = 3
"""Blender's number for its way of showing files as thumbnails."""
HIDDEN = {"HIDDEN", "SKIP_SAVE"}
READ_BY_PATH = ";".join(f"*{extension}" for extension in EXTENSIONS)
"""Patterns of the files that the engine reads; Blender recognises only some of them as pictures."""


class PictureBrowser:
    """Mixin: an operator that opens a browser, and uses the choice."""

    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012  as Blender wants it

    directory: StringProperty(subtype="DIR_PATH", options=HIDDEN)
    filter_image: BoolProperty(default=True, options=HIDDEN)
    filter_folder: BoolProperty(default=True, options=HIDDEN)
    filter_glob: StringProperty(options=HIDDEN)  # shown in addition to the pictures that Blender recognises
    hide_props_region: BoolProperty(default=True, options=HIDDEN)  # there is nothing to set
    display_type: EnumProperty(
        items=(("DEFAULT", "", "", 0), ("THUMBNAIL", "", "", THUMBNAILS)), default="THUMBNAIL", options=HIDDEN
    )

    def begin_in(self, folder: str) -> None:
        """Open the browser in a folder."""
        self.directory = f"{folder}/"

    def start_folder(self, _context: bpy.types.Context) -> str:
        """Folder in which the browser opens; empty for Blender's own choice."""
        return _existing(engine.preferences().last_folder)

    def take(self, context: bpy.types.Context) -> None:
        """Use the choice. Raise FileError if that is impossible."""
        raise NotImplementedError

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if folder := self.start_folder(context):
            self.begin_in(folder)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            self.take(context)
        except FileError as error:
            return report_result(self, error_report(error))
        return {"FINISHED"}


class OfSetting(PictureBrowser):
    """Mixin: a browser whose choice becomes a setting: a path, or an image of the .blend file."""

    target: StringProperty(
        name="Target", description="The setting that it is for, as a path below the scene", options=HIDDEN
    )
    material: StringProperty(options=HIDDEN)  # the material that has the setting, instead of the scene

    def start_folder(self, context: bpy.types.Context) -> str:
        """Folder of the current value, or else of the last choice."""
        owner, name = self._setting(context)
        value = getattr(owner, name)
        path = value.filepath if isinstance(value, bpy.types.Image) else value
        own = Path(bpy.path.abspath(path)) if path else None
        folder = own and _existing(str(own if own.is_dir() else own.parent))
        return folder or super().start_folder(context)

    def put(self, context: bpy.types.Context, path: str) -> None:
        owner, name = self._setting(context)
        is_path = owner.bl_rna.properties[name].type == "STRING"
        setattr(owner, name, as_preferred(path) if is_path else load(path))

    def _setting(self, context: bpy.types.Context) -> tuple[bpy.types.PropertyGroup, str]:
        """The group that has the setting, and its name."""
        group, _, name = self.target.rpartition(".")
        return owner_called(context, self.material).path_resolve(group), name


class IMPASTO_OT_open_picture(OfSetting, bpy.types.Operator):
    """Choose a picture on disk"""

    bl_label = "Open"

    filepath: StringProperty(subtype="FILE_PATH", options=HIDDEN)

    def begin_in(self, folder: str) -> None:
        super().begin_in(folder)
        self.filepath = f"{folder}/"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        owner, name = self._setting(context)
        self.filter_glob = READ_BY_PATH if owner.bl_rna.properties[name].type == "STRING" else ""
        return super().invoke(context, event)

    def take(self, context: bpy.types.Context) -> None:
        self.put(context, self.filepath)
        remember(Path(self.filepath).parent)


class IMPASTO_OT_open_folder(OfSetting, bpy.types.Operator):
    """Choose a folder of pictures on disk"""

    bl_label = "Open Folder"

    def take(self, context: bpy.types.Context) -> None:
        self.put(context, self.directory)
        remember(Path(self.directory))


class IMPASTO_OT_open_images(PictureBrowser, OfInput, bpy.types.Operator):
    """Choose image files, several at once, in the order of their names"""

    bl_label = "Open Images"

    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"})

    def take(self, context: bpy.types.Context) -> None:
        names = sorted(item.name for item in self.files if item.name)[: inputs.MAX_VALUES]
        opened = [load(str(Path(self.directory, name))) for name in names]
        if opened:
            remember(Path(self.directory))
            group = self.group(context)
            inputs.put_all(group, self.input, opened)
            properties.preview_update(properties.kind_of_preview(catalogue[self.tool]))(group, context)


def draw_path(
    layout: bpy.types.UILayout, group: bpy.types.PropertyGroup, name: str, opened_by: str = "impasto.open_picture"
) -> None:
    """Draw a path, which can be written or chosen."""
    row = layout.row(align=True)
    row.prop(group, name)
    _draw_open(row, opened_by, group, name, text="")


def draw_image(layout: bpy.types.UILayout, group: bpy.types.PropertyGroup, name: str) -> None:
    """Draw an image of the .blend file, which can be chosen or opened."""
    row = layout.row(align=True)
    row.template_ID(group, name)
    text = {"text": ""} if getattr(group, name) else {}
    _draw_open(row, "impasto.open_picture", group, name, **text)


def _draw_open(row: bpy.types.UILayout, operator: str, group: bpy.types.PropertyGroup, name: str, **text: str) -> None:
    button = row.operator(operator, icon="FILEBROWSER", **text)
    button.target, button.material = f"{group.path_from_id()}.{name}", material_of(group)


def remember(folder: Path) -> None:
    """Open browsers in this folder from now on, also in later sessions."""
    if folder.is_dir():
        engine.preferences().last_folder = str(folder)
        bpy.context.preferences.is_dirty = True


def load(path: str) -> bpy.types.Image:
    """Image of a file, an existing or a new one. Raise FileError if Blender cannot read it."""
    refusal = FileError("{} cannot be read as a picture", "choose a picture", excerpt(Path(path)))
    try:
        image = bpy.data.images.load(path, check_existing=True)
    except RuntimeError as error:
        raise refusal from error
    if not image.size[0] and not image.users:
        bpy.data.images.remove(image)
        raise refusal
    return image


def _existing(folder: str) -> str:
    return folder if folder and Path(folder).is_dir() else ""


def as_preferred(path: str) -> str:
    """Path relative to the .blend file, if the preferences ask for that and it is possible."""
    plain = str(Path(path))
    if not bpy.data.filepath or not bpy.context.preferences.filepaths.use_relative_paths:
        return plain
    try:
        return bpy.path.relpath(plain)
    except ValueError:  # on another drive
        return plain
