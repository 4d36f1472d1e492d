"""Helpers of tests for a .blend: images in materials, other files and libraries, faces, cameras, working spaces."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from conftest import MODULE, packed_image, pixels_of


def mapped(name: str, maps: dict[str, np.ndarray]) -> bpy.types.Material:
    """A material of Impasto's nodes with these maps, of values from 0 to 1, row 0 at the top."""
    materials = sys.modules[MODULE].bridge.materials
    images = {key: packed_image(f"{name}_{key}", np.uint8(255 * values + 0.5)) for key, values in maps.items()}
    for key, image in images.items():
        image.colorspace_settings.name = "sRGB" if key == "base_color" else "Non-Color"
    made = materials.new(name)
    materials.apply_maps(made, images, materials.Look())
    return made


def reopen(path: Path) -> None:
    """Save the open file there, and open it again."""
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))


def from_library(path: Path, link: bool = True, **wanted: str) -> Any:
    """Data of another .blend by its name: `objects="Cube"`. An object is in the scene, active and selected."""
    ((kind, name),) = wanted.items()
    with bpy.data.libraries.load(str(path), link=link) as (_, target):
        setattr(target, kind, [name])
    (found,) = getattr(target, kind)
    if kind == "objects":
        bpy.context.collection.objects.link(found)
        bpy.context.view_layer.objects.active = found
        found.select_set(True)
    return found


def render() -> np.ndarray:
    """Linear colours (H, W, 3) that the camera sees, row 0 at the top."""
    scene = bpy.context.scene
    scene.cycles.seed, scene.view_settings.view_transform = 1, "Raw"
    scene.render.image_settings.file_format, scene.render.image_settings.color_depth = "OPEN_EXR", "32"
    scene.render.filepath = f"{bpy.app.tempdir}seen.exr"
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath, check_existing=False)
    values = pixels_of(image)[..., :3]
    bpy.data.images.remove(image)
    return values


def links_of(material: bpy.types.Material) -> set[tuple[str, ...]]:
    """Node and socket at either end of each link."""
    found = material.node_tree.links
    return {(one.from_node.name, one.from_socket.name, one.to_node.name, one.to_socket.name) for one in found}


def use_working_space(name: str) -> None:
    """Give the open file this working space."""
    if bpy.app.version >= (5, 0):
        bpy.ops.wm.set_working_color_space(working_space=name, convert_colors=False)
    elif name != "Linear Rec.709":
        pytest.skip("files have a working space since Blender 5.0")


def new_material(name: str) -> bpy.types.Material:
    """A material with a Principled BSDF."""
    made = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0):
        made.use_nodes = True
    return made


def show_image(material: bpy.types.Material, image: bpy.types.Image, *sockets: str) -> bpy.types.Node:
    """A new node with an image in a material, joined to these sockets of its Principled BSDF."""
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    for socket in sockets:
        shader = material.node_tree.nodes["Principled BSDF"]
        material.node_tree.links.new(node.outputs["Color"], shader.inputs[socket])
    return node


def maps_of(material: bpy.types.Material) -> dict[str, bpy.types.Image]:
    """The images of a material that Impasto made, by map."""
    return {node.image["impasto_map"]: node.image for node in material.node_tree.nodes if node.type == "TEX_IMAGE"}


@contextmanager
def listed_library(folder: Path, name: str = "Studio") -> Iterator[bpy.types.UserAssetLibrary]:
    """An asset library of the preferences."""
    libraries = bpy.context.preferences.filepaths.asset_libraries
    made = libraries.new(name=name, directory=str(folder))
    try:
        yield made
    finally:
        libraries.remove(made)


def edit_faces(act: Callable[..., object], action: str = "SELECT", **given: object) -> None:
    """Call an operator in edit mode, once all faces of the active object are selected, or none."""
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action=action)
    act(**given)
    bpy.ops.object.mode_set(mode="OBJECT")


def camera(size_px: tuple[int, int], width_m: float = 1.0, samples: int = 1) -> bpy.types.Object:
    """An orthographic camera above the middle, by which Cycles renders (height, width) pixels."""
    scene = bpy.context.scene
    scene.camera = made = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(made)
    made.data.type, made.data.ortho_scale, made.location = "ORTHO", width_m, (0, 0, 5)
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", samples, False
    scene.render.resolution_y, scene.render.resolution_x, scene.render.resolution_percentage = *size_px, 100
    return made
