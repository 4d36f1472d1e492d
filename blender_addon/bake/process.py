# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking in a background Blender, so that the window stays responsive and a bake can be cancelled.

Blender's own bake in the background reads the open scene and dies with the window's; a process needs only
a copy of the object, and its crash harms nothing.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.types import Image, Object

from ..bridge import former, working_space
from ..core.errors import FileError, WorkerError
from .maps import BakedMap
from .settings import BakeOptions
from .sources import images_of

if TYPE_CHECKING:
    import numpy as np

    from ..jobs.task import Task

CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class BackgroundBake:
    """Input of the background Blender: a folder with the object, and the pixels that no file holds.

    first: the progress of the whole task at which this bake begins.
    """

    title: str
    folder: Path
    options: BakeOptions
    unsaved: list[np.ndarray]
    command: list[str]
    first: float = 0.0


def prepare_all(objects: Sequence[Object], options: BakeOptions) -> list[BackgroundBake]:
    """Write each object, and all that it needs, to a temporary folder, which `bake_all` removes. On the main thread."""
    given: list[BackgroundBake] = []
    share = 1 / len(objects)
    try:
        for index, obj in enumerate(objects):
            given.append(_prepare(obj, options, index * share, share))
    except BaseException:
        _discard(given)
        raise
    return given


def _prepare(obj: Object, options: BakeOptions, first: float, share: float) -> BackgroundBake:
    """A bake that covers this share of the progress, beginning at `first`."""
    folder = Path(tempfile.mkdtemp(prefix="impasto-bake-"))
    try:
        unsaved = _write(folder, obj, options, {"first": first, "share": share})
        return BackgroundBake(obj.name, folder, options, unsaved, _command(folder), first)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _write(folder: Path, obj: Object, options: BakeOptions, progress: dict[str, float]) -> list[np.ndarray]:
    """Write the object with its materials and the options; return the pixels of unsaved images."""
    images = [image for image in images_of(obj) if image.is_dirty and image.source in ("FILE", "GENERATED")]
    scene = bpy.context.scene
    job = {
        "name": obj.name,
        "options": asdict(options),
        "progress": progress,
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

    from ..jobs.command import run_command

    for index, values in enumerate(given.unsaved):
        np.save(given.folder / f"{index}.npy", values)
    task.say(f"Starting Blender in the background for {given.title}", given.first)
    run_command(task, given.command, {}, died=_crash)
    return [read_map(given.folder, name) for name in given.options.maps]


def _crash(code: int, output: str) -> WorkerError:
    tail = " | ".join([line for line in output.splitlines() if line.strip()][-3:])
    return WorkerError(f"Blender in the background stopped with status {code}: {tail}", "try a smaller size")


def _discard(given: Sequence[BackgroundBake]) -> None:
    for one in given:
        shutil.rmtree(one.folder, ignore_errors=True)


def write_map(folder: Path, baked: BakedMap) -> None:
    """In the process: write the picture, and what is known of it as JSON."""
    (folder / f"{baked.name}.png").write_bytes(baked.png)
    (folder / f"{baked.name}.other").write_bytes(baked.other)
    about = {"provenance": baked.provenance, "notes": baked.notes, "suffix": baked.suffix}
    (folder / f"{baked.name}.json").write_text(json.dumps(about), encoding="utf-8")


def read_map(folder: Path, name: str) -> BakedMap:
    about = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    png, other = ((folder / f"{name}.{kind}").read_bytes() for kind in ("png", "other"))
    return BakedMap(name, png, about["provenance"], tuple(about["notes"]), other=other, suffix=about["suffix"])
