# SPDX-License-Identifier: GPL-3.0-or-later
"""Script of the background Blender: bakes the objects in the folder that it is given, and writes the maps there.

It says on stdout how far it is, as the engine's commands do. It is not imported by the extension, and imports the
extension's modules without registering it.
"""

import json
import os
import shutil
import sys
import tempfile
import time
import types
from pathlib import Path

import bpy

PACKAGE = "impasto_bake"


def main(folder: Path) -> None:
    package = types.ModuleType(PACKAGE)
    package.__path__ = [str(Path(__file__).parents[2])]
    sys.modules[PACKAGE] = package
    from impasto_bake.bake.objects.sets import BakeSet
    from impasto_bake.bake.process import background, costs
    from impasto_bake.bake.process.costs import memory_error
    from impasto_bake.bake.render.baked_maps import bake_set
    from impasto_bake.bake.settings import BakeOptions
    from impasto_bake.core.errors import ImpastoError, Message, error_fields, series
    from impasto_bake.core.system.untrusted import file_error

    tempfile.tempdir = str(folder)  # so that nothing is left behind when this process is killed
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    options = BakeOptions(**{**job["options"], "maps": tuple(job["options"]["maps"])})
    waiting = list(options.maps) * len(job["sets"])
    count, spent = len(waiting), costs.Costs(options, job["rates"])
    preview: dict[str, str] = {}
    try:
        objects = load(folder, job)
        for place, about in enumerate(job["sets"]):
            baked = bake_set(BakeSet.from_json(about, objects), options, job["known"])
            for name in options.maps:
                what = f"{about['title']}: {name.replace('_', ' ')}"
                # the time comes first: a narrow panel cuts the end
                message = series(", ", filter(None, (spent.left(waiting), Message("Baking {}", what))))
                say(progress=1 - len(waiting) / count, message=message, **preview)
                begun = time.perf_counter()
                baked_set = next(baked)
                preview = background.write_map(background.folder_of(folder, place), baked_set)
                waiting.pop(0)
                if not baked_set.is_kept:
                    spent.add(name, time.perf_counter() - begun, len(baked_set.tiles))
            baked.close()
        say(rates=spent.rates)
    except ImpastoError as error:
        say(**error_fields(error))
        raise
    except OSError as error:
        say(**error_fields(file_error(error)))
        raise
    except MemoryError:
        say(**error_fields(memory_error()))
        raise


def say(**about: object) -> None:
    """Print a line of JSON, apart from what Blender itself may have begun to print.

    Where nobody reads it, Blender was closed or killed meanwhile: this process ends, and its folder with it.
    """
    from impasto_bake.core.errors import with_ids

    try:
        print(f"\n{json.dumps(with_ids(about))}", flush=True)
    except OSError:
        shutil.rmtree(tempfile.gettempdir(), ignore_errors=True)
        os._exit(1)


def load(folder: Path, job: dict) -> dict[str, bpy.types.Object]:
    """Load the objects into an empty file at the same frame, with the pixels that only the open file had.

    Returned by the names in the file; each is then called as it was.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if job["working_space"]:
        bpy.ops.wm.set_working_color_space(working_space=job["working_space"], convert_colors=False)
    with bpy.data.libraries.load(str(folder / "object.blend")) as (_found, wanted):
        wanted.objects = list(job["names"])
    objects = dict(zip(job["names"], wanted.objects, strict=True))
    for name, obj in objects.items():
        obj.name = job["names"][name]
    for index, about in enumerate(job["images"]):
        restore(bpy.data.images[about["name"]], about, folder / f"{index}.npy")
    frame, subframe = job["frame"]
    bpy.context.scene.frame_set(frame, subframe=subframe)
    return objects


def restore(image: bpy.types.Image, about: dict, pixels: Path) -> None:
    """Replace an image that was read by one with these pixels."""
    import numpy as np

    fresh = bpy.data.images.new(image.name, *about["size_px"], alpha=True, float_buffer=about["is_float"])
    fresh.colorspace_settings.name = about["color_space"]
    fresh.alpha_mode = about["alpha_mode"]
    fresh.pixels.foreach_set(np.load(pixels))
    image.user_remap(fresh)


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
