# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped asset library: all procedural materials, their presets and the bundled models.

The extension carries its list and pictures. A Blender in the background makes .blend files of them in the user's folder
once for each version, and the preferences list that folder while the extension is enabled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import bpy

from ..core.errors import WorkerError
from ..core.system.transaction import replace_files
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.command import run_command
from ..jobs.operator import TaskOperator
from ..jobs.session import jobs
from ..jobs.task import Place, Task, TaskReport

NAME = "Impasto"
LIST = Path(__file__).parents[1] / "shipped" / "assets" / "assets.json"
BUILT = "built.txt"
"""The file that names what the library was made from."""
DELAY_S = 2.0
"""After Blender has opened its window."""


class IMPASTO_OT_make_library(TaskOperator, bpy.types.Operator):
    """Make the asset library of all procedural materials, presets and bundled models anew, in the background"""

    bl_label = "Make Asset Library"
    place = Place.PREFERENCES

    @classmethod
    def start_poll_message(cls) -> str:
        return ""

    def require_free(self) -> None:
        """It needs no engine, and waits for nothing."""

    def task(self, _context: bpy.types.Context) -> Task:
        return make_task()


def folder() -> Path:
    """Folder of the library."""
    return engine.user_folder() / "asset_library"


def is_made() -> bool:
    """Whether the library is there, made from what this version carries."""
    file = folder() / BUILT
    return file.is_file() and file.read_text(encoding="utf-8") == _source()


def make_task() -> Task:
    """Task that makes the library and lists it. WorkerError without a program to start."""
    if not bpy.app.binary_path:
        raise WorkerError("this is the bpy module, which cannot start Blender", "do it in Blender")
    target, source = folder(), _source()
    options = ["--background", "-noaudio", "--addons", engine.EXTENSION, "--command", "impasto", "library"]
    command = [bpy.app.binary_path, *options, str(LIST), "--out", str(target), "--json"]

    def work(task: Task) -> int:
        made = len(run_command(task, command, {})["files"])
        replace_files({target / BUILT: source.encode()})
        return made

    def apply(_made: int) -> TaskReport:
        add()
        return TaskReport("INFO", f"The asset library {NAME} is ready")

    task = Task("Make Asset Library", work, apply, is_shown=False)
    task.place = Place.PREFERENCES
    return task


def add() -> None:
    """List the library in the preferences, under its name or that with a number, unless it is listed."""
    if _listed() is None:
        with _unchanged() as libraries:
            made = libraries.new(name=NAME, directory=str(folder()))
            made.import_method = "APPEND"
            with suppress(TypeError):  # 5.0 and later have no such choice
                made.import_method = "APPEND_REUSE"


def remove() -> None:
    """Take the library, and no other, off the list in the preferences."""
    if (found := _listed()) is not None:
        with _unchanged() as libraries:
            libraries.remove(found)


def _listed() -> bpy.types.UserAssetLibrary | None:
    libraries = bpy.context.preferences.filepaths.asset_libraries
    return next((one for one in libraries if Path(bpy.path.abspath(one.path)) == folder()), None)


@contextmanager
def _unchanged() -> Iterator[bpy.types.AssetLibraryCollection]:
    """The list, whose changes in the block do not ask the user to save the preferences."""
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
