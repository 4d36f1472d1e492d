# SPDX-License-Identifier: GPL-3.0-or-later
"""Gallery of styles, with thumbnails: bundled paintings, pictures of the user's folder, and images of the .blend.

Only the input's image pointer stores the choice; the gallery shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import bpy
from bpy.props import EnumProperty

from ..bridge import images
from ..core.io.signatures import BLENDER_EXTENSIONS
from ..engine import engine
from ..interface import previews
from ..parameters import inputs
from ..tools import lists

MAX_FILES = 500
BUNDLED = Path(__file__).parents[1] / "bundled" / "styles"
"""Folder of the bundled paintings."""
GALLERY = "gallery"
"""Prefix of the property that shows the thumbnails for an input."""
NONE = "NONE"
FILE, IMAGE = "file ", "image "
_items: list[tuple[str, str, str, int | str, int]] = []
"""Items of the enum, kept here because Blender holds no reference to their strings."""


def folder() -> Path | None:
    """Folder of styles from the preferences; None if none is set."""
    chosen = engine.preferences().styles_folder
    return Path(bpy.path.abspath(chosen)) if chosen else None


def files() -> tuple[Path, ...]:
    """Bundled paintings and pictures in the user's folder, by name. A folder is read again only if it changed."""
    own = _pictures_in(folder())
    taken = {path.name for path in own}
    return (*(path for path in _pictures_in(BUNDLED) if path.name not in taken), *own)


def _pictures_in(chosen: Path | None) -> tuple[Path, ...]:
    try:
        return _listing(chosen, chosen.stat().st_mtime_ns) if chosen else ()
    except OSError:
        return ()


@lru_cache(maxsize=2)
def _listing(chosen: Path, _changed_ns: int) -> tuple[Path, ...]:
    readable = (path for path in chosen.iterdir() if path.suffix.lower() in BLENDER_EXTENSIONS)
    return tuple(sorted(readable, key=lambda path: path.name.lower())[:MAX_FILES])


def pictures() -> Iterator[bpy.types.Image]:
    """Images of this .blend that may be a style: colour pictures that are not among the files."""
    listed = set(files())
    for image in bpy.data.images:
        is_picture = image.source in ("FILE", "GENERATED") and not image.colorspace_settings.is_data
        if is_picture and image.get(images.MAP, "base_color") == "base_color" and path_of(image) not in listed:
            yield image


def path_of(image: bpy.types.Image) -> Path | None:
    """File of an image; None if it is packed or generated."""
    return Path(bpy.path.abspath(image.filepath)) if image.filepath and not image.packed_file else None


def gallery_items(_self: Any, _context: Any) -> list[tuple[str, str, str, int | str, int]]:
    """Enum items of the pictures, with thumbnails as icons."""
    found = [(FILE + path.name, path.stem, str(path), previews.icon_of_file(path)) for path in files()]
    for image in pictures():
        found.append((IMAGE + image.name, image.name, "An image of this .blend", previews.icon_of_image(image)))
    numbers = lists.numbers_of([key for key, *_ in found])
    items: list[tuple[str, str, str, int | str, int]]
    items = [(NONE, "None", "No picture", "X", lists.DEFAULT), *((*item, numbers[item[0]]) for item in found)]
    if items != _items:
        _items[:] = items
    return _items


def gallery(name: str) -> Any:
    """Property that chooses the picture of an input, in the group that holds its image."""
    pointer = inputs.pointer_to(name)

    def get(self: bpy.types.PropertyGroup) -> int:
        image = getattr(self, pointer)
        if image is None:
            return lists.DEFAULT
        path = path_of(image)
        key = FILE + path.name if path in files() else IMAGE + image.name
        return next((item[-1] for item in gallery_items(self, None) if item[0] == key), lists.DEFAULT)

    def set_(self: bpy.types.PropertyGroup, number: int) -> None:
        key = next((item[0] for item in gallery_items(self, None) if item[-1] == number), NONE)
        setattr(self, pointer, image_of(key))

    return EnumProperty(name="Style", description="The picture to paint like", items=gallery_items, get=get, set=set_)


def image_of(key: str) -> bpy.types.Image | None:
    """Image for an item of the gallery; a file is loaded into the .blend."""
    if path := next((one for one in files() if key == FILE + one.name), None):
        return bpy.data.images.load(str(path), check_existing=True)
    return bpy.data.images.get(key.removeprefix(IMAGE)) if key != NONE else None


def register() -> None:
    inputs.put_beside(GALLERY, gallery)


def unregister() -> None:
    _items.clear()
