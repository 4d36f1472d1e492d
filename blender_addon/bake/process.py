# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking in a background Blender, so that the window stays responsive and a bake can be cancelled.

Blender's own bake in the background reads the open scene and dies with the window's; a process needs only
a copy of the object, and its crash harms nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.types import Image, Object

from ..bridge import former, working_space
from ..core.errors import Cancelled, FileError, ImpastoError, WorkerError, error_from_name
from ..engine.engine import NO_CONSOLE, clean_environment
from .checks import BakeOptions
from .maps import BakedMap
from .sources import images_of

if TYPE_CHECKING:
    import numpy as np

    from ..jobs.task import Task

CHILD = Path(__file__).with_name("child.py")
POLL_S = 0.05


@dataclass(frozen=True)
class BackgroundBake:
    """Input of the background Blender: a folder with the object, and the pixels that no file holds.

    first and share: the progress of the whole task at which this bake begins, and its part of it.
    """

    title: str
    folder: Path
    options: BakeOptions
    unsaved: list[np.ndarray]
    command: list[str]
    first: float = 0.0
    share: float = 1.0


def prepare_all(objects: Sequence[Object], options: BakeOptions) -> list[BackgroundBake]:
    """Write each object, and all that it needs, to a temporary folder, which `bake_all` removes. On the main thread."""
    given: list[BackgroundBake] = []
    share = 1 / len(objects)
    try:
        for index, obj in enumerate(objects):
            given.append(replace(_prepare(obj, options), first=index * share, share=share))
    except BaseException:
        _discard(given)
        raise
    return given


def _prepare(obj: Object, options: BakeOptions) -> BackgroundBake:
    folder = Path(tempfile.mkdtemp(prefix="impasto-bake-"))
    try:
        return BackgroundBake(obj.name, folder, options, _write(folder, obj, options), _command(folder))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _write(folder: Path, obj: Object, options: BakeOptions) -> list[np.ndarray]:
    """Write the object with its materials and the options; return the pixels of unsaved images."""
    images = [image for image in images_of(obj) if image.is_dirty and image.source in ("FILE", "GENERATED")]
    scene = bpy.context.scene
    job = {
        "name": obj.name,
        "options": asdict(options),
        "working_space": working_space.name(),
        "frame": [scene.frame_current, scene.frame_subframe],
        "images": [_describe(image) for image in images],
    }
    subject = obj.copy() if obj.library else obj
    try:
        (folder / "job.json").write_text(json.dumps({**job, "object": subject.name}), encoding="utf-8")
        with former.left_out({slot.material for slot in subject.material_slots if slot.material}):
            bpy.data.libraries.write(str(folder / "object.blend"), {subject}, path_remap="ABSOLUTE", fake_user=True)
    except RuntimeError as error:  # so Blender says that it cannot write
        message = f"the object {obj.name} cannot be written to {folder.parent}"
        raise FileError(
            message, "make room there, or choose another folder for temporary files in the preferences"
        ) from error
    finally:
        if subject != obj:
            bpy.data.objects.remove(subject)
    return [_values(image) for image in images]


def _command(folder: Path) -> list[str]:
    if not bpy.app.binary_path:  # the bpy module
        return [sys.executable, "-I", str(CHILD), str(folder)]
    trusted = ["--enable-autoexec"] if bpy.context.preferences.filepaths.use_scripts_auto_execute else []
    options = ["--background", "--factory-startup", "-noaudio", *trusted, "--python-exit-code", "1"]
    return [bpy.app.binary_path, *options, "--python", str(CHILD), "--", str(folder)]


def _describe(image: Image) -> dict[str, object]:
    return {
        "name": image.name,
        "size_px": list(image.size),
        "is_float": image.is_float,
        "color_space": image.colorspace_settings.name,
        "alpha_mode": image.alpha_mode,
    }


def _values(image: Image) -> np.ndarray:
    import numpy as np

    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    return values


def bake_all(task: Task, given: Sequence[BackgroundBake]) -> list[list[BakedMap]]:
    """Bake what `prepare_all` wrote, and wait; cancelling the task ends the process. Never touches bpy."""
    try:
        return [_bake(task, one) for one in given]
    finally:
        _discard(given)


def _bake(task: Task, given: BackgroundBake) -> list[BakedMap]:
    import numpy as np

    for index, values in enumerate(given.unsaved):
        np.save(given.folder / f"{index}.npy", values)
    task.say(f"Starting Blender in the background for {given.title}", given.first)
    with (given.folder / "log.txt").open("wb") as log:
        process = _start(given.command, log.fileno())
    try:
        _watch(task, given, process)
    finally:
        process.kill()
        process.wait()
    return _collect(given, process.returncode)


def _discard(given: Sequence[BackgroundBake]) -> None:
    for one in given:
        shutil.rmtree(one.folder, ignore_errors=True)


def _start(command: list[str], log: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=clean_environment(),
        creationflags=NO_CONSOLE,
        start_new_session=os.name != "nt",
    )


def _watch(task: Task, given: BackgroundBake, process: subprocess.Popen[bytes]) -> None:
    """Report the process's progress until it ends: each finished map has a JSON file."""
    names = given.options.maps
    while process.poll() is None:
        if task.is_cancelled:
            raise Cancelled
        done = sum((given.folder / f"{name}.json").exists() for name in names)
        if (given.folder / "started").exists() and done < len(names):
            what = f"{given.title}: {names[done].replace('_', ' ')}"
            task.say(f"Baking {what}", given.first + given.share * done / len(names))
        time.sleep(POLL_S)


def _collect(given: BackgroundBake, status: int) -> list[BakedMap]:
    """Read the maps that the process wrote, or raise its error."""
    failure = given.folder / "error.json"
    if failure.exists():
        error = json.loads(failure.read_text(encoding="utf-8"))
        raise error_from_name(error["type"], error["message"], error["remedy"])
    if status:
        tail = " | ".join((given.folder / "log.txt").read_text(errors="replace").splitlines()[-3:])
        raise WorkerError(f"Blender in the background stopped with status {status}: {tail}", "try a smaller size")
    return [read_map(given.folder, name) for name in given.options.maps]


def write_map(folder: Path, baked: BakedMap) -> None:
    """In the process: write the picture, then the JSON file that marks it complete."""
    (folder / f"{baked.name}.png").write_bytes(baked.png)
    part = folder / f"{baked.name}.part"
    part.write_text(json.dumps({"provenance": baked.provenance, "notes": baked.notes}), encoding="utf-8")
    part.replace(folder / f"{baked.name}.json")


def write_error(folder: Path, error: ImpastoError) -> None:
    """In the process: write an expected error, which `bake_all` raises again."""
    about = {"type": type(error).__name__, "message": error.message, "remedy": error.remedy}
    (folder / "error.json").write_text(json.dumps(about), encoding="utf-8")


def read_map(folder: Path, name: str) -> BakedMap:
    about = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return BakedMap(name, (folder / f"{name}.png").read_bytes(), about["provenance"], tuple(about["notes"]))
