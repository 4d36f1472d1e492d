# SPDX-License-Identifier: GPL-3.0-or-later
"""The list *file → map* below a source: maps recognised in a folder or among dropped files, which can be changed.

Settings with such a list, of a panel or of layers, name the folder `filepath` and the list `source_maps`.

A changed list is written as a set file in Impasto's folder, which then is the source. Scripts set the entries, or use
a set file of their own as source.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import bpy
from bpy.props import CollectionProperty, EnumProperty, IntProperty, StringProperty

from ..bridge import set_files
from ..bridge.materials import LABELS
from ..core.errors import FileError, ImpastoError, Message
from ..core.io.map_files import (
    ALL_OF_ONE,
    SET_FILE,
    MapSet,
    by_tile,
    folder_of,
    merged_set,
    pictures_among,
    set_at,
    sets_among,
    tiles_in,
)
from ..core.system.untrusted import files_in, is_folder
from ..core.texture import MAP_CHANNELS, NORMAL_MAPS
from ..interface.browsing import as_preferred
from ..interface.drawing import draw_text
from ..parameters.properties import TEXTURE, preview_update
from ..paths import absolute

NOT_USED, WHOLE = "NOT_USED", "WHOLE"
HOLDS = (
    (NOT_USED, "Not Used", "The file is left out"),
    *((name, LABELS[name], "The file holds this map") for name in MAP_CHANNELS),
)
AS_IT_IS = (WHOLE, "As It Is", "The whole picture", 0)
CHANNELS = (
    AS_IT_IS,
    ("r", "Red", "This channel alone", 1),
    ("g", "Green", "This channel alone", 2),
    ("b", "Blue", "This channel alone", 3),
    ("a", "Alpha", "This channel alone", 4),
    ("1-r", "Red, Inverted", "One minus this channel, as glossiness in place of roughness", 5),
    ("1-g", "Green, Inverted", "One minus this channel, as glossiness in place of roughness", 6),
    ("1-b", "Blue, Inverted", "One minus this channel, as glossiness in place of roughness", 7),
    ("1-a", "Alpha, Inverted", "One minus this channel, as glossiness in place of roughness", 8),
)
"""Channels that may hold a map of one channel, as endings that `map_files.parse_source` reads."""
SIGNS = (
    (WHOLE, "OpenGL or DirectX", "Whichever the normals are by their look", 0),
    ("opengl", "OpenGL", "The green of the normals points up", 9),
    ("directx", "DirectX", "The green of the normals points down", 10),
)
LEFT_OUT = "chosen so"
UNLISTED = "the set file does not list it"
NAMES_NONE = "its name names no map"
MOST_FILES = 2000
"""Most files in a folder that is searched for maps."""
MOST_STRANGERS = 100
"""Most pictures that are listed for a folder in which no map was recognised."""
ROWS = 5
SETTINGS = "impasto_source"
"""Name, in the context of a button, of the settings with the list."""
CHANGED = preview_update(TEXTURE)


def _places(row: ImpastoSourceMap, _context: bpy.types.Context) -> Sequence[tuple[str, str, str, int]]:
    if row.holds in NORMAL_MAPS:
        return SIGNS
    return CHANNELS if MAP_CHANNELS.get(row.holds) == 1 else (AS_IT_IS,)


def _settings_of(part: bpy.types.PropertyGroup) -> bpy.types.PropertyGroup:
    """The settings with this list or row."""
    return part.id_data.path_resolve(part.path_from_id().partition(".source_maps")[0])


def _choose_map(row: ImpastoSourceMap, context: bpy.types.Context) -> None:
    """Give this row the chosen map, and take the map away from another row."""
    row.place, row.reason = WHOLE, "" if row.holds != NOT_USED else LEFT_OUT
    for other in _settings_of(row).source_maps.rows:
        if other.as_pointer() != row.as_pointer() and other.holds == row.holds != NOT_USED:
            other.holds, other.reason = NOT_USED, Message("there is another file for {}", row.holds.replace("_", " "))
    CHANGED(row, context)


class ImpastoSourceMap(bpy.types.PropertyGroup):
    """A row of the list: a file and a map that it holds; a packed file has a row for each map. name: of the file."""

    path: StringProperty(name="Path", description="Path of the file")
    label: StringProperty(options={"HIDDEN"})  # the file's name without the name of the set
    holds: EnumProperty(name="Map", description="The map that the file holds", items=HOLDS, update=_choose_map)
    place: EnumProperty(
        name="Channel",
        description="Where the file holds the map, and whether inverted; for normals the sign of their green",
        items=_places,
        update=CHANGED,
    )
    reason: StringProperty(name="Reason", description="Why the file is not used")

    @property
    def source(self) -> str:
        """Source of the map in the notation of set files, with the path as it is written here."""
        return self.path + (f":{self.place}" if self.place != WHOLE else "")


class ImpastoMapSet(bpy.types.PropertyGroup):
    """One of several map sets in the source's folder. name: its path."""


def _choose_set(group: ImpastoSourceMaps, _context: bpy.types.Context) -> None:
    settings = _settings_of(group)
    if group.one_set and group.one_set != settings.filepath:
        settings.filepath = group.one_set


class ImpastoSourceMaps(bpy.types.PropertyGroup):
    """The list of files and maps, and the other sets in the source's folder."""

    rows: CollectionProperty(type=ImpastoSourceMap)
    active: IntProperty(name="File", description="The file that is chosen in the list", min=0)
    recognised: StringProperty(options={"HIDDEN"})  # the rows' set as JSON before any change; empty: dropped files
    sets: CollectionProperty(type=ImpastoMapSet)
    one_set: StringProperty(
        name="Map Set", description="Which of the map sets in the folder is the source", update=_choose_set
    )
    beside: StringProperty(options={"HIDDEN"})  # path of the set that the chosen file belongs to

    @property
    def sources(self) -> dict[str, str]:
        """The sources of the maps that the rows hold, by map."""
        return {row.holds: row.source for row in self.rows if row.holds != NOT_USED}

    @property
    def is_changed(self) -> bool:
        """Whether the rows differ from the maps that were recognised in the folder."""
        return len(self.rows) > 0 and (not self.recognised or self.sources != json.loads(self.recognised))

    @property
    def note(self) -> str:
        """Sentence with the names of unused files; empty if all files are used."""
        used = {row.path for row in self.rows if row.holds != NOT_USED}
        unused = {Path(row.path): row.reason for row in self.rows if row.path not in used}
        return MapSet("", {}, unused).note

    def fill(self, found: MapSet) -> None:
        """Show the maps of a set, in the order of their names, and the files that the set leaves out."""
        self.rows.clear()
        self.active = 0
        for name in sorted(found.maps, key=list(MAP_CHANNELS).index):
            source = found.maps[name]
            row = self.add(source.file, name)
            row.place = source.text(name).removeprefix(str(source.file))[1:] or WHOLE
        for file, reason in sorted(found.left_out.items()):
            self.add(file, NOT_USED).reason = reason
        for row in self.rows:
            rest = row.name.removeprefix(found.name)
            row.label = row.name if rest == row.name else f"…{rest.lstrip(' _-')}"

    def add(self, file: Path, holds: str) -> ImpastoSourceMap:
        """A new row at the end."""
        row = self.rows.add()
        row.name, row.label, row.path, row.holds = file.name, file.name, as_preferred(str(file)), holds
        return row


def source_path(settings: bpy.types.PropertyGroup) -> Path:
    """The chosen file or folder, or the set file of its changed list. Raise ParameterError or FileError without one."""
    path, group = Path(absolute(settings.filepath)), settings.source_maps
    if not group.is_changed:
        return path
    texts = {name: absolute(text) for name, text in group.sources.items()}
    return set_files.written(folder_of(path) or path.stem, texts)


def maps_poll_message(settings: bpy.types.PropertyGroup) -> str:
    """Reason why a changed list is no source; empty if it is a source or was not changed."""
    group = settings.source_maps
    return "Choose the map of one of the files" if group.is_changed and not group.sources else ""


def notes_of(settings: bpy.types.PropertyGroup) -> list[str]:
    """Notes for a result's report on files that a changed list leaves out; its set file does not name them."""
    group = settings.source_maps
    is_used = settings.source_kind == "FILE" and group.is_changed
    return [group.note] if is_used and group.note else []


def choose_file(settings: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Show the maps of a newly chosen source. The `update` of its property."""
    look(settings)
    CHANGED(settings, context)


def look(settings: bpy.types.PropertyGroup) -> None:
    """Recognise the maps of the chosen source, and other sets in its folder."""
    group = settings.source_maps
    group.rows.clear()
    group.sets.clear()
    group.beside, group.recognised = "", "{}"
    set_files.forget()
    with suppress(ImpastoError):
        _look(group, Path(absolute(settings.filepath)) if settings.filepath else Path())


def _look(group: ImpastoSourceMaps, path: Path) -> None:
    """Fill the list from a file or folder. Raise FileError if there are no maps, or several sets."""
    is_set_file = path.name.endswith(SET_FILE)
    folder = path if is_folder(path) else path.parent
    files = [] if path == Path() else files_in(folder)
    pictures = pictures_among(files)
    if len(files) > MOST_FILES or (path == folder and by_tile(pictures).keys() - {0} and tiles_in(path)):
        return
    sets, _ = sets_among(pictures)
    paths = {one.name: folder / (one.name + ALL_OF_ONE) for one in sets}
    if path != folder and not is_set_file and not path.name.endswith(ALL_OF_ONE):
        own = next((one for one in sets if path in one.files or path in one.left_out), None)
        if own and len(own.files) > 1:
            group.beside = as_preferred(str(paths[own.name] if len(sets) > 1 else folder))
        return
    if len(sets) > 1 and not is_set_file:
        for one in paths.values():
            group.sets.add().name = as_preferred(str(one))
        group.one_set = as_preferred(str(path)) if path in paths.values() else ""
    try:
        found = set_at(path)
    except FileError:
        if sets or path != folder or len(pictures) > MOST_STRANGERS:
            raise
        found = _of_strangers(pictures)
    if found:
        group.fill(_with_unlisted(found) if found.set_file else found)
        group.recognised = json.dumps(group.sources)


def _of_strangers(pictures: Sequence[Path]) -> MapSet:
    """Set of pictures whose names contain no map, so that the user can choose maps for them."""
    return MapSet("", {}, dict.fromkeys(pictures, NAMES_NONE))


def _with_unlisted(found: MapSet) -> MapSet:
    """The set of a set file, and the unlisted pictures in the folders of its maps, so that the user can choose them."""
    beside = {file for folder in {file.parent for file in found.files} for file in pictures_among(files_in(folder))}
    unlisted = dict.fromkeys(sorted(beside.difference(found.files))[:MOST_FILES], UNLISTED)
    return MapSet(found.name, found.maps, unlisted, found.set_file)


def look_among(settings: bpy.types.PropertyGroup, files: Sequence[Path]) -> None:
    """Recognise maps among dropped files, ignoring others in the folder. UDIM tiles of one image stay as they are."""
    group = settings.source_maps
    set_files.forget()
    if by_tile(files).keys() - {0}:
        return
    sets, rest = sets_among(pictures_among(files))
    found = merged_set(files, sets, rest) if sets else _of_strangers(files)
    group.sets.clear()
    group.fill(found)
    group.recognised = ""


class IMPASTO_UL_source_maps(bpy.types.UIList):
    """Files and the maps that they hold"""

    def draw_item(
        self,
        _context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: bpy.types.PropertyGroup,
        row: ImpastoSourceMap,
        _icon: int,
        _active_data: bpy.types.PropertyGroup,
        _active_name: str,
    ) -> None:
        split = layout.split(factor=0.5, align=True)
        name = split.row()
        name.active = row.holds != NOT_USED
        name.label(text=row.label, translate=False)
        value = split.row()
        value.enabled = bool(pictures_among([Path(row.path)]))
        value.prop(row, "holds", text="")


def _chosen(context: bpy.types.Context) -> bpy.types.PropertyGroup:
    """Settings of the source with the clicked button; for scripts, settings of the Impasto panel."""
    return getattr(context, SETTINGS, None) or context.scene.impasto


class IMPASTO_OT_read_source_maps(bpy.types.Operator):
    """Show what is recognised by the files' names again, without the changes"""

    bl_label = "As Recognised"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012  as Blender wants it

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = _chosen(context)
        group = settings.source_maps
        if group.recognised:
            look(settings)
        else:
            look_among(settings, list(dict.fromkeys(Path(absolute(row.path)) for row in group.rows)))
        CHANGED(settings, context)
        return {"FINISHED"}


class IMPASTO_OT_add_source_map(bpy.types.Operator):
    """Add another map of the chosen file, which holds several in its channels"""

    bl_label = "Another Map of This File"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012  as Blender wants it

    def execute(self, context: bpy.types.Context) -> set[str]:
        group = _chosen(context).source_maps
        if group.active < len(group.rows):
            chosen = group.rows[group.active]
            path, label = chosen.path, chosen.label  # adding a row may move the others
            row = group.add(Path(absolute(path)), NOT_USED)
            row.label, row.reason = label, LEFT_OUT
            group.active = len(group.rows) - 1
        return {"FINISHED"}


class IMPASTO_OT_use_set_beside(bpy.types.Operator):
    """Make the whole set of maps that the file belongs to the source"""

    bl_label = "Use the Set beside It"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012  as Blender wants it

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = _chosen(context)
        settings.filepath = settings.source_maps.beside or settings.filepath
        return {"FINISHED"}


def draw(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Draw the list, the choice among several sets, and the unused files; nothing for a single picture."""
    group, layout = settings.source_maps, layout.column()
    layout.context_pointer_set(SETTINGS, settings)
    if group.beside:
        layout.operator("impasto.use_set_beside", icon="FILE_FOLDER")
    if group.sets:
        layout.prop_search(group, "one_set", group, "sets")
    if not group.rows:
        return
    row = layout.row()
    row.template_list(IMPASTO_UL_source_maps.__name__, "", group, "rows", group, "active", rows=ROWS)
    buttons = row.column(align=True)
    buttons.operator("impasto.add_source_map", text="", icon="ADD")
    buttons.operator("impasto.read_source_maps", text="", icon="LOOP_BACK")
    if group.active < len(group.rows):
        chosen = group.rows[group.active]
        layout.label(text=chosen.name, translate=False)
        if len(_places(chosen, None)) > 1:
            layout.prop(chosen, "place")
    if group.note:
        draw_text(layout, group.note, "INFO")


CLASSES = (
    ImpastoSourceMap,
    ImpastoMapSet,
    ImpastoSourceMaps,
    IMPASTO_UL_source_maps,
    IMPASTO_OT_read_source_maps,
    IMPASTO_OT_add_source_map,
    IMPASTO_OT_use_set_beside,
)
