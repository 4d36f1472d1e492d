"""Part three of the demo, inside Blender: installs the extension, generates, repaints, renders, saves and checks.

Runs in Blender's module (`python in_blender.py -- FOLDER`) and in Blender itself (`blender -b -P … -- FOLDER`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))
from messages import print_line, task
from settings import PAINTED_PX

RENDER_PX = 640
SAMPLES = 24
OBJECT_PX = 1024
REPEAT_M = 2.4
LEARNED = "bricks"
GENERATOR, STYLIZER = "patch-synthesis", "patches-style"
EXTENSION = "bl_ext.user_default.impasto"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=1024)
    options = parser.parse_args(sys.argv[sys.argv.index("--") + 1 :])
    folder = options.folder
    (source,) = (folder / "source").glob("*_base_color.png")
    name = source.stem.removesuffix("_base_color")

    install()
    ball = build_scene()
    with task(f"Making it seamless at {options.size}x{options.size}, estimating its maps, building the material"):
        generate(ball, source, name, options.size, folder / "maps")
    with task("Rendering the preview"):
        render(folder / "preview.png")
    made = ball.active_material
    with task("Repainting the material, its relief too, and rendering it"):
        repaint(ball, next((folder / "style").glob("*.png")), name)
        render(folder / "repainted.png")
    with task(f"Making {LEARNED} with a bundled model, and rendering it"):
        from_model(ball, LEARNED, options.size)
        render(folder / "learned.png")
    dress(made)
    with task("Covering a monkey with the material, repainting it across its UV seams, and rendering it"):
        paint_object(ball, folder / "maps", next((folder / "style").glob("*.png")), name)
        render(folder / "object.png")
    with task("Saving the scene with its images packed, opening it again and comparing every pixel"):
        save_and_check(folder / "demo.blend")
    bpy.ops.preferences.addon_disable(module=EXTENSION)


def install() -> None:
    """Install the extension into a clean profile, and begin with an empty scene."""
    with task("Installing the extension into a clean profile of Blender " + bpy.app.version_string):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.ops.extensions.package_install_files(
            filepath=os.environ["IMPASTO_EXTENSION"], repo="user_default", enable_on_install=True
        )


def generate(ball: bpy.types.Object, source: Path, name: str, size: int, maps: Path) -> None:
    """One call of the operator, as a script would make it."""
    select(ball)
    bpy.ops.impasto.run(
        tool=GENERATOR,
        source=str(source),
        width_px=size,
        height_px=size,
        estimator="photo-maps",
        seed=3,
        name=name,
        material="NEW",
    )
    maps.mkdir()
    for image in bpy.data.images:
        if image.get("impasto_recipe"):
            (maps / f"{image.name}.png").write_bytes(image.packed_file.data)
    dress(ball.active_material)


def from_model(ball: bpy.types.Object, model: str, size: int, everywhere: bool = True) -> None:
    """The material that a trained model makes, on the ball, or on everything."""
    parameters = json.dumps({"model": model, "width_px": size, "height_px": size})
    bpy.ops.impasto.run(tool="torus", parameters=parameters, seed=1, name=model, material="NEW")
    ball.active_material.use_fake_user = True  # stays in the file
    if everywhere:
        dress(ball.active_material)


def repaint(ball: bpy.types.Object, style: Path, name: str) -> None:
    """The ball's material repainted in the style of a picture, on everything."""
    select(ball)
    parameters = json.dumps({"longest_px": PAINTED_PX["bricks"]})
    bpy.ops.impasto.stylize(
        tool=STYLIZER,
        subject="MATERIAL",
        style=str(style),
        parameters=parameters,
        name=f"{name} painted",
        material="NEW",
    )
    ball.active_material.use_fake_user = True  # stays in the file
    dress(ball.active_material)


def paint_object(ball: bpy.types.Object, maps: Path, style: Path, name: str) -> None:
    """In place of the ball, a monkey that the material covers, in its size, repainted like the picture."""
    ball.hide_render = True
    bpy.ops.mesh.primitive_monkey_add(size=2.0, location=(0, 0, 0.9), rotation=(-0.35, 0, 0.3))
    monkey = bpy.context.object
    monkey.modifiers.new("Subdivision", "SUBSURF").render_levels = 2
    bpy.ops.object.modifier_apply(modifier="Subdivision")
    bpy.ops.object.shade_smooth()
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.uv.smart_project(angle_limit=1.15, island_margin=0.01)
    bpy.ops.object.mode_set(mode="OBJECT")
    select(monkey)
    size = {"width_px": OBJECT_PX, "height_px": OBJECT_PX}
    parameters = json.dumps({**size, "repeat_m": REPEAT_M})
    covering = {"parameters": parameters, "source": str(maps), "estimator": "none", "name": f"{name} monkey"}
    bpy.ops.impasto.run(tool="cover-object", **covering)
    given = {"subject": "MATERIAL", "style": str(style), "name": f"{name} monkey painted", "material": "NEW"}
    bpy.ops.impasto.stylize(tool=STYLIZER, **given)


def dress(material: bpy.types.Material) -> None:
    """Put a material on the ball, the floor and the wall."""
    for chosen in bpy.data.objects:
        if chosen.type == "MESH":
            chosen.data.materials.clear()
            chosen.data.materials.append(material)


def select(chosen: bpy.types.Object) -> None:
    for other in bpy.data.objects:
        other.select_set(other == chosen)
    bpy.context.view_layer.objects.active = chosen


def build_scene() -> bpy.types.Object:
    """A ball on a floor before a wall of the same material, with two lamps and a soft sky; returns the ball."""
    bpy.ops.mesh.primitive_uv_sphere_add(segments=96, ring_count=48, radius=0.8, location=(0, 0, 0.8))
    ball = bpy.context.object
    ball.name = "Ball"
    bpy.ops.object.shade_smooth()
    lay_uvs(ball, 2.0, 1.0)
    for name, location, rotation in (("Wall floor", (0, 0, 0), (0, 0, 0)), ("Wall back", (0, 2, 2), (1.5708, 0, 0))):
        bpy.ops.mesh.primitive_plane_add(size=8, location=location, rotation=rotation)
        bpy.ops.object.transform_apply(location=False, rotation=True, scale=False)  # boxes are of the mesh
        bpy.context.object.name = name
        lay_uvs(bpy.context.object, 2.0, 2.0)
    bpy.ops.object.camera_add(location=(0.0, -4.6, 1.7), rotation=(1.43, 0, 0))
    bpy.context.scene.camera = bpy.context.object
    bpy.context.object.data.lens = 52
    for location, power, size, color in (
        ((-3.2, -2.2, 3.6), 260, 0.8, (1.0, 0.93, 0.82)),
        ((3.6, -3.0, 2.2), 60, 2.5, (0.75, 0.85, 1.0)),
    ):
        bpy.ops.object.light_add(type="AREA", location=location)
        lamp = bpy.context.object
        lamp.data.energy, lamp.data.size, lamp.data.color = power, size, color
        point_at(lamp, (0, 0, 0.7))
    world = bpy.data.worlds.new("Sky")
    bpy.context.scene.world = world
    if not world.node_tree:
        world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (0.55, 0.65, 0.8, 1)
    background.inputs["Strength"].default_value = 0.25
    return ball


def lay_uvs(chosen: bpy.types.Object, across: float, up: float) -> None:
    """Repeat the texture."""
    for corner in chosen.data.uv_layers.active.data:
        corner.uv = (corner.uv[0] * across, corner.uv[1] * up)


def point_at(chosen: bpy.types.Object, target: tuple[float, float, float]) -> None:
    from mathutils import Vector

    chosen.rotation_euler = (Vector(target) - chosen.location).to_track_quat("-Z", "Y").to_euler()


def render(path: Path, size: tuple[int, int] = (RENDER_PX, RENDER_PX)) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = SAMPLES
    try:
        scene.cycles.denoiser = "OPENIMAGEDENOISE"
    except TypeError:  # built without it, as Debian's 4.3 is
        scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


def save_and_check(path: Path) -> None:
    """Save, open again, and stop with an error unless every image came back packed and the same."""
    before = hashes()
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True)
    bpy.ops.wm.open_mainfile(filepath=str(path))
    if hashes() != before or not before:
        raise SystemExit(f"the images changed on the way through {path}")
    print_line(f"{len(before)} images packed in {path.name}, the same after opening it again")


def hashes() -> dict[str, str]:
    """The hash of every generated image's pixels."""
    import numpy as np

    found = {}
    for image in bpy.data.images:
        if image.get("impasto_recipe") and image.packed_file:
            pixels = np.empty(len(image.pixels), np.float32)
            image.pixels.foreach_get(pixels)
            found[image.name] = hashlib.sha256(pixels.tobytes()).hexdigest()
    return found


if __name__ == "__main__":
    main()
