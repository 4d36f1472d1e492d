"""Photographs of a wall under a lamp at eight places, by Cycles: `photograph_stereo.py FOLDER`, in Blender's Python.

FOLDER holds `height_m.npy` (H, W), `base_color.png`, `roughness.png` and `lights.json`; `photo_N.png` come there.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import bpy
import numpy as np

SIDE_PX, SAMPLES = 512, 10
DISTANCE_M, LAMP_M = 2.5, 0.08
"""Distance of the lamp from the middle of the wall, which is a metre wide, and its size."""


def main(folder: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    _wall(np.load(folder / "height_m.npy"), _material(folder))
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.type, camera.data.ortho_scale, camera.location = "ORTHO", 1.0, (0, 0, 3)
    lamp = bpy.data.objects.new("Lamp", bpy.data.lights.new("Lamp", "POINT"))
    lamp.data.energy, lamp.data.shadow_soft_size = 260, LAMP_M
    for item in (camera, lamp):
        scene.collection.objects.link(item)
    scene.camera = camera
    scene.render.engine, scene.cycles.samples, scene.cycles.device = "CYCLES", SAMPLES, "CPU"
    scene.cycles.max_bounces = 3
    scene.render.resolution_x = scene.render.resolution_y = SIDE_PX
    scene.view_settings.view_transform = "Standard"
    for index, light in enumerate(json.loads((folder / "lights.json").read_text())):
        azimuth, elevation = math.radians(light["azimuth"]), math.radians(light["elevation"])
        flat = DISTANCE_M * math.cos(elevation)
        lamp.location = flat * math.cos(azimuth), flat * math.sin(azimuth), DISTANCE_M * math.sin(elevation)
        scene.render.filepath = str(folder / f"photo_{index}.png")
        bpy.ops.render.render(write_still=True)


def _wall(height_m: np.ndarray, material: bpy.types.Material) -> None:
    """A grid a metre wide with a vertex at the middle of each of the height's pixels, row 0 at the top."""
    rows, columns = height_m.shape
    x = (np.arange(columns) + 0.5) / columns - 0.5
    y = 0.5 - (np.arange(rows) + 0.5) / rows
    vertices = np.stack([*np.meshgrid(x, y), height_m - height_m.mean()], 2).reshape(-1, 3)
    first = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    faces = np.stack([first, first + columns, first + columns + 1, first + 1], 1)
    mesh = bpy.data.meshes.new("Wall")
    mesh.from_pydata(vertices.tolist(), [], faces.tolist())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), bool))
    uvs = mesh.uv_layers.new().data
    of_corners = vertices[faces.ravel(), :2] + 0.5
    uvs.foreach_set("uv", of_corners.astype("f4").ravel())
    mesh.materials.append(material)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Wall", mesh))


def _material(folder: Path) -> bpy.types.Material:
    material = bpy.data.materials.new("Wall")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    for socket, name, space in (("Base Color", "base_color", "sRGB"), ("Roughness", "roughness", "Non-Color")):
        node = nodes.new("ShaderNodeTexImage")
        node.image = bpy.data.images.load(str(folder / f"{name}.png"))
        node.image.colorspace_settings.name = space
        links.new(node.outputs["Color"], shader.inputs[socket])
    return material


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
