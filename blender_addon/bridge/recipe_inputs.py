# SPDX-License-Identifier: GPL-3.0-or-later
"""Search for a recipe's inputs: images of this .blend by name, files beside it; the hash decides.

A mesh is that of the objects in the scene that show the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import bpy

from ..core.descriptions import MESH
from ..core.engine.requests import JobInput
from ..core.errors import FileError, ParameterError
from ..core.recipe import Recipe
from ..core.system.untrusted import inside, is_there
from . import meshes, surfaces, tiles
from .inputs import Readable, ready


def inputs_of(recipe: Recipe, image: bpy.types.Image) -> dict[str, Callable[[], Path | JobInput]]:
    """Functions, for any thread, that choose among the candidates for each input. FileError names a missing one."""
    return {
        name: _mesh_shown(str(about["name"]), image)
        if name == MESH
        else partial(_choose, _candidates(str(about["name"]), image), str(about["name"]), str(about["sha256"]))
        for name, about in recipe.inputs.items()
    }


def scale_of(recipe: Recipe) -> dict[str, float]:
    """Real-world scale of the source."""
    about = recipe.inputs.get("source", {})
    return {key: float(about[key]) for key in ("width_m", "height_range_m") if key in about}


def _mesh_shown(name: str, image: bpy.types.Image) -> Callable[[], Path | JobInput]:
    """The mesh of the objects in the scene that show an image, or else a file of this name. FileError if none is."""
    scene = bpy.context.scene
    objects = [item for item in scene.objects if meshes.file_name(item) == name] or scene.objects
    for material in bpy.data.materials:
        if image in [node.image for node in surfaces.map_nodes(material).values()]:
            with suppress(ParameterError):
                return meshes.Surface(material, objects).read(bpy.context)
    for folder in _folders(image):
        if path := _beside(folder, name):
            return partial(Path, path)
    message = f"the mesh {name} is neither shown with {image.name} in this scene nor a file beside it"
    raise FileError(message, "assign the material with the image to the object, or export the object beside the .blend")


def _candidates(name: str, image: bpy.types.Image) -> Sequence[Readable]:
    """Images of this name, whatever number Blender added, then files of this name beside them."""
    found: list[Readable] = [tiles.read(item) for item in bpy.data.images if item != image and _is_called(item, name)]
    folders = [*_folders(image), Path(bpy.app.tempdir)]  # where the render result is, in this session
    found += [path for folder in folders if (path := _beside(folder, name))]
    if not found:
        raise FileError(
            f"the input {name} is neither an image of this .blend nor a file beside it",
            "open it as an image, or copy it beside the .blend",
        )
    return found


def _folders(image: bpy.types.Image) -> list[Path]:
    """Folders of the .blend and of the image's file."""
    return [Path(bpy.path.abspath(path)).parent for path in (bpy.data.filepath, image.filepath) if path]


def _beside(folder: Path, name: str) -> Path | None:
    """File of this name in a folder; None if there is none, or the name leads elsewhere."""
    try:
        path = inside(folder, name, "an input of the recipe")
        return path if is_there(path) else None
    except FileError:
        return None


def _is_called(image: bpy.types.Image, name: str) -> bool:
    stem, _, number = image.name.rpartition(".")
    numbered = number.isdigit() and stem == name
    return image.name == name or numbered or Path(bpy.path.basename(image.filepath)).name == name


def _choose(candidates: Sequence[Readable], name: str, sha256: str) -> Path | JobInput:
    """Candidate with this hash, else the first: the result's report then names what differs."""
    found = [ready(item if isinstance(item, Path) else replace(item, name=name)) for item in candidates]
    same = (item for item in found if not isinstance(item, Path) and _hash(item) == sha256)
    return next(same, found[0])


def _hash(pixels: JobInput) -> str:
    import numpy as np

    from ..core.texture import Maps

    arrays = {
        name: array if array.dtype == np.float32 else array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
        for name, array in pixels.arrays.items()
    }
    return Maps.from_tile_arrays(arrays).sha256()
