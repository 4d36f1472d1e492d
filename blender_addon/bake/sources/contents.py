# SPDX-License-Identifier: GPL-3.0-or-later
"""The open file's materials and objects as sources: their sizes, and the files outside the .blend that they use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import ImpastoError
from ...core.io.datablocks import MATERIAL, OBJECT, Datablock
from ...tools.form import values_in
from ..objects.checks import check
from ..settings import BakeOptions
from . import material_maps

KINDS = (MATERIAL, OBJECT)
TILE = "<UDIM>"


def saved_options() -> BakeOptions:
    """Options of a bake, from the scene's settings."""
    return BakeOptions.from_properties(values_in(BakeOptions, bpy.context.scene.impasto_bake))


def describe() -> dict[str, Any]:
    """The sources of the open file by kind, and Blender's version, as JSON."""
    used = _used_datablocks()
    options = saved_options()
    found: dict[str, Any] = {kind: [_about(one, options, used) for one in _sources(kind)] for kind in KINDS}
    return {"blender": bpy.app.version_string, **found}


def find(datablock: Datablock) -> bpy.types.Material | bpy.types.Object:
    """The datablock in the open file. FileError if it is not there."""
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
