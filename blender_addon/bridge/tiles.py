# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiled images (UDIM), read and made by single images. Scripts can only read the pixels of the first tile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ..core.engine.messages import JobInput
from ..core.errors import FileError, ParameterError
from ..core.recipe import Recipe
from ..core.system.transaction import temporary_folder
from ..core.udim import TOKEN, tile_key
from . import encode, images

TILED = "TILED"


@dataclass(frozen=True)
class TiledPicture:
    """Pixels of a tiled image by number of the tile, as read on the main thread."""

    name: str
    tiles: Mapping[int, images.ImagePixels]

    def to_pixels(self) -> JobInput:
        """All tiles in the form that the worker accepts. It may be called on any thread."""
        return joined({number: picture.to_pixels() for number, picture in self.tiles.items()}, self.name)


def read(image: bpy.types.Image) -> Path | images.ImagePixels | TiledPicture:
    """An image ready to send: its file if plain, else pixels, by tile for UDIM. Raise ParameterError for movies."""
    if image.source != TILED:
        return images.read(image)
    with single_images(image) as tiles:
        return TiledPicture(image.name, {number: images.pixels_of(tile) for number, tile in tiles.items()})


def joined(tiles: Mapping[int, JobInput], name: str | None) -> JobInput:
    """One input from the tiles of a picture or of maps, by number; the number 0 stands for untiled ones."""
    parts = ((tile_key(map_, number), part.arrays[map_]) for number, part in tiles.items() for map_ in part.arrays)
    return replace(tiles[min(tiles)], arrays=dict(parts), name=name)


def sizes_of(image: bpy.types.Image) -> dict[int, tuple[int, int]]:
    """(height, width) of each tile by number; the number is 0 for an image that is not tiled."""
    sizes = {tile.number: tile.size for tile in image.tiles} if image.source == TILED else {0: image.size}
    return {number: (height, width) for number, (width, height) in sizes.items()}


@contextmanager
def single_images(image: bpy.types.Image) -> Iterator[dict[int, bpy.types.Image]]:
    """Context with an image for each tile, by number. An image that is not tiled has the number 0.

    Raise ParameterError or FileError if a tile cannot be read.
    """
    if image.source != TILED:
        yield {0: image}
        return
    found: dict[int, bpy.types.Image] = {}
    with temporary_folder() as folder:
        try:
            for number, path in _files(image, folder).items():
                found[number] = _loaded(image, path)
            yield found
        finally:
            for one in found.values():
                bpy.data.images.remove(one)


def _loaded(image: bpy.types.Image, path: Path) -> bpy.types.Image:
    """Image from the file of a tile, with the settings of `image`. Raise FileError if it is missing or damaged."""
    try:
        one = bpy.data.images.load(str(path))
    except RuntimeError as error:
        message = "the image {} has no pixels"
        raise FileError(message, "find its missing file, or choose another image", image.name) from error
    one.colorspace_settings.name, one.alpha_mode = image.colorspace_settings.name, image.alpha_mode
    return one


def _files(image: bpy.types.Image, folder: Path) -> dict[int, Path]:
    """Files of the tiles, by number. Packed and unsaved tiles are written to the folder."""
    numbers = [tile.number for tile in image.tiles]
    if not image.is_dirty and image.packed_files:
        packed = {one.tile_number: one.packed_file.data for one in image.packed_files}
        files = {number: folder / f"tile.{number}{Path(image.filepath_raw).suffix}" for number in numbers}
        for number, path in files.items():
            path.write_bytes(packed.get(number, b""))
        return files
    if not image.is_dirty and TOKEN in image.filepath_raw:
        path = bpy.path.abspath(image.filepath_raw, library=image.library)
        return {number: Path(path.replace(TOKEN, str(number))) for number in numbers}
    return _saved(image, folder)


def _saved(image: bpy.types.Image, folder: Path) -> dict[int, Path]:
    """Files of unsaved tiles. Raise ParameterError if this Blender would then regard the image as saved."""
    can_copy = "save_copy" in bpy.types.Image.bl_rna.functions["save"].parameters
    if not can_copy and image.is_dirty and image.filepath_raw:
        raise ParameterError("the tiled image {} has changes that are not saved", "save it (Alt+S) first", image.name)
    kind, image.file_format = image.file_format, "OPEN_EXR" if image.is_float else "PNG"
    try:
        image.save(filepath=str(folder / f"tile.{TOKEN}.png"), **({"save_copy": True} if can_copy else {}))
    finally:
        image.file_format = kind
    return {tile.number: folder / f"tile.{tile.number}.png" for tile in image.tiles}


def add(name: str, map_name: str, tiles: Mapping[int, bytes], recipe: Recipe | None) -> bpy.types.Image:
    """New packed image from encoded files by number, with its map and recipe. The number 0 is for untiled images."""
    if 0 in tiles:
        return images.add(name, map_name, tiles[0], recipe)
    with temporary_folder() as folder:
        paths = {number: folder / f"tile.{number}.png" for number in tiles}
        for number, path in paths.items():
            path.write_bytes(tiles[number])
        image = _of_files(paths, map_name)
        image.pack()
    image.name = name
    image.filepath_raw = f"//{bpy.path.clean_name(name)}.{TOKEN}.png"
    return images.label(image, map_name, recipe)


def load(paths: Mapping[int, Path], map_name: str, recipe: Recipe | None) -> bpy.types.Image:
    """Image of files on disk by number, which is not packed. The number 0 is for an image without tiles.

    An image that already has these files is reloaded.
    """
    if 0 in paths:
        return images.load(paths[0], map_name, recipe)
    before = next((image for image in bpy.data.images if _is_of_files(image, paths)), None)
    image = _of_files(paths, map_name, before)
    if before:
        image.reload()
    else:
        image.name = _pattern(paths).stem.removesuffix(f".{TOKEN}")
    return images.label(image, map_name, recipe)


def _is_of_files(image: bpy.types.Image, paths: Mapping[int, Path]) -> bool:
    path = bpy.path.abspath(image.filepath_raw, library=image.library)
    return image.source == TILED and not image.packed_files and Path(path) == _pattern(paths)


def _of_files(paths: Mapping[int, Path], map_name: str, before: bpy.types.Image | None = None) -> bpy.types.Image:
    """Tiled image of files by number, in the colour space of its map: the image `before`, or a new one."""
    image = before or bpy.data.images.load(str(paths[min(paths)]))
    image.source = TILED
    image.filepath_raw = str(_pattern(paths))
    for tile in [tile for tile in image.tiles if tile.number not in paths]:
        image.tiles.remove(tile)
    for number in paths.keys() - {tile.number for tile in image.tiles}:
        image.tiles.new(tile_number=number)
    if map_name not in images.COLOR_MAPS:
        image.colorspace_settings.name = "Non-Color"
    return image


def _pattern(paths: Mapping[int, Path]) -> Path:
    first = paths[min(paths)]
    return first.with_name(first.name.replace(f".{min(paths)}.", f".{TOKEN}."))


def with_alpha(color: Mapping[int, bytes], alpha: Mapping[int, bytes], recipe: Recipe) -> dict[int, bytes]:
    """Encoded files, by number, of a base colour with opacity as alpha."""
    found = {}
    for number in color:
        opaque, opacity = (images.add(encode.TEMPORARY, "base_color", one[number], recipe) for one in (color, alpha))
        image = encode.join_alpha(opaque, opacity)
        found[number] = bytes(image.packed_file.data)
        bpy.data.images.remove(image)
    return found
