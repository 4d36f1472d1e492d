"""Four shots with Blender's motion vectors: `python film_in_blender.py OUT FRAMES WIDTH`, in Blender's module.

IMPASTO_EXTENSION is the zip of the extension, whose operator sets the scene up. With a folder of textures as one more
argument, the street alone: with those textures on its objects or, if there are none yet, they are baked into it.

street: a camera passes a textured street. turning: an object turns before a background that moves. character: a mesh
bends, and parts of it hide others. pan: the camera turns fast, and returns.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from pathlib import Path

import bpy

SAMPLES = 8
TEXTURE_PX = 2048
"""Side of a baked texture; of the head's, half."""
GREEN, YELLOW, BLUE, WHITE = (0.1, 0.5, 0.15, 1), (0.9, 0.8, 0.1, 1), (0.1, 0.25, 0.5, 1), (0.8, 0.85, 0.9, 1)
RED, CLAY = (0.5, 0.2, 0.12, 1), (0.6, 0.35, 0.2, 1)


def material(kind: str, one: tuple[float, ...], other: tuple[float, ...], scale: float) -> bpy.types.Material:
    """Bricks by UVs, or noise in the object's own space."""
    made = bpy.data.materials.new(kind)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    coordinates, principled = nodes.new("ShaderNodeTexCoord"), nodes["Principled BSDF"]
    if kind == "bricks":
        texture = nodes.new("ShaderNodeTexBrick")
        texture.inputs["Color1"].default_value, texture.inputs["Color2"].default_value = one, other
        links.new(coordinates.outputs["UV"], texture.inputs["Vector"])
        links.new(texture.outputs[0], principled.inputs[0])
    else:
        texture, ramp = nodes.new("ShaderNodeTexNoise"), nodes.new("ShaderNodeValToRGB")
        ramp.color_ramp.elements[0].color, ramp.color_ramp.elements[1].color = one, other
        links.new(coordinates.outputs["Generated"], texture.inputs["Vector"])
        links.new(texture.outputs[0], ramp.inputs[0])
        links.new(ramp.outputs[0], principled.inputs[0])
    texture.inputs["Scale"].default_value = scale
    return made


def scene() -> tuple[bpy.types.Scene, bpy.types.Object, bpy.types.Object]:
    """A floor, a wall and a head before a camera; the scene, the head and the camera."""
    bpy.ops.wm.read_homefile(use_empty=True)
    made = bpy.context.scene
    made.render.engine, made.cycles.samples, made.cycles.use_denoising = "CYCLES", SAMPLES, False
    world = made.world = bpy.data.worlds.new("World")
    world.use_nodes = True
    bpy.ops.mesh.primitive_plane_add(size=40)
    bpy.context.object.data.materials.append(material("bricks", RED, CLAY, 26))
    bpy.ops.mesh.primitive_plane_add(size=40, location=(0, 8, 0), rotation=(math.pi / 2, 0, 0))
    bpy.context.object.data.materials.append(material("noise", BLUE, WHITE, 16))
    bpy.context.object.pass_index = 1
    bpy.ops.mesh.primitive_monkey_add(size=2.2, location=(0, 2, 1.2))
    head = bpy.context.object
    head.pass_index = 2
    head.data.materials.append(material("noise", GREEN, YELLOW, 6))
    bpy.ops.object.shade_smooth()
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.rotation_euler, sun.data.energy = (0.6, 0.3, 0.2), 2.5
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location, camera.rotation_euler = (0, -6, 2.6), (math.radians(80), 0, 0)
    for each in (sun, camera):
        made.collection.objects.link(each)
    made.camera = camera
    return made, head, camera


def objects(made: bpy.types.Scene) -> list[bpy.types.Object]:
    return [one for one in made.objects if one.type == "MESH"]


def bake(folder: Path) -> None:
    """Write the colours of each object as a texture, and its mesh."""
    made, head, _ = scene()
    folder.mkdir(parents=True)
    for one in objects(made):
        side = TEXTURE_PX // (2 if one == head else 1)
        image = bpy.data.images.new(one.name, side, side)
        nodes = one.active_material.node_tree.nodes
        nodes.active = nodes.new("ShaderNodeTexImage")
        nodes.active.image = image
        bpy.ops.object.select_all(action="DESELECT")
        one.select_set(True)
        bpy.context.view_layer.objects.active = one
        bpy.ops.object.bake(type="DIFFUSE", pass_filter={"COLOR"}, margin=8)
        image.filepath_raw, image.file_format = str(folder / f"{one.name}.png"), "PNG"
        image.save()
        uv_mesh = {"export_uv": True, "export_triangulated_mesh": True, "export_selected_objects": True}
        bpy.ops.wm.ply_export(filepath=str(folder / f"{one.name}.ply"), **uv_mesh)


def use(folder: Path, made: bpy.types.Scene) -> None:
    """Give each object its texture."""
    for one in objects(made):
        tree = one.active_material.node_tree
        image = tree.nodes.new("ShaderNodeTexImage")
        image.image = bpy.data.images.load(str(folder / f"{one.name}.png"))
        tree.links.new(image.outputs[0], tree.nodes["Principled BSDF"].inputs[0])


def street(head: bpy.types.Object, camera: bpy.types.Object, time: float) -> None:
    camera.location, camera.rotation_euler[2] = (4 * time - 2, -6, 2.6), math.radians(8 - 16 * time)


def turning(head: bpy.types.Object, camera: bpy.types.Object, time: float) -> None:
    camera.location[0], head.location[0], head.rotation_euler[2] = 2 * time, 2 * time, math.radians(120 * time - 60)


def character(head: bpy.types.Object, camera: bpy.types.Object, time: float) -> None:
    head.modifiers["Bend"].angle, head.location[0] = (
        math.radians(70 * math.sin(2 * math.pi * time)),
        math.sin(math.pi * time),
    )


def pan(head: bpy.types.Object, camera: bpy.types.Object, time: float) -> None:
    camera.rotation_euler[2] = math.radians(30 * math.sin(2 * math.pi * time))


SHOTS: dict[str, Callable[..., None]] = {"street": street, "turning": turning, "character": character, "pan": pan}


def render(name: str, out: Path, frames: int, width: int, textures: Path | None = None) -> None:
    made, head, camera = scene()
    if textures:
        use(textures, made)
    head.modifiers.new("Bend", "SIMPLE_DEFORM").deform_method = "BEND"
    head.modifiers["Bend"].angle = 0
    for frame in range(frames + 2):  # one before and one after, for their vectors
        SHOTS[name](head, camera, frame / (frames + 1))
        for each in (head, camera):
            each.keyframe_insert("location", frame=frame)
            each.keyframe_insert("rotation_euler", frame=frame)
        head.modifiers["Bend"].keyframe_insert("angle", frame=frame)
    made.render.resolution_x, made.render.resolution_y, made.render.resolution_percentage = width, width * 9 // 16, 100
    made.frame_start, made.frame_end, made.render.filepath = 1, frames, str(out / name / f"{name}_####")
    made.view_layers[0].use = False  # the copy is rendered alone
    bpy.ops.impasto.set_up_sequence()
    made.render.image_settings.color_depth = "16"
    bpy.ops.render.render(animation=True)


if __name__ == "__main__":
    bpy.ops.extensions.package_install_files(
        filepath=os.environ["IMPASTO_EXTENSION"], repo="user_default", enable_on_install=True
    )
    folder, count, side = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    textures = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    if textures and not textures.exists():
        bake(textures)
    else:
        for shot in SHOTS if textures is None else ["street"]:
            render(shot, folder, count, side, textures)
