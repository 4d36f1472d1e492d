"""The .blend files that tests read sources from: `python tests/blend_files.py FOLDER`, by a Python with bpy.

scene.blend uses wall.png beside it; slow.blend takes minutes to bake; packed.blend is whole by itself.
"""

import sys
from pathlib import Path

import blender_program
import bpy

SIZE_PX = 32


def material(name: str) -> bpy.types.Material:
    """A material with a Principled BSDF that is kept without a user."""
    made = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0):
        made.use_nodes = True
    made.use_fake_user = True
    return made


def link(made: bpy.types.Material, output: bpy.types.NodeSocket, socket: str) -> None:
    made.node_tree.links.new(output, made.node_tree.nodes["Principled BSDF"].inputs[socket])


def image_material(name: str, image: bpy.types.Image) -> None:
    """A metal with an image as base colour."""
    made = material(name)
    node = made.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    link(made, node.outputs["Color"], "Base Color")
    made.node_tree.nodes["Principled BSDF"].inputs["Metallic"].default_value = 1.0


def brick_material(name: str) -> bpy.types.Material:
    """Red and green bricks in blue mortar that lies deeper."""
    made = material(name)
    bricks, bump = (made.node_tree.nodes.new(kind) for kind in ("ShaderNodeTexBrick", "ShaderNodeBump"))
    for socket, color in {"Color1": (1, 0, 0, 1), "Color2": (0, 1, 0, 1), "Mortar": (0, 0, 1, 1)}.items():
        bricks.inputs[socket].default_value = color
    for socket, value in {"Scale": 2.0, "Mortar Size": 0.06, "Mortar Smooth": 0.4}.items():
        bricks.inputs[socket].default_value = value
    bump.inputs["Distance"].default_value, bump.invert = 0.1, True
    made.node_tree.links.new(bricks.outputs[1], bump.inputs["Height"])
    link(made, bricks.outputs["Color"], "Base Color")
    link(made, bump.outputs["Normal"], "Normal")
    return made


def cube(name: str, *materials: bpy.types.Material, has_uvs: bool = True) -> None:
    bpy.ops.mesh.primitive_cube_add(calc_uvs=has_uvs)
    made = bpy.context.object
    made.name = name
    for one in materials:
        made.data.materials.append(one)
    if not has_uvs:
        while made.data.uv_layers:
            made.data.uv_layers.remove(made.data.uv_layers[0])


def save(path: Path, samples: int = 1, size_px: int = SIZE_PX) -> None:
    """Save the file with the settings of a bake."""
    settings = bpy.context.scene.impasto_bake
    settings.width_px, settings.height_px, settings.samples = 2 * size_px, size_px, samples
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)


def main(folder: Path) -> None:
    blender_program.load()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    image_material("Metal/Steel", bpy.data.images.load(str(folder / "wall.png")))
    bricks = brick_material("Bricks")
    empty = material("Empty")
    empty.node_tree.nodes.clear()
    empty.diffuse_color = (1, 0, 0, 1)
    cube("Wall", bricks)
    cube("Bare", bricks, has_uvs=False)
    cube("Unpainted")
    save(folder / "scene.blend")
    brick_material("Bricks")
    save(folder / "slow.blend", samples=4096, size_px=2048)
    image = bpy.data.images.load(str(folder / "wall.png"))
    image.pack()
    image_material("Steel", image)
    brick_material("Bricks")
    save(folder / "packed.blend")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
