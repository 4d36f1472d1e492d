"""Meshes of glTF models for `objects.py`, and pictures of them with other textures; runs in Blender's Python module.

    IMPASTO_EXTENSION=….zip BPY benchmarks/objects_in_blender.py bake MODELS OUT
    BPY benchmarks/objects_in_blender.py meshes MODELS OUT
    BPY benchmarks/objects_in_blender.py render MODELS OUT NAME=TEXTURES ... [--views 4]

`bake` adds a monkey with a procedural material, bakes it and each model, and writes them to OUT as glTF files with the
baked maps. `meshes` writes the mesh and the maps of each model's main material to OUT. `render` turns each model before
the camera, with the maps of the folder TEXTURES/MODEL instead of its own (NAME `own`), lit alike, and writes
OUT/MODEL--NAME.png.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("BLENDER_USER_RESOURCES", tempfile.mkdtemp(prefix="impasto-profile-"))

import bpy
import numpy as np
from mathutils import Matrix, Vector

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))
from impasto.atlas.mesh import Mesh
from impasto.io.ply import ply_of

SIDE_PX = 640
BAKED_PX = 1024
SAMPLES = 24
SHOWN = {"base_color": "Base Color", "normal": "Normal"}


def main() -> None:
    """Carry out one of the actions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("bake", "meshes", "render"))
    parser.add_argument("models", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("textures", nargs="*", metavar="NAME=TEXTURES")
    parser.add_argument("--views", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.action == "bake":
        bake_all(sorted(options.models.rglob("*.glb")), options.out)
        return
    for path in sorted(options.models.rglob("*.glb")):
        load(path)
        if options.action == "meshes":
            write_mesh(options.out / path.stem)
            continue
        for given in options.textures:
            name, _, folder = given.partition("=")
            if name == "own" or (Path(folder) / path.stem).is_dir():
                load(path)
                if name != "own":
                    show(Path(folder) / path.stem)
                render(options.out / f"{path.stem}--{name}.png", options.views)


def bake_all(paths: list[Path], out: Path) -> None:
    """The models and a monkey, baked by the extension's operator, as glTF files."""
    bpy.ops.extensions.package_install_files(
        filepath=os.environ["IMPASTO_EXTENSION"], repo="user_default", enable_on_install=True
    )
    for path in [*paths, Path("suzanne.glb")]:
        if path in paths:
            load(path)
        else:
            add_monkey()
        for item in objects():
            item.select_set(True)
        bpy.context.view_layer.objects.active = objects()[0]
        sizes = {"width_px": BAKED_PX, "height_px": BAKED_PX}
        bpy.ops.impasto.bake(maps={"base_color", "roughness", "normal"}, material="NEW", **sizes)
        bpy.ops.export_scene.gltf(filepath=str(out / path.name))


def add_monkey() -> None:
    """An empty scene with a monkey, whose material is procedural."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.mesh.primitive_monkey_add()
    monkey = bpy.context.object
    monkey.name = "Suzanne"
    monkey.modifiers.new("Subdivision", "SUBSURF").levels = 2
    bpy.ops.object.modifier_apply(modifier="Subdivision")
    bpy.ops.object.shade_smooth()
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.uv.smart_project(island_margin=0.02)
    bpy.ops.object.mode_set(mode="OBJECT")
    material = bpy.data.materials.new("Suzanne")
    if bpy.app.version < (5, 0):
        material.use_nodes = True
    tree = material.node_tree
    wave, colors = tree.nodes.new("ShaderNodeTexWave"), tree.nodes.new("ShaderNodeValToRGB")
    wave.inputs["Scale"].default_value, wave.inputs["Distortion"].default_value = 3, 6
    colors.color_ramp.elements[0].color, colors.color_ramp.elements[1].color = (0.1, 0.04, 0.02, 1), (0.5, 0.25, 0.1, 1)
    tree.links.new(wave.outputs["Color"], colors.inputs["Fac"])
    tree.links.new(colors.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
    monkey.data.materials.append(material)


def load(path: Path) -> None:
    """An empty scene with a model."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(path))


def main_material() -> bpy.types.Material:
    """The material of most triangles, whose maps are one atlas."""
    counts: dict[str, int] = {}
    for item in objects():
        for face in item.data.polygons:
            name = item.data.materials[face.material_index].name
            counts[name] = counts.get(name, 0) + len(face.vertices) - 2
    return bpy.data.materials[max(counts, key=lambda name: counts[name])]


def objects() -> list[bpy.types.Object]:
    return [item for item in bpy.data.objects if item.type == "MESH"]


def write_mesh(folder: Path) -> None:
    """The mesh of the main material, and its maps."""
    folder.mkdir(exist_ok=True)
    material = main_material()
    positions, uvs = [], []
    for item in objects():
        mesh, layer = item.data, item.data.uv_layers[0]
        mesh.calc_loop_triangles()
        for triangle in mesh.loop_triangles:
            if mesh.materials[triangle.material_index] == material:
                positions.append([item.matrix_world @ mesh.vertices[index].co for index in triangle.vertices])
                uvs.append([layer.uv[index].vector for index in triangle.loops])
    made = Mesh(np.array(positions, np.float32), np.array(uvs, np.float32))
    (folder / "mesh.ply").write_bytes(ply_of(made))
    for name, node in images_of(material).items():
        image = node.image
        image.filepath_raw, image.file_format = str(folder / f"{folder.name}_{name}.png"), "PNG"
        image.save()


def images_of(material: bpy.types.Material) -> dict[str, bpy.types.Node]:
    """Image nodes of the base colour and the normals."""
    found = {}
    for node in material.node_tree.nodes:
        if node.type == "TEX_IMAGE":
            for link in node.outputs["Color"].links:
                found |= {name: node for name, socket in SHOWN.items() if link.to_socket.name == socket}
                found |= {"normal": node} if link.to_node.type == "NORMAL_MAP" else {}
    return found


def show(folder: Path) -> None:
    """Show the maps of a folder with the main material; without normals it becomes even."""
    material = main_material()
    nodes = images_of(material)
    for name, node in nodes.items():
        (path,) = list(folder.glob(f"*{name}.png")) or [None]
        if path is None:
            material.node_tree.nodes.remove(node)
            continue
        node.image = bpy.data.images.load(str(path))
        node.image.colorspace_settings.name = "sRGB" if name == "base_color" else "Non-Color"


def render(path: Path, count: int) -> None:
    """So many views of all objects, side by side."""
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", SAMPLES, False
    scene.render.resolution_x = scene.render.resolution_y = SIDE_PX
    scene.view_settings.view_transform = "Standard"
    world = bpy.data.worlds.new("World")
    scene.world = world
    if bpy.app.version < (5, 0):
        world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.9, 0.92, 1.0, 1)
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.8
    corners = np.array([item.matrix_world @ Vector(corner) for item in objects() for corner in item.bound_box])
    middle, radius = Vector((corners.max(0) + corners.min(0)) / 2), float(np.linalg.norm(np.ptp(corners, axis=0))) / 2
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.data.energy, sun.rotation_euler = 2.5, (math.radians(40), 0, math.radians(30))
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.angle = math.radians(30)
    for item in (sun, camera):
        scene.collection.objects.link(item)
    scene.camera = camera
    views = []
    for turn in (35 + 360 * view / count for view in range(count)):
        away = Matrix.Rotation(math.radians(turn), 3, "Z") @ Vector((0, -1, 0.55)).normalized()
        camera.location = middle + away * radius / math.sin(camera.data.angle / 2)
        camera.rotation_euler = away.to_track_quat("Z", "Y").to_euler()
        scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(str(path))
        pixels = np.empty(SIDE_PX * SIDE_PX * 4, np.float32)
        image.pixels.foreach_get(pixels)
        views.append(pixels.reshape(SIDE_PX, SIDE_PX, 4))
        bpy.data.images.remove(image)
    sheet = bpy.data.images.new("sheet", count * SIDE_PX, SIDE_PX)
    sheet.pixels.foreach_set(np.concatenate(views, 1).ravel())
    sheet.filepath_raw, sheet.file_format = str(path), "PNG"
    sheet.save()


main()
