# SPDX-License-Identifier: GPL-3.0-or-later
"""A library of material assets, written from a list of them: .blend files with previews, and their catalogues.

For a Blender in the background: it changes what is open. What the folder holds besides stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..bridge import images, materials, shader_tree, tiles
from ..core.errors import FileError, WorkerError
from ..core.io.assets import MOST_BYTES, AssetList, AssetText, ListedAsset
from ..core.io.udim import is_tiled, tiles_at
from ..core.recipe import Recipe
from ..core.system.names import usable_name
from ..core.system.process import run
from ..core.system.transaction import replace_files, stage
from ..core.system.typed_json import as_kind
from ..core.system.untrusted import excerpt, file_error, inside, make_folder, read_json
from ..core.udim import TOKEN
from . import catalogs
from .marking import put_preview, put_text

RECORD = "impasto_library.json"
"""The file that names the .blend files that are ours, and may be replaced or removed."""
REMOTE = (5, 2)
"""First version of Blender that reads libraries from a server, by an index that it writes itself."""
INDEX = "_asset-library-meta.json"
INDEX_LIMIT_S = 600.0


def write_library(list_path: Path, folder: Path) -> list[str]:
    """Write the assets of a list into a folder; the names of its .blend files. FileError.

    Small stand-ins share a file for each catalogue; each other material has one, so that it can be fetched alone.
    """
    listed = as_kind(AssetList, read_json(list_path, max_bytes=MOST_BYTES), list_path.name)["assets"]
    files: dict[str, list[ListedAsset]] = {}
    for asset in listed:
        name = asset["catalog"].rpartition(catalogs.BETWEEN)[2] if asset.get("is_stand_in") else asset["name"]
        files.setdefault(f"{usable_name(name)}.blend", []).append(asset)
    before = _own_files(make_folder(folder))
    _refuse_others(folder, files.keys() - before)
    ids = catalogs.add_catalogs(folder, [asset["catalog"] for asset in listed])
    bpy.ops.wm.read_homefile(use_empty=True)
    for name, assets in files.items():
        _write(folder / name, assets, list_path.parent, ids)
    for name in before - files.keys():
        (folder / name).unlink(missing_ok=True)
    replace_files({folder / RECORD: json.dumps({"files": sorted(files)}).encode()})
    return sorted(files)


def write_index(folder: Path) -> bool:
    """Have Blender write the index by which others read a library from a server; whether this version can.

    WorkerError if it fails.
    """
    if bpy.app.version < REMOTE or not bpy.app.binary_path:
        return False
    command = [bpy.app.binary_path, "--background", "--factory-startup", "--command", "asset_listing", "generate"]
    try:
        done = run([*command, str(folder)], {}, INDEX_LIMIT_S)
    except OSError as error:
        raise file_error(error, folder) from error
    if done.returncode or not (folder / INDEX).is_file():
        said = (done.stderr or done.stdout or b"").decode("utf-8", "replace")
        remedy = "see whether this works: blender -b -c asset_listing generate FOLDER"
        raise WorkerError(f"Blender could not write the index of {excerpt(folder)}: {excerpt(said[-200:])}", remedy)
    return True


def _own_files(folder: Path) -> set[str]:
    """Names of the files in a folder that were written here before."""
    record = folder / RECORD
    if not record.is_file():
        return set()
    return set(as_kind(dict[str, list[str]], read_json(record), RECORD).get("files", ()))


def _refuse_others(folder: Path, names: Iterable[str]) -> None:
    """Raise FileError if a file is there that is not ours."""
    if other := next((name for name in sorted(names) if (folder / name).exists()), None):
        raise FileError(
            f"{excerpt(folder / other)} is no file of this library", "move it away, or choose another folder"
        )


def _write(path: Path, assets: Sequence[ListedAsset], beside: Path, ids: Mapping[str, str]) -> None:
    with _materials(assets, beside, ids) as made, stage([path]) as staged:
        try:
            bpy.data.libraries.write(str(staged[path]), set(made), fake_user=True, compress=True)
        except RuntimeError as error:  # so Blender says that it cannot write
            raise FileError(f"cannot write {excerpt(path)}", "choose another folder") from error


@contextmanager
def _materials(
    assets: Sequence[ListedAsset], beside: Path, ids: Mapping[str, str]
) -> Iterator[list[bpy.types.Material]]:
    """The materials of assets, until the end of the block."""
    known = set(bpy.data.images)
    made = [_material(asset, beside, ids) for asset in assets]
    try:
        yield made
    finally:
        bpy.data.batch_remove([*made, *(set(bpy.data.images) - known)])


def _material(asset: ListedAsset, beside: Path, ids: Mapping[str, str]) -> bpy.types.Material:
    """A material asset."""
    material, recipe = materials.new(asset["name"]), Recipe.from_dict(asset["recipe"]) if "recipe" in asset else None
    maps = {name: _packed(inside(beside, file, "a map"), asset, name, recipe) for name, file in asset["maps"].items()}
    width, height = next(iter(maps.values())).size
    materials.apply_maps(
        material, maps, materials.Look(asset.get("width_m", 1.0), height / max(width, 1), asset.get("relief_m"))
    )
    if shader := shader_tree.principled_of(material.node_tree):
        for name, value in asset["values"].items():
            shader.inputs[materials.SOCKETS[name]].default_value = value
    if recipe:
        material[images.RECIPE] = recipe.to_json()
    if asset.get("is_stand_in"):
        material[images.STAND_IN] = True
    material.asset_mark()
    text = AssetText(asset["catalog"], tuple(asset["tags"]), asset["description"], asset["license"])
    put_text(material, text, ids[text.catalog])
    preview = bpy.data.images.load(str(inside(beside, asset["preview"], "a preview")))
    put_preview(material, images.small(preview, max(preview.size)))
    return material


def _packed(path: Path, asset: ListedAsset, name: str, recipe: Recipe | None) -> bpy.types.Image:
    image = tiles.load(tiles_at(path) if is_tiled(path) else {0: path}, name, recipe)
    image.pack()
    image.name = f"{asset['name']}_{name}"
    image.filepath_raw = f"//{bpy.path.clean_name(image.name)}.{TOKEN}.png" if is_tiled(path) else ""
    return image
