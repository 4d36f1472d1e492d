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
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import bpy
import numpy as np
from bpy.types import Image

from ...bridge import replaced
from ...bridge.images import values_of, working_space
from ...core.errors import FileError, Message, WorkerError, with_ids, with_messages
from ...jobs.command import run_command
from ...jobs.task import Task
from ..fingerprints import images_of
from ..objects.sets import BakeSet
from ..render.baked_maps import BakedMap
from ..render.canvas import Misses
from ..settings import BakeOptions
from .costs import record

CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class BackgroundBake:
    """Input of the background Blender: a folder with the objects, and the pixels that no file holds."""

    titles: Sequence[str]
    folder: Path
    options: BakeOptions
    unsaved: list[np.ndarray]
    command: list[str]
    record: Path


def prepare(sets: Sequence[BakeSet], options: BakeOptions, known: Collection[str] = ()) -> BackgroundBake:
    """Write the sets' objects, and all that they need, to a temporary folder, which `bake_all` removes.

    known: fingerprints of maps that need not be baked. On the main thread. One process bakes all: to start one takes
    longer than many a bake.
    """
    folder = Path(tempfile.mkdtemp(prefix="impasto-bake-"))
    try:
        unsaved = _write(folder, sets, options, known)
        return BackgroundBake([one.title for one in sets], folder, options, unsaved, _command(folder), record.path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _write(folder: Path, sets: Sequence[BakeSet], options: BakeOptions, known: Collection[str]) -> list[np.ndarray]:
    """Write the objects with their materials, and the options; return the pixels of unsaved images."""
    objects = list(dict.fromkeys(obj for one in sets for obj in one.all_objects))
    images = [image for image in images_of(*objects) if image.is_dirty and image.source in ("FILE", "GENERATED")]
    scene = bpy.context.scene
    written = {obj: obj.copy() if obj.library else obj for obj in objects}
    job = {
        "names": {copy.name: obj.name for obj, copy in written.items()},
        "sets": [one.to_json(lambda obj: written[obj].name) for one in sets],
        "options": asdict(options),
        "working_space": working_space(),
        "known": list(known),
        "rates": dict(record.rates),
        "frame": [scene.frame_current, scene.frame_subframe],
        "images": [_describe(image) for image in images],
    }
    materials = {slot.material for obj in objects for slot in obj.material_slots if slot.material}
    try:
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        with replaced.left_out(materials):
            blend = str(folder / "object.blend")
            bpy.data.libraries.write(blend, set(written.values()), path_remap="ABSOLUTE", fake_user=True)
    except (OSError, RuntimeError) as error:  # either may say that Blender cannot write
        message = "the object {} cannot be written to {}"
        remedy = "make room there, or choose another folder for temporary files in the preferences"
        raise FileError(message, remedy, ", ".join(one.title for one in sets), folder.parent) from error
    finally:
        for obj, copy in written.items():
            if copy != obj:
                bpy.data.objects.remove(copy)
    return [values_of(image) for image in images]


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


def bake_all(task: Task, bake: BackgroundBake) -> list[list[BakedMap]]:
    """Bake what `prepare` wrote, and wait; cancelling the task ends the process. Never touches bpy."""
    try:
        for index, values in enumerate(bake.unsaved):
            np.save(bake.folder / f"{index}.npy", values)
        task.say(Message("Starting Blender in the background for {}", ", ".join(bake.titles)), 0.0)
        record.keep(run_command(task, bake.command, {}, died=_crash)["rates"], bake.record)
        count = len(bake.titles)
        return [[read_map(folder_of(bake.folder, i), name) for name in bake.options.maps] for i in range(count)]
    finally:
        shutil.rmtree(bake.folder, ignore_errors=True)


def _crash(code: int, output: str) -> WorkerError:
    if code < 0:
        message = "Blender in the background was ended by signal {}, and nothing has changed"
        return WorkerError(message, "bake again, at a smaller size if memory was short", -code)
    tail = " | ".join([line for line in output.splitlines() if line.strip()][-3:])
    return WorkerError("Blender in the background stopped with status {}: {}", "try a smaller size", code, tail)


def folder_of(folder: Path, index: int) -> Path:
    """Folder of the maps of one set."""
    return folder / str(index)


def write_map(folder: Path, baked: BakedMap) -> dict[str, str]:
    """In the process: write the picture, and what is known of it as JSON; return what says where its preview is."""
    folder.mkdir(exist_ok=True)
    (folder / f"{baked.name}.png").write_bytes(baked.png)
    for number, png in baked.tiles.items():
        (folder / f"{baked.name}.{number}.png").write_bytes(png)
    for number, data in baked.others.items():
        (folder / f"{baked.name}.{number}.other").write_bytes(data)
    kinds = {"tiles": list(baked.tiles), "others": list(baked.others), "suffix": baked.suffix, "is_kept": baked.is_kept}
    about = {"provenance": baked.provenance, "notes": baked.notes, "misses": asdict(baked.misses), **kinds}
    (folder / f"{baked.name}.json").write_text(json.dumps(with_ids(about)), encoding="utf-8")
    if baked.preview is None:
        return {}
    preview = folder / f"{baked.name}.npy"
    np.save(preview, baked.preview)
    return {"preview": str(preview)}


def read_map(folder: Path, name: str) -> BakedMap:
    about = with_messages(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))
    tiles = {number: (folder / f"{name}.{number}.png").read_bytes() for number in about["tiles"]}
    others = {number: (folder / f"{name}.{number}.other").read_bytes() for number in about["others"]}
    png = (folder / f"{name}.png").read_bytes()
    misses = Misses(about["misses"]["count"], tuple(map(tuple, about["misses"]["points"])))
    files = {"tiles": tiles, "others": others, "misses": misses, **{key: about[key] for key in ("suffix", "is_kept")}}
    return BakedMap(name, png, about["provenance"], tuple(about["notes"]), **files)
