# SPDX-License-Identifier: GPL-3.0-or-later
"""Set files that Impasto writes for changed lists of maps, and small pictures by which map sets are recognised.

A file is named after its content, so that the recipe of a result finds it again: brick~1f0c9a52.maps.json.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from pathlib import Path

import bpy
import numpy as np

from ..core.errors import FileError
from ..core.io import map_files
from ..core.io.map_files import SET_FILE
from ..core.system.transaction import replace_files
from ..core.system.untrusted import excerpt, is_there, make_folder
from ..engine import engine

HASHED = re.compile(r"~[0-9a-f]{8}$")
SMALL_PX = 32
MOST = 60
"""Most pictures that are read for a folder. Blender waits for them: about a second or two."""
_small: dict[Path, np.ndarray] = {}
"""Pictures that were read on the main thread, for all threads."""


def written(name: str, texts: Mapping[str, str]) -> Path:
    """The set file with these sources of maps, written if needed. Raise FileError if it cannot be written."""
    content = json.dumps(dict(texts), ensure_ascii=False, indent=1).encode()
    file = _file(f"{plain_name(name)}~{hashlib.sha256(content).hexdigest()[:8]}")
    if not is_there(file):
        make_folder(file.parent)
        replace_files({file: content})
    return file


def found(name: str) -> Path | None:
    """The set file that was written under this name; None if there is none."""
    file = _file(name) if HASHED.search(name) and name == Path(name).name else None
    return file if file and is_there(file) else None


def plain_name(name: str) -> str:
    """Name of a set without the hash of its content."""
    return HASHED.sub("", name)


def _file(name: str) -> Path:
    return engine.user_folder() / "map_sets" / f"{name}{SET_FILE}"


def _small_pixels(file: Path) -> np.ndarray:
    """Picture for `map_files.small_pixels`. Raise FileError for a new picture on other threads, or above the limit."""
    if file not in _small and len(_small) < MOST and threading.current_thread() is threading.main_thread():
        _small[file] = _read_small(file)
    if file not in _small:
        raise FileError("{} was not looked at", "choose its folder in the panel", excerpt(file))
    return _small[file]


def forget() -> None:
    """Forget the pictures, because their files may have changed."""
    _small.clear()


def _read_small(file: Path) -> np.ndarray:
    try:
        image = bpy.data.images.load(str(file))
    except RuntimeError as error:
        raise FileError(str(error).strip(), "choose another file") from error
    try:
        image.colorspace_settings.name = "Non-Color"
        if not min(image.size):
            raise FileError("{} cannot be read as a picture", "choose a picture", excerpt(file))
        image.scale(SMALL_PX, SMALL_PX)
        pixels = np.empty(len(image.pixels), np.float32)
        image.pixels.foreach_get(pixels)
        rows = pixels.reshape(SMALL_PX, SMALL_PX, image.channels)
        return rows[..., :3] if image.channels > 2 else np.repeat(rows[..., :1], 3, axis=2)
    finally:
        bpy.data.images.remove(image)


def register() -> None:
    map_files.small_pixels = _small_pixels


def unregister() -> None:
    forget()
