# SPDX-License-Identifier: GPL-3.0-or-later
"""`blender -b --command impasto bake`, `contents` and `library`, which need no engine.

They are for materials and objects of a .blend as sources, and for a library of assets. The engine starts Blender with
them where a source lies in a .blend, or a batch makes a library; people and scripts can, too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bpy

from ...assets import library
from ...core.errors import FileError, ImpastoError, error_fields
from ...core.io.datablocks import Datablock
from ...core.system.transaction import replace_files
from ...core.system.untrusted import check_file, excerpt, printable
from ...core.udim import tile_suffix
from ..objects.sets import BakeSet
from ..objects.warnings import object_warnings
from ..render.baked_maps import BakedMap, bake_maps
from . import contents, material_maps
from .provenance import sources_of, with_recipes

COMMANDS = ("bake", "contents", "library")


def run(arguments: Sequence[str]) -> int:
    """Run one of the commands; return its exit code."""
    try:
        given = _parser().parse_args(arguments)
    except SystemExit as end:  # argparse has said why
        return int(end.code or 0)
    if not given.temporary:
        return _carry_out(given)
    threading.Thread(target=_end_with_stdin, args=(given.temporary,), daemon=True).start()
    code = _carry_out(given)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # Blender 4.2 crashes if it ends while the thread waits


def _carry_out(given: argparse.Namespace) -> int:
    """Run a command and print its answer; return its exit code."""
    try:
        answer, lines = given.carry_out(given)
    except ImpastoError as error:
        if given.json:
            print(json.dumps(error_fields(error)), flush=True)
        print(printable(f"impasto: {error.message}\n  {error.remedy}"), file=sys.stderr)
        return error.exit_code
    print(json.dumps(answer) if given.json else printable("\n".join(lines)), flush=True)
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


def _contents(given: argparse.Namespace) -> tuple[Mapping[str, Any], list[str]]:
    """List what a file holds."""
    _open(given.blend)
    found = contents.describe()
    return found, [_line(kind, one) for kind in contents.KINDS for one in found[kind]]


def _line(kind: str, one: Mapping[str, Any]) -> str:
    height_px, width_px = one["size_px"] or (0, 0)
    problem = one["problem"]
    return f"{kind}/{one['name']}  {problem['message'] if problem else f'{width_px}x{height_px}'}"


def _library(given: argparse.Namespace) -> tuple[Mapping[str, Any], list[str]]:
    """Write a library of assets."""
    folder = given.out.absolute()
    names = library.write_library(given.list.absolute(), folder)
    has_index = given.remote and library.write_index(folder)
    return {"files": names, "has_index": has_index}, names


def _bake(given: argparse.Namespace) -> tuple[Mapping[str, Any], list[str]]:
    """Write the maps of a datablock."""
    datablock = Datablock.at(given.source)
    if datablock is None or datablock.is_gltf:
        raise FileError(f"{excerpt(given.source)} is in no .blend", "write FILE.blend/Material/NAME")
    _open(datablock.file)
    found = contents.find(datablock)
    datablock.check_files(map(Path, contents.files_of(found)))
    options, notes = contents.saved_options(), []
    if isinstance(found, bpy.types.Material):
        maps = material_maps.maps_of(found, options)
    else:
        maps = with_recipes(list(bake_maps(found, options)), sources_of(BakeSet.of(found).materials))
        notes += [warning.text for warning in object_warnings(BakeSet.of(found), assigns=False)]
    files = _write(given.out, datablock.file_name, maps, replace=given.force)
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
        remedy = f"see whether it opens in Blender {bpy.app.version_string}; save it again, or use a newer Blender"
        raise FileError(f"cannot read {excerpt(blend)}: {reason}", remedy) from error
