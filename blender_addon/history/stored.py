# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored recipes of all files: a small file for each result, in a folder of the user, if the preferences ask for it.

Several Blenders may write at once: each result has its own file, which is written whole or not at all. If there are
too many, the oldest without a star are deleted. Files that cannot be read are left out and counted.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import bpy

from ..bridge import encode, images, naming, replaced, surfaces
from ..core.errors import ImpastoError
from ..core.recipe import Recipe
from ..core.system.transaction import replace_files
from ..core.system.typed_json import Within, as_kind
from ..core.system.untrusted import explain, files_in, make_folder, read_json
from ..engine import engine
from ..jobs.session import jobs
from ..jobs.task import Place, Task, TaskReport
from ..paths import absolute
from ..windows import redraw

MOST, MOST_BYTES = 500, 2**26
"""Limits of the folder: number of files, and their size together."""
FILE_BYTES = 2**20
THUMBNAIL_PX = 128
SUFFIX = ".json"
LATEST_S = 2**32
"""Latest time, in seconds since 1970, that every system can show."""
DELAY_S = 0.5
"""Time between a result and its thumbnail, which takes up to 0.2 s for the largest images."""


@dataclass(frozen=True)
class _Content:
    """Content of a file. thumbnail: a PNG file in base64."""

    name: str
    made_s: Annotated[float, Within(0, LATEST_S)]
    recipe: Recipe
    thumbnail: str
    is_starred: bool = False


@dataclass(frozen=True)
class StoredRecipe:
    """A recipe in the folder. text: as JSON; size: of its file in bytes."""

    path: Path
    name: str
    made_s: float
    text: str
    thumbnail: str
    is_starred: bool
    size: int = 0

    def to_json(self) -> bytes:
        """Content of its file."""
        about = {name: getattr(self, name) for name in ("name", "made_s", "thumbnail", "is_starred")}
        return json.dumps({**about, "recipe": json.loads(self.text)}, ensure_ascii=False).encode()


class _Stored:
    """Stored recipes as they were read last, and the number of files that could not be read."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.recipes: tuple[StoredRecipe, ...] = ()
        self.left_out = 0
        self.read: dict[tuple[Path, int], StoredRecipe | None] = {}
        """Recipes by path and time of change; None for a file that could not be read."""
        self.waiting: list[int] = []
        """Session ids of new results."""


stored = _Stored()


def folder() -> Path:
    """Folder of the stored recipes: the one in the preferences, or else Impasto's own."""
    chosen = engine.preferences().history_folder
    return Path(absolute(chosen)) if chosen else engine.user_folder() / "history"


def is_on() -> bool:
    """Whether recipes are kept across files."""
    return engine.preferences().keeps_history


def read_folder(place: Path) -> tuple[list[StoredRecipe], int]:
    """Recipes in a folder, the earliest first, and the number of files that are left out; for any thread.

    Raise FileError if it cannot be read.
    """
    found = {path: _read(path) for path in files_in(place) if path.suffix == SUFFIX}
    left_out = sum(one is None and path.exists() for path, one in found.items())  # others were removed meanwhile
    return [one for one in found.values() if one], left_out


def _read(path: Path) -> StoredRecipe | None:
    try:
        about = path.stat()
        key = path, about.st_mtime_ns
        if key not in stored.read:
            stored.read[key] = None
            content = as_kind(_Content, read_json(path, max_bytes=FILE_BYTES), path.name)
            stored.read[key] = StoredRecipe(
                path,
                content.name,
                content.made_s,
                content.recipe.to_json(),
                content.thumbnail,
                content.is_starred,
                about.st_size,
            )
        return stored.read[key]
    except (OSError, ImpastoError):  # another Blender has removed the file, or it is damaged
        return None


def write(one: StoredRecipe) -> None:
    """Write a recipe's file. Raise FileError if that fails."""
    make_folder(one.path.parent)
    replace_files({one.path: one.to_json()})


def remove(one: StoredRecipe) -> None:
    """Delete a recipe's file. Raise FileError if that fails."""
    with explain(one.path):
        one.path.unlink(missing_ok=True)


def remove_oldest(recipes: Sequence[StoredRecipe], most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
    """Delete the oldest recipes without a star until the limits hold. Raise FileError if that fails."""
    count, size = len(recipes), sum(one.size for one in recipes)
    for one in (one for one in recipes if not one.is_starred):
        if count <= most and size <= most_bytes:
            return
        remove(one)
        count, size = count - 1, size - one.size


def _task(new: Sequence[StoredRecipe] = ()) -> Task:
    """Task that writes new recipes, keeps the limits and reads the folder."""
    place = folder()

    def work(_task: Task) -> tuple[list[StoredRecipe], int]:
        for one in new:
            write(one)
        found, left_out = read_folder(place)
        if new:
            remove_oldest(found)
            found, left_out = read_folder(place)
        return found, left_out

    def apply(recipes: tuple[list[StoredRecipe], int]) -> TaskReport:
        stored.recipes, stored.left_out = tuple(recipes[0]), recipes[1]
        redraw()
        return TaskReport("INFO", "")

    task = Task("History", work, apply, is_shown=False)
    task.place = Place.HISTORY
    return task


def _carry_out(task: Task) -> None:
    """Carry out a task, in the background if there are windows; an error is shown in the panel."""
    if not bpy.app.background:
        jobs.start(task)
    elif (report := jobs.finish(task)).level == "ERROR":
        jobs.show_report(report, Place.HISTORY)


def refresh() -> None:
    """Read the folder anew."""
    _carry_out(_task())


def _note(result: replaced.Result) -> None:
    """Store a new result's recipe, if the preferences ask for it."""
    if not is_on() or images.RECIPE not in result:
        return
    stored.waiting.append(result.session_uid)
    if bpy.app.background:
        _keep_waiting()
    elif not bpy.app.timers.is_registered(_keep_waiting):
        bpy.app.timers.register(_keep_waiting, first_interval=DELAY_S, persistent=True)


def _keep_waiting() -> None:
    """Store the recipes of new results that still exist."""
    wanted, stored.waiting = set(stored.waiting), []
    results = [one for one in replaced.latest_results() if one.session_uid in wanted]
    try:
        _carry_out(_task([_stored_of(one) for one in results]))
    except ImpastoError as error:  # the folder is relative to a file that was never saved
        jobs.show_report(TaskReport("ERROR", str(error)), Place.HISTORY)


def _stored_of(result: replaced.Result) -> StoredRecipe:
    image = surfaces.picture_of(result)
    pixels = images.small(image, THUMBNAIL_PX) if image else None
    thumbnail = "" if pixels is None else base64.b64encode(encode.encode_png(pixels[..., :3], bits=8)).decode()
    made_s = float(result[replaced.MADE])
    name = f"{int(made_s * 1000):015d}-{secrets.token_hex(4)}{SUFFIX}"
    is_starred = replaced.STARRED in result
    label = naming.of_set(result) if isinstance(result, bpy.types.Image) else result.name
    return StoredRecipe(folder() / name, label, made_s, images.recipe_text(result), thumbnail, is_starred)


def toggle_star(one: StoredRecipe) -> None:
    """Toggle a recipe's star. Raise FileError if it cannot be written."""
    write(replace(one, is_starred=not one.is_starred))


def register() -> None:
    replaced.listeners.append(_note)


def unregister() -> None:
    replaced.listeners.remove(_note)
    if bpy.app.timers.is_registered(_keep_waiting):
        bpy.app.timers.unregister(_keep_waiting)
    stored.clear()
