# SPDX-License-Identifier: GPL-3.0-or-later
"""`blender -b --command impasto bake`, `contents` and `library`, which need no engine.

They read materials and objects of a .blend as sources, and write libraries of assets. The engine starts Blender with
them where a source lies in a .blend, or a batch makes a library; people and scripts can, too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import bpy

from ...assets import library
from ...core.errors import FileError, ImpastoError, error_fields
from ...core.io.datablocks import MATERIAL, OBJECT, Datablock
from ...core.system.transaction import replace_files
from ...core.system.untrusted import check_file, excerpt, printable
from ...core.udim import tile_suffix
from ..objects.checks import check
from ..objects.sets import BakeSet
from ..objects.warnings import object_warnings
from ..render.baked_maps import BakedMap, bake_maps
from ..settings import BakeOptions
from . import material_maps
from .provenance import sources_of, with_recipes

KINDS = (MATERIAL, OBJECT)
TILE = "<UDIM>"


def describe() -> dict[str, Any]:
    """The sources of the open file by kind, and Blender's version, as JSON."""
    used = _used_datablocks()
    options = BakeOptions.of(bpy.context.scene.impasto_bake)
    found: dict[str, Any] = {kind: [_about(one, options, used) for one in _sources(kind)] for kind in KINDS}
    return {"blender": bpy.app.version_string, **found}


def find(datablock: Datablock) -> bpy.types.Material | bpy.types.Object:
    """The datablock in the open file. Raise FileError if it is not there."""
    known = _sources(datablock.kind)
    name = datablock.name_in(one.name for one in known)
    return next(one for one in known if one.name == name)


def _sources(kind: str) -> list[Any]:
    """Materials, or mesh objects that have one. Of those with one name, a linked one is left out."""
    if kind == MATERIAL:
        found = [one for one in bpy.data.materials if not one.is_grease_pencil]
    else:
        found = [
            one for one in bpy.data.objects if one.type == "MESH" and any(slot.material for slot in one.material_slots)
        ]
    names = {one.name for one in found if one.library is None}
    return [one for one in found if one.library is None or one.name not in names]


def _about(one: Any, options: BakeOptions, used: dict[bpy.types.ID, set[bpy.types.ID]]) -> dict[str, Any]:
    size_px: tuple[int, int] | None = (options.height_px, options.width_px)
    problem = None
    try:
        if isinstance(one, bpy.types.Material):
            size_px = material_maps.size_of(one, options)
        else:
            check(one, options)
    except ImpastoError as error:
        problem = {"message": error.message, "remedy": error.remedy}
    files = sorted(set(_files(_closure(one, used))))
    return {"name": one.name, "size_px": size_px, "files": files, "problem": problem}


def files_of(one: bpy.types.ID) -> list[str]:
    """Files outside the .blend whose content a datablock uses, whether they are there or not."""
    return sorted(set(_files(_closure(one, _used_datablocks()))))


def _used_datablocks() -> dict[bpy.types.ID, set[bpy.types.ID]]:
    """The datablocks that each one uses."""
    used: dict[bpy.types.ID, set[bpy.types.ID]] = {}
    for one, users in bpy.data.user_map().items():
        for user in users:
            if not isinstance(one, bpy.types.Material) or not isinstance(user, bpy.types.Material):  # not a former one
                used.setdefault(user, set()).add(one)
    return used


def _closure(one: bpy.types.ID, used: dict[bpy.types.ID, set[bpy.types.ID]]) -> set[bpy.types.ID]:
    """A datablock with all that it uses, directly or not."""
    found, waiting = {one}, [one]
    while waiting:
        new = used.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def _files(used: Iterable[bpy.types.ID]) -> Iterator[str]:
    for one in used:
        for owner in (one, *getattr(one, "modifiers", ()), *_nodes(one)):
            if path := _outside(owner):
                yield from _expand(Path(bpy.path.abspath(path, library=one.library)))
        if one.library is not None and not _is_packed(one.library) and not getattr(one, "is_linked_packed", False):
            yield from _expand(Path(bpy.path.abspath(one.library.filepath)))


def _nodes(one: bpy.types.ID) -> list[bpy.types.Node]:
    tree = one if isinstance(one, bpy.types.NodeTree) else getattr(one, "node_tree", None)
    return list(tree.nodes) if tree else []


def _outside(owner: Any) -> str:
    """Path of the file that a datablock, a modifier or a node shows; "" for none, or one within the .blend."""
    known = owner.bl_rna.properties.get("filepath")
    if known is None or known.subtype != "FILE_PATH" or owner.filepath.startswith("<"):
        return ""
    if isinstance(owner, bpy.types.Node) and owner.mode != "EXTERNAL":
        return ""
    return "" if _is_packed(owner) else owner.filepath


def _is_packed(owner: Any) -> bool:
    if isinstance(owner, bpy.types.Image):
        return bool(owner.packed_files) or owner.source in ("GENERATED", "VIEWER")
    return getattr(owner, "packed_file", None) is not None


def _expand(path: Path) -> Iterator[str]:
    """The file, or the files of its tiles."""
    if TILE not in path.name:
        yield str(path.resolve())
        return
    before, _, after = path.name.partition(TILE)
    tiles = [tile for tile in path.parent.glob("*") if tile.name.startswith(before) and tile.name.endswith(after)]
    yield from map(str, tiles or [path])


COMMANDS = ("bake", "contents", "library")


def run(arguments: Sequence[str]) -> int:
    """Run one of the commands; return its exit code."""
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as end:  # argparse has said why
        return int(end.code or 0)
    if not options.temporary:
        return _carry_out(options)
    threading.Thread(target=_end_with_stdin, args=(options.temporary,), daemon=True).start()
    code = _carry_out(options)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # Blender 4.2 crashes if it ends while the thread waits


def _carry_out(options: argparse.Namespace) -> int:
    """Run a command and print its answer; return its exit code."""
    try:
        answer, lines = options.carry_out(options)
    except ImpastoError as error:
        if options.json:
            print(json.dumps(error_fields(error)), flush=True)
        print(printable(f"impasto: {error.message}\n  {error.remedy}"), file=sys.stderr)
        return error.exit_code
    print(json.dumps(answer) if options.json else printable("\n".join(lines)), flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("impasto")
    commands = parser.add_subparsers(required=True)
    bake = commands.add_parser("bake", help="write the maps of a material or an object of a .blend")
    bake.add_argument("source", type=Path, help="FILE.blend/Material/NAME or FILE.blend/Object/NAME")
    bake.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    bake.add_argument("--force", action="store_true", help="replace files of the same name")
    bake.set_defaults(carry_out=_bake)
    listing = commands.add_parser("contents", help="list the materials and objects of a .blend")
    listing.add_argument("blend", type=Path, metavar="FILE.blend")
    listing.set_defaults(carry_out=_contents)
    library = commands.add_parser("library", help="write the assets of a list as a library for the asset browser")
    library.add_argument("list", type=Path, metavar="LIST.json")
    library.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the library")
    text = "write the index for a server as well, from Blender 5.2 on"
    library.add_argument("--remote", action="store_true", help=text)
    library.set_defaults(carry_out=_library)
    for command in (bake, listing, library):
        command.add_argument("--json", action="store_true", help="print the answer as JSON")
        text = "remove this folder, and end, when the standard input is closed, as that of a program that has died"
        command.add_argument("--temporary", type=Path, metavar="DIR", help=text)
    return parser


def _end_with_stdin(temporary: Path) -> None:
    while os.read(0, 1024):
        pass
    shutil.rmtree(temporary, ignore_errors=True)
    os._exit(1)


def _contents(options: argparse.Namespace) -> tuple[Mapping[str, Any], list[str]]:
    """List what a file holds."""
    _open(options.blend)
    found = describe()
    return found, [_line(kind, one) for kind in KINDS for one in found[kind]]


def _line(kind: str, one: Mapping[str, Any]) -> str:
    height_px, width_px = one["size_px"] or (0, 0)
    problem = one["problem"]
    return f"{kind}/{one['name']}  {problem['message'] if problem else f'{width_px}x{height_px}'}"


def _library(options: argparse.Namespace) -> tuple[Mapping[str, Any], list[str]]:
    """Write a library of assets."""
    folder = options.out.absolute()
    names = library.write_library(options.list.absolute(), folder)
    has_index = options.remote and library.write_index(folder)
    return {"files": names, "has_index": has_index}, names


def _bake(arguments: argparse.Namespace) -> tuple[Mapping[str, Any], list[str]]:
    """Write the maps of a datablock."""
    datablock = Datablock.at(arguments.source)
    if datablock is None or datablock.is_gltf:
        raise FileError("{} is in no .blend", "write FILE.blend/Material/NAME", excerpt(arguments.source))
    _open(datablock.file)
    found = find(datablock)
    datablock.check_files(map(Path, files_of(found)))
    options, notes = BakeOptions.of(bpy.context.scene.impasto_bake), []
    if isinstance(found, bpy.types.Material):
        maps = material_maps.maps_of(found, options)
    else:
        maps = with_recipes(list(bake_maps(found, options)), sources_of(BakeSet.of(found).materials))
        notes += [warning.text for warning in object_warnings(BakeSet.of(found), assigns=False)]
    files = _write(arguments.out, datablock.file_name, maps, replace=arguments.force)
    notes += [note for baked in maps for note in baked.notes]
    for note in notes:
        print(printable(f"impasto: {note}"), file=sys.stderr)
    return {"files": files, "notes": notes}, files


def _write(folder: Path, name: str, maps: Sequence[BakedMap], *, replace: bool) -> list[str]:
    """Write the maps, all or none; return their paths."""
    files = {
        folder / f"{name}_{baked.name}{tile_suffix('.png', number)}": data
        for baked in maps
        for number, data in (baked.tiles or {0: baked.png}).items()
    }
    replace_files(files, replace=replace)
    return [str(path) for path in files]


def _open(blend: Path) -> None:
    """Open a file. Its scripts run only where the preferences allow it, as in Blender's window."""
    check_file(blend)
    trusted = bpy.context.preferences.filepaths.use_scripts_auto_execute
    try:
        bpy.ops.wm.open_mainfile(filepath=str(blend.absolute()), load_ui=False, use_scripts=trusted)
    except RuntimeError as error:  # so Blender says that it cannot read
        reason = str(error).strip().partition("\n")[0].removeprefix("Error: ")
        remedy = "see whether it opens in Blender {}; save it again, or use a newer Blender"
        raise FileError("cannot read {}: {}", remedy, excerpt(blend), reason, bpy.app.version_string) from error
