"""Files of UDIM tiles: NAME.1001.png, NAME.1002.png and so on. NAME.<UDIM>.png stands for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ..errors import FileError
from ..system.untrusted import excerpt, files_in, is_folder
from ..udim import COLUMNS, FIRST, ROWS, TOKEN

NUMBER = re.compile(r"\.(\d{4})$")
"""A tile's number at the end of a file's stem."""


def tile_number(file: Path) -> int:
    """Number of the UDIM tile in a file, by its name; 0 if it is not a tile."""
    found = NUMBER.search(file.stem)
    number = int(found[1]) if found else 0
    return number if FIRST <= number < FIRST + COLUMNS * ROWS else 0


def without_number(file: Path) -> Path:
    """The path without a tile's number: NAME.png for NAME.1001.png and for NAME.<UDIM>.png."""
    stem = NUMBER.sub("", file.stem) if tile_number(file) else file.stem.removesuffix(f".{TOKEN}")
    name = f"{stem}{file.suffix}"
    return file.with_name(name) if file.name and name else file


def is_tiled(path: Path) -> bool:
    """Whether a path is NAME.<UDIM>.png, which stands for all tiles of an image."""
    return path.stem.endswith(f".{TOKEN}")


def tiles_at(path: Path) -> dict[int, Path]:
    """Files of the tiles of NAME.<UDIM>.png, by number. Raise FileError if there are none."""
    whole = without_number(path)
    files = files_in(path.parent) if is_folder(path.parent) else []
    found = {number: file for file in files if (number := tile_number(file)) and without_number(file) == whole}
    if not found:
        first = whole.with_name(f"{whole.stem}.{FIRST}{whole.suffix}")
        raise FileError("there are no tiles {}", "call the first one {}", excerpt(path), first.name)
    return dict(sorted(found.items()))


def with_all_tiles(paths: Iterable[Path]) -> list[Path]:
    """The paths, with the files of each tiled image replaced by NAME.<UDIM>.png."""
    whole = ((path, without_number(path)) for path in paths)
    named = (
        one.with_name(f"{one.stem}.{TOKEN}{one.suffix}") if tile_number(path) and not is_folder(path) else path
        for path, one in whole
    )
    return list(dict.fromkeys(named))
