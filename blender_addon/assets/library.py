# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundled asset library of all procedural materials, their presets and models, and libraries written from lists.

The extension bundles its list and pictures. Once for each version, a Blender in the background writes them as .blend
files into the user's folder, which the preferences list while the extension is enabled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import bpy

from ..bridge import images, materials, shader_tree, tiles
from ..core.errors import FileError, Message, WorkerError
from ..core.io.assets import MOST_BYTES, AssetList, AssetText, ListedAsset
from ..core.io.udim import is_tiled, tiles_at
from ..core.recipe import Recipe
from ..core.system.names import usable_name
from ..core.system.process import run
from ..core.system.transaction import replace_files, stage
from ..core.system.typed_json import as_kind
from ..core.system.untrusted import excerpt, file_error, inside, make_folder, read_json
from ..core.udim import TOKEN
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.command import run_command
from ..jobs.operator import TaskOperator
from ..jobs.session import jobs
from ..jobs.task import Place, Task, TaskReport
from . import catalogs
from .marking import put_preview, put_text

NAME = "Impasto"
LIST = Path(__file__).parents[1] / "bundled" / "assets" / "assets.json"
BUILT = "built.txt"
"""File that names the sources of the library."""
DELAY_S = 2.0
"""Time between the opening of Blender's window and the making of the library."""


class IMPASTO_OT_make_library(TaskOperator, bpy.types.Operator):
    """Make the asset library of all procedural materials, presets and bundled models anew, in the background"""

    bl_label = "Make Asset Library"
    place = Place.PREFERENCES

    @classmethod
    def start_poll_message(cls) -> str:
        return ""

    def require_free(self) -> None:
        """Nothing: it needs no engine, and waits for no task."""

    def task(self, _context: bpy.types.Context) -> Task:
        return make_task()


def folder() -> Path:
    """Folder of the library."""
    return engine.user_folder() / "asset_library"


def is_made() -> bool:
    """Whether the library exists and was made from this version's list."""
    file = folder() / BUILT
    return file.is_file() and file.read_text(encoding="utf-8") == _source()


def make_task() -> Task:
    """Task that makes the library and lists it. Raise WorkerError without a program to start."""
    if not bpy.app.binary_path:
        raise WorkerError("this is the bpy module, which cannot start Blender", "do it in Blender")
    target, source = folder(), _source()
    options = ["--background", "-noaudio", "--addons", engine.EXTENSION, "--command", "impasto", "library"]
    command = [bpy.app.binary_path, *options, str(LIST), "--out", str(target), "--json"]

    def work(task: Task) -> int:
        count = len(run_command(task, command, {})["files"])
        replace_files({target / BUILT: source.encode()})
        return count

    def apply(_made: int) -> TaskReport:
        add()
        return TaskReport("INFO", Message("The asset library {} is ready", NAME))

    task = Task("Make Asset Library", work, apply, is_shown=False)
    task.place = Place.PREFERENCES
    return task


def add() -> None:
    """List the library in the preferences, unless it is listed; its name may get a number."""
    if _listed() is None:
        with _unchanged() as libraries:
            library = libraries.new(name=NAME, directory=str(folder()))
            library.import_method = "APPEND"
            with suppress(TypeError):  # 5.0 and later have no such choice
                library.import_method = "APPEND_REUSE"


def remove() -> None:
    """Remove the library from the list in the preferences."""
    if (found := _listed()) is not None:
        with _unchanged() as libraries:
            libraries.remove(found)


def _listed() -> bpy.types.UserAssetLibrary | None:
    libraries = bpy.context.preferences.filepaths.asset_libraries
    return next((one for one in libraries if Path(bpy.path.abspath(one.path)) == folder()), None)


@contextmanager
def _unchanged() -> Iterator[bpy.types.AssetLibraryCollection]:
    """Context with the list of libraries, in which changes do not ask the user to save the preferences."""
    preferences = bpy.context.preferences
    was_dirty = preferences.is_dirty
    yield preferences.filepaths.asset_libraries
    preferences.is_dirty = was_dirty


def _source() -> str:
    """The version and the list that the library is made from."""
    return f"{catalogue.version} {hashlib.sha256(LIST.read_bytes()).hexdigest()}"


def _make() -> None:
    """Make the library if it is not there. A timer's function."""
    if not is_made():
        jobs.start(make_task())


def register() -> None:
    if is_made():
        add()
    elif not bpy.app.background:
        bpy.app.timers.register(_make, first_interval=DELAY_S, persistent=True)


def unregister() -> None:
    if bpy.app.timers.is_registered(_make):
        bpy.app.timers.unregister(_make)
    remove()


RECORD = "impasto_library.json"
"""File that lists the .blend files of the library, which may be replaced or removed."""
REMOTE = (5, 2)
"""First version of Blender that reads libraries from a server, by an index that Blender writes."""
INDEX = "_asset-library-meta.json"
INDEX_LIMIT_S = 600.0


def write_library(list_path: Path, folder: Path) -> list[str]:
    """Write the assets of a list into a folder; the names of its .blend files. FileError.

    Stand-ins share one file for each catalogue. Every other material has its own file, so that it can be fetched alone.
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
    """Have Blender write the index of a library on a server; return whether this version can.

    Raise WorkerError if it fails.
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
        raise WorkerError("Blender could not write the index of {}: {}", remedy, excerpt(folder), excerpt(said[-200:]))
    return True


def _own_files(folder: Path) -> set[str]:
    """Names of the library's files in a folder, from its record."""
    record = folder / RECORD
    if not record.is_file():
        return set()
    return set(as_kind(dict[str, list[str]], read_json(record), RECORD).get("files", ()))


def _refuse_others(folder: Path, names: Iterable[str]) -> None:
    """Raise FileError if a file with one of these names exists that is not the library's."""
    if other := next((name for name in sorted(names) if (folder / name).exists()), None):
        message = "{} is no file of this library"
        raise FileError(message, "move it away, or choose another folder", excerpt(folder / other))


def _write(path: Path, assets: Sequence[ListedAsset], beside: Path, ids: Mapping[str, str]) -> None:
    with _materials(assets, beside, ids) as copies, stage([path]) as staged:
        try:
            bpy.data.libraries.write(str(staged[path]), set(copies), fake_user=True, compress=True)
        except RuntimeError as error:  # so Blender says that it cannot write
            raise FileError("cannot write {}", "choose another folder", excerpt(path)) from error


@contextmanager
def _materials(
    assets: Sequence[ListedAsset], beside: Path, ids: Mapping[str, str]
) -> Iterator[list[bpy.types.Material]]:
    """Context with the materials of assets, which are removed at its end."""
    known = set(bpy.data.images)
    new_materials = [_material(asset, beside, ids) for asset in assets]
    try:
        yield new_materials
    finally:
        bpy.data.batch_remove([*new_materials, *(set(bpy.data.images) - known)])


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
