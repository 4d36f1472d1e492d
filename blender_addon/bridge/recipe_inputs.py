# SPDX-License-Identifier: GPL-3.0-or-later
"""Search for a recipe's inputs by name and hash: images and materials of this .blend, and files next to it.

A mesh comes from the objects in the scene that show the result. An input that no image or file holds, such as a mask of
selected faces, is kept as an image when the result is made.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import bpy
import numpy as np

from ..core.descriptions import MESH
from ..core.engine.messages import JobInput
from ..core.errors import FileError, ParameterError
from ..core.io.map_files import ALL_OF_ONE, set_at
from ..core.recipe import Recipe
from ..core.system.names import is_file_name
from ..core.system.untrusted import files_in, inside, is_folder, is_there
from ..core.texture import Maps
from ..core.udim import tile_of
from . import encode, materials, meshes, replaced, set_files, surfaces, tiles
from .inputs import SOURCE, Input, Source, ready
from .joined import JoinedResult, has_relief

KEPT = "impasto_input"
"""Custom property of an image that keeps an input: the hash of the input in recipes."""
MASK = "mask"
MOST_FOLDERS = 64
"""Most subfolders in which a map set is searched for."""


def inputs_of(recipe: Recipe, image: bpy.types.Image) -> dict[str, Callable[[], Path | JobInput]]:
    """Functions, for any thread, that return the inputs by name. Raise FileError if an input is missing."""
    return {
        name: _mesh_shown(recipe, image)
        if name == MESH
        else partial(_choose, _candidates(name, about, image), str(about["name"]), str(about["sha256"]))
        for name, about in recipe.inputs.items()
    }


def keep(inputs: Iterable[JobInput]) -> None:
    """Keep inputs that no image or file holds as images of this .blend, so that results can be made again."""
    for input_ in inputs:
        sha256 = _hash(input_)
        if not _kept(sha256):
            files = {tile_of(key)[1]: encode.encode_map(values) for key, values in input_.arrays.items()}
            image = tiles.add(input_.name or MASK, MASK, files, None)
            image[KEPT] = sha256
            replaced.keep([image])


def _kept(sha256: str) -> list[bpy.types.Image]:
    """Images that keep the input with this hash."""
    return [image for image in bpy.data.images if image.get(KEPT) == sha256]


def scale_of(recipe: Recipe) -> dict[str, float]:
    """Real-world scale of the recipe's source."""
    about = recipe.inputs.get("source", {})
    return {key: float(about[key]) for key in ("width_m", "height_range_m") if key in about}


def _mesh_shown(recipe: Recipe, image: bpy.types.Image) -> Callable[[], Path | JobInput]:
    """Mesh of the objects in the scene that show the image or its source, or else a file of the mesh's name.

    Raise FileError if there is none.
    """
    scene, name = bpy.context.scene, str(recipe.inputs[MESH]["name"])
    if joined := JoinedResult.of(image):
        read = joined.shown(bpy.context).read(bpy.context)
        return lambda: replace(read(), name=name)
    objects = [item for item in scene.objects if meshes.file_name(item) == name] or scene.objects
    sources = _called(str(recipe.inputs.get(SOURCE, {}).get("name", "")), image)
    for material in [one for candidate in (image, *sources) for one in surfaces.materials_with(candidate)]:
        with suppress(ParameterError):
            return meshes.MeshSurface(material, objects).read(bpy.context)
    for folder in _folders(image):
        if path := _beside(folder, name):
            return partial(Path, path)
    remedy = "assign the material with the image to the object, or export the object beside the .blend"
    raise FileError("the mesh {} is neither shown with {} in this scene nor a file beside it", remedy, name, image.name)


def sources_of(recipe: Recipe, image: bpy.types.Image | None = None, folder: Path | None = None) -> dict[str, Source]:
    """Images, materials or files of a recipe's inputs, by name, without those that are not found. On the main thread.

    The hash decides between images of the same name. A source can be all textures of a material. image: an image that
    the recipe made. folder: a further folder to search.
    """
    found: dict[str, Source] = {}
    for name, about in recipe.inputs.items():
        images = _images(about, image)
        same = (one for one in images if len(images) > 1 and _is_same(one, about))
        textures = _materials(about, image) if name == SOURCE else ()
        if (first := next(chain(textures, same, images, _files(str(about["name"]), image, folder)), None)) is not None:
            found[name] = first
    return found


def all_sources(recipe: Recipe, image: bpy.types.Image | None = None, folder: Path | None = None) -> dict[str, Source]:
    """The same for all recorded inputs. Raise FileError if an input is not found."""
    found = sources_of(recipe, image, folder)
    for name, about in recipe.inputs.items():
        if name not in found:
            raise _not_found(str(about["name"]))
    return found


def _not_found(name: str) -> FileError:
    message = "the input {} is neither an image of this .blend nor a file beside it"
    return FileError(message, "open it as an image, or copy it beside the .blend", name)


def missing_inputs(recipe: Recipe, found: Container[str]) -> list[str]:
    """Names of the images or files of those inputs of a recipe that are not among the found inputs."""
    named = {name: name for step in recipe.steps for name in step.input_names}
    named |= {name: str(about["name"]) for name, about in recipe.inputs.items()}
    return [label for name, label in named.items() if name not in found]


def put_source(settings: bpy.types.PropertyGroup, source: Source | None, about: Mapping[str, str | float]) -> None:
    """Choose a source in the settings of a panel or of layers, with its real-world width from a recipe.

    A source that was not found becomes a file for the user to choose.
    """
    settings.source_kind, settings.image, settings.filepath = "FILE" if about else "NONE", None, ""
    if hasattr(settings, "color_space"):
        space = str(about.get("color_space", ""))
        known = settings.bl_rna.properties["color_space"].enum_items.keys()
        settings.color_space = space if space in known else known[0]
    settings.width_m = float(about.get("width_m", 0.0)) / materials.unit_m()
    if isinstance(source, bpy.types.Image):
        settings.source_kind, settings.image = "IMAGE", source
    elif isinstance(source, bpy.types.Material):
        settings.material, settings.source_kind = source, "MATERIAL"
    elif source is not None:
        settings.source_kind, settings.filepath = "FILE", str(source)


def _materials(about: Mapping[str, str | float], image: bpy.types.Image | None) -> Iterator[bpy.types.Material]:
    """Materials with relief whose textures have the hash. Sources of layers come first."""
    sources = {one.impasto_layers.material for one in bpy.data.materials} - {None}
    for one in (*sources, *(one for one in bpy.data.materials if one not in sources)):
        nodes = surfaces.map_nodes(one)
        color = nodes.get("base_color")
        if color is None or not _is_called(color.image, str(about["name"])) or not nodes.keys() & set(surfaces.RELIEF):
            continue
        pixels_of = ready(surfaces.read(one))
        if not isinstance(pixels_of, Path) and _hash(pixels_of) == about["sha256"]:
            yield one


def _is_same(image: bpy.types.Image, about: Mapping[str, str | float]) -> bool:
    pixels = ready(tiles.read(image))
    return not isinstance(pixels, Path) and _hash(pixels) == about["sha256"]


def _candidates(input_: str, about: Mapping[str, str | float], image: bpy.types.Image) -> Sequence[Input]:
    """Images that keep the input or have its name, with any number that Blender added, then files of this name.

    The source can also be all textures of a material.
    """
    name = str(about["name"])
    if input_ == SOURCE and (joined := JoinedResult.of(image)):
        return joined.sources()
    called = _called(name, image)
    found: list[Input] = [tiles.read(item) for item in _images(about, image)]
    if input_ == SOURCE and has_relief(image):
        pairs = [(item, one) for item in called for one in surfaces.materials_with(item)]
        found += [surfaces.read(one) for item, one in pairs if surfaces.map_nodes(one)["base_color"].image == item]
    found += _files(name, image)
    if not found:
        raise _not_found(name)
    return found


def _images(about: Mapping[str, str | float], image: bpy.types.Image | None) -> list[bpy.types.Image]:
    return _kept(str(about["sha256"])) or _called(str(about["name"]), image)


def _files(name: str, image: bpy.types.Image | None, folder: Path | None = None) -> list[Path]:
    folders = [
        *([folder] if folder else []),
        *_folders(image),
        Path(bpy.app.tempdir),
    ]  # where the render result is, in this session
    found = [set_files.found(name), *(_beside(folder, name) for folder in folders)]
    return [path for path in found if path] or [path for folder in folders for path in _sets_below(folder, name)]


def _folders(image: bpy.types.Image | None) -> list[Path]:
    """Folders of the .blend, of the image's file, and of the sources in the settings of panels and layers."""
    chosen = (*(scene.impasto for scene in bpy.data.scenes), *(one.impasto_layers for one in bpy.data.materials))
    paths = bpy.data.filepath, image.filepath if image else "", *(settings.filepath for settings in chosen)
    return list(dict.fromkeys(Path(bpy.path.abspath(path)).parent for path in paths if path))


def _beside(folder: Path, name: str) -> Path | None:
    """File of this name in a folder; None if there is none, or the name is a path to another folder."""
    try:
        path = inside(folder, name, "an input of the recipe")
        return path if is_there(path) else None
    except FileError:
        return None


def _sets_below(folder: Path, name: str) -> Iterator[Path]:
    """Paths FOLDER/NAME_* of map sets of this name, in a folder or its direct subfolders."""
    if not is_file_name(name):
        return
    with suppress(FileError):
        for one in (folder, *filter(is_folder, files_in(folder)[:MOST_FOLDERS])):
            with suppress(FileError):
                path = one / f"{name}{ALL_OF_ONE}"
                if set_at(path):
                    yield path


def _called(name: str, image: bpy.types.Image | None) -> list[bpy.types.Image]:
    """Images of this name, with any number that Blender added, except for `image`, which was made from them."""
    return [item for item in bpy.data.images if item != image and _is_called(item, name)]


def _is_called(image: bpy.types.Image, name: str) -> bool:
    stem, _, number = image.name.rpartition(".")
    numbered = number.isdigit() and stem == name
    return image.name == name or numbered or Path(bpy.path.basename(image.filepath)).name == name


def _choose(candidates: Sequence[Input], name: str, sha256: str) -> Path | JobInput:
    """The candidate with this hash, or else the first. The report of the result then names the difference."""
    found = [one if isinstance(one, Path) else replace(one, name=name) for one in map(ready, candidates)]
    same = (item for item in found if not isinstance(item, Path) and _hash(item) == sha256)
    return next(same, found[0])


def _hash(pixels: JobInput) -> str:
    arrays = {
        name: array if array.dtype == np.float32 else array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
        for name, array in pixels.arrays.items()
    }
    return Maps.from_tile_arrays(arrays).sha256()
