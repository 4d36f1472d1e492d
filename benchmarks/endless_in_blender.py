"""Picture of an endless material: `python benchmarks/endless_in_blender.py PHOTOGRAPH OUT.jpg`, in Python with bpy.

A photograph on a large plane, above repeated and below endless, rendered by Cycles.
"""

from __future__ import annotations

import math
import os
import sys

import bpy
import numpy as np

TILES, SIZE_PX, SAMPLES = 14, (960, 400), 24


def main() -> None:
    photograph, out = sys.argv[1:]
    bpy.ops.extensions.package_install_files(
        filepath=os.environ["IMPASTO_EXTENSION"], repo="user_default", enable_on_install=True
    )
    bpy.ops.impasto.refresh_tools()
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.mesh.primitive_plane_add(size=TILES, location=(0, TILES / 2, 0))
    for loop in bpy.context.active_object.data.uv_layers[0].data:
        loop.uv = [TILES * value for value in loop.uv]
    bpy.ops.impasto.run(tool="photo-maps", source=photograph, width_m=1.0)
    look()
    plain = rendered()
    bpy.ops.impasto.make_endless(seed=3)
    save(np.concatenate([rendered(), np.ones((8, SIZE_PX[0], 4), np.float32), plain]), out)


def look() -> None:
    """A low camera and a low sun."""
    scene = bpy.context.scene
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.data.energy, sun.rotation_euler = 4.0, (0.9, 0.0, 0.6)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.location, camera.rotation_euler = (0.0, -1.4, 2.6), (math.radians(56), 0.0, 0.0)
    for item in (sun, camera):
        scene.collection.objects.link(item)
    scene.camera, scene.render.engine = camera, "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = SAMPLES, False
    scene.render.resolution_x, scene.render.resolution_y = SIZE_PX
    scene.view_settings.view_transform = "Standard"


def rendered() -> np.ndarray:
    """The scene (H, W, 4), row 0 at the bottom, as it is shown."""
    scene = bpy.context.scene
    scene.render.filepath = f"{bpy.app.tempdir}endless.png"
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath, check_existing=False)
    values = np.empty((image.size[1], image.size[0], 4), np.float32)
    image.pixels.foreach_get(values.ravel())
    bpy.data.images.remove(image)
    return values


def save(values: np.ndarray, path: str) -> None:
    height, width, _ = values.shape
    image = bpy.data.images.new("sheet", width, height)
    image.pixels.foreach_set(values.ravel())
    image.filepath_raw, image.file_format = path, "JPEG"
    image.save(quality=85)


if __name__ == "__main__":
    main()
