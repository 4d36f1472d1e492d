# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs of a recipe: images, materials and files, read on the main thread and converted on any other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import bpy

from ..core.engine.messages import JobInput
from ..core.errors import ParameterError
from ..core.io.map_files import ALL_OF_ONE
from ..core.recipe import Recipe
from ..core.system.untrusted import excerpt, is_there
from ..paths import absolute
from . import images, surfaces, tiles
from .joined import JoinedMask, JoinedMaterials
from .mesh_masks import MeshMask

SOURCE = "source"
Source = bpy.types.Image | bpy.types.Material | Path
Readable = Path | images.ImagePixels | tiles.TiledPicture
Input: TypeAlias = "Readable | JobInput | Callable[[], Path | JobInput]"


def read(source: Source | JoinedMaterials | MeshMask | JoinedMask) -> Input:
    """Do the part of reading a source that needs the main thread. Raise ImpastoError if it cannot be read."""
    if isinstance(source, MeshMask | JoinedMask):
        return source.read(bpy.context)
    if isinstance(source, JoinedMaterials):
        return source.textures()
    if isinstance(source, bpy.types.Material):
        return surfaces.read(source)
    return tiles.read(source) if isinstance(source, bpy.types.Image) else existing(source)


def ready(input_: Input) -> Path | JobInput:
    """An input in the form that the worker accepts. It may be called on any thread."""
    if isinstance(input_, images.ImagePixels | tiles.TiledPicture):
        return input_.to_pixels()
    return input_ if isinstance(input_, Path | JobInput) else input_()


def find_source(text: str) -> Source:
    """Image of this name, or else the text as a path."""
    return bpy.data.images.get(text) or Path(absolute(text))


def is_picture(source: Source | None, image: bpy.types.Image) -> bool:
    """Whether a source is this image of the open .blend, or its file."""
    if isinstance(source, Path):
        return bool(image.filepath) and Path(bpy.path.abspath(image.filepath, library=image.library)) == source
    return source == image


def picture_of(source: Source) -> bpy.types.Image:
    """The image of a source, opened if it is a file. Raise ParameterError if it is no picture."""
    if isinstance(source, bpy.types.Material):
        return surfaces.base_color_of(source)
    if isinstance(source, bpy.types.Image):
        return source
    path = Path(str(source))
    if path.is_dir():
        raise ParameterError("{} is a folder", "choose a picture, to place points on it", path.name)
    return _loaded(path)


def images_of(sources: Mapping[str, Source], names: Collection[str]) -> dict[str, bpy.types.Image]:
    """Images of the sources of these names. Files are opened first. Raise ParameterError if one cannot be opened."""
    return {
        name: _loaded(source) if isinstance(source, Path) else source
        for name, source in sources.items()
        if name in names and not isinstance(source, bpy.types.Material)
    }


def _loaded(path: Path) -> bpy.types.Image:
    """The file as an image. Raise ParameterError if Blender cannot read it."""
    try:
        return bpy.data.images.load(str(path), check_existing=True)
    except RuntimeError as error:
        raise ParameterError(str(error).strip(), "choose another file") from error


def image_called(name: str) -> bpy.types.Image:
    """Image of this name. Raise ParameterError if there is none."""
    image = bpy.data.images.get(name)
    if image is None:
        message = "there is no image called {}"
        raise ParameterError(message, "see bpy.data.images for those that there are", excerpt(name))
    return image


def recipe_called(name: str) -> Recipe:
    """Recipe of the material or image of this name, without the record of the run. Raise ParameterError without one."""
    item = bpy.data.materials.get(name) or bpy.data.images.get(name)
    recipe = images.recipe_in(item) if item else None
    if recipe is None:
        message = "there is no material and no image called {} that Impasto made"
        raise ParameterError(message, "check the name", excerpt(name))
    return replace(recipe, inputs={}, made_with={})


def existing(path: Path) -> Path:
    """The path. Raise ParameterError if it does not exist."""
    if not is_there(path.parent if path.name.endswith(ALL_OF_ONE) else path):
        raise ParameterError("there is no image and no file called {}", "check the name", excerpt(path))
    return path
