"""Part two of the demo, inside Blender: installs the extension, makes what a courtyard shows, renders, saves, checks.

Runs in Blender's module (`python in_blender.py -- FOLDER`) and in Blender itself (`blender -b -P … -- FOLDER`). Tools
and parameters are the panel's defaults, but for the size.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))
from messages import print_line, task

SAMPLES, FEW_SAMPLES = 24, 8
COURTYARD_PX, BALL_PX = (1072, 603), (640, 640)
OBJECT_PX = 768
PHRASE, CHANGE = "wet mossy cobblestones", "a little darker, much less moss"
MODEL = "castle-wall"
EXTENSION = "bl_ext.user_default.impasto"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--ball", action="store_true", help="only the photograph's material, on a ball")
    options = parser.parse_args(sys.argv[sys.argv.index("--") + 1 :])
    install()
    if options.ball:
        make_ball(options.folder, options.size)
    else:
        make_courtyard(options.folder, options.size)
    bpy.ops.preferences.addon_disable(module=EXTENSION)


def install() -> None:
    """Install the extension into a clean profile, and begin with an empty scene."""
    with task("Installing the extension into a clean profile of Blender " + bpy.app.version_string):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.ops.extensions.package_install_files(
            filepath=os.environ["IMPASTO_EXTENSION"], repo="user_default", enable_on_install=True
        )


def make_ball(folder: Path, size: int) -> None:
    """The photograph's material on a ball, a floor and a wall."""
    wall, floor = add_plane("Wall", (0, 2, 2)), add_plane("Floor")
    bpy.ops.mesh.primitive_uv_sphere_add(segments=96, ring_count=48, radius=0.8, location=(0, 0, 0.8))
    bpy.ops.object.shade_smooth()
    add_lights()
    add_camera((0.0, -4.6, 1.7), (0, 0, 1.05), 52)
    from_photograph([bpy.context.object, wall, floor], folder, size)
    with task("Rendering it", folder / "preview.png"):
        render(folder / "preview.png", BALL_PX)


def make_courtyard(folder: Path, size: int) -> None:
    """A wall from a photograph, a floor from a phrase, a plinth from a model; a cat and a monkey like a painting."""
    sizes = {"width_px": size, "height_px": size}
    style = str(folder / "style" / "night_base_color.png")
    wall, floor = add_plane("Wall", (0, 2, 2)), add_plane("Floor")
    from_photograph([wall], folder, size)
    select(floor)
    with making(f"“{PHRASE}” at {size}x{size}", folder / "words"):
        bpy.ops.impasto.match(text=PHRASE, **sizes)
    cobbles = floor.active_material
    with making(f"“{CHANGE}”", folder / "changed_words"):
        bpy.ops.impasto.change_by_words(text=CHANGE, name="changed cobblestones", **sizes)
    floor.active_material = cobbles
    plinth = add_plinth()
    with making(f"A material at {size}x{size} by a bundled model, {MODEL}", folder / "model"):
        select(plinth)
        from_model(MODEL, size)
    with making("A photograph of a cat in the style of a painting", folder / "painted"):
        cat = str(folder / "style" / "cat_base_color.png")
        bpy.ops.impasto.stylize(source=cat, style=style, name="cat", material="NONE")
    hang(bpy.data.images["cat"])
    monkey = add_monkey()
    select(monkey)
    object_px = min(size, OBJECT_PX)
    with making(f"That material at {object_px}x{object_px} over an object, across its UV seams", folder / "object"):
        covering = {"source": str(folder / "maps"), "estimator": "none", "name": "monkey"}
        bpy.ops.impasto.run(tool="cover-object", width_px=object_px, height_px=object_px, **covering)
    with making("That object in the style of the painting, with relief", folder / "painted_object"):
        bpy.ops.impasto.stylize(subject="MATERIAL", style=style, name="painted monkey", material="NEW")
    with task("Rendering all of it", folder / "courtyard.png"):
        add_lights(1.8)
        add_camera((0.0, -4.1, 1.5), (0.0, 0, 0.93), 39)
        render(folder / "courtyard.png", COURTYARD_PX, FEW_SAMPLES)
    with task("Saving the scene with its images packed, opening it again and comparing them", folder / "demo.blend"):
        save_and_check(folder / "demo.blend")


def from_photograph(objects: list[bpy.types.Object], folder: Path, size: int) -> None:
    """The photograph's seamless material on the objects, by one call of the operator."""
    (source,) = (folder / "source").glob("*_base_color.png")
    name = source.stem.removesuffix("_base_color")
    with making(f"The photograph made seamless at {size}x{size}, and its maps", folder / "maps"):
        select(*objects)
        bpy.ops.impasto.run(source=str(source), width_px=size, height_px=size, name=name, material="NEW")


def from_model(model: str, size: int) -> None:
    """The material that a trained model makes, on the selected object."""
    parameters = json.dumps({"model": model, "width_px": size, "height_px": size})
    bpy.ops.impasto.run(tool="torus", parameters=parameters, seed=1, name=model, material="NEW")


@contextmanager
def making(text: str, folder: Path) -> Iterator[None]:
    """Report a task, and write the images that it has made into a folder, too."""
    before = {image.name for image in bpy.data.images}
    with task(text, folder):
        yield
        folder.mkdir()
        for image in bpy.data.images:
            if image.name not in before and image.packed_file:
                (folder / f"{image.name}.png").write_bytes(image.packed_file.data)


def select(*chosen: bpy.types.Object) -> None:
    for other in bpy.data.objects:
        other.select_set(other in chosen)
    bpy.context.view_layer.objects.active = chosen[0]


def add_plane(name: str, location: tuple[float, float, float] = (0, 0, 0)) -> bpy.types.Object:
    """A floor, or a wall where it stands above the ground, with UVs at one scale."""
    bpy.ops.mesh.primitive_plane_add(size=8, location=location, rotation=(1.5708 if location[2] else 0, 0, 0))
    bpy.ops.object.transform_apply(location=False, rotation=True, scale=False)  # boxes are of the mesh
    bpy.context.object.name = name
    return bpy.context.object


def add_plinth() -> bpy.types.Object:
    """A block with soft edges."""
    bpy.ops.mesh.primitive_cube_add(size=1, location=(0.72, 0.25, 0.35))
    plinth = bpy.context.object
    plinth.name, plinth.scale = "Plinth", (0.8, 0.7, 0.7)
    bpy.ops.object.transform_apply(location=False, rotation=False, scale=True)
    bevel = plinth.modifiers.new("Bevel", "BEVEL")
    bevel.width, bevel.segments = 0.02, 3
    return plinth


def add_monkey() -> bpy.types.Object:
    """Blender's monkey on the plinth, smooth, with a UV map of its own of many islands."""
    bpy.ops.mesh.primitive_monkey_add(size=1.1, location=(0.72, 0.2, 1.16), rotation=(-0.4, 0, -0.3))
    monkey = bpy.context.object
    monkey.modifiers.new("Subdivision", "SUBSURF").levels = 2
    bpy.ops.object.modifier_apply(modifier="Subdivision")
    bpy.ops.object.shade_smooth()
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.uv.smart_project(angle_limit=1.15, island_margin=0.01)
    bpy.ops.object.mode_set(mode="OBJECT")
    return monkey


def hang(image: bpy.types.Image) -> None:
    """A picture in a dark frame on the wall."""
    height = 0.8
    width, glossy = height * image.size[0] / image.size[1], bpy.data.materials.new("Frame")
    painted = bpy.data.materials.new("Painting")
    for material, color, roughness in ((glossy, (0.012, 0.008, 0.006, 1), 0.3), (painted, (1, 1, 1, 1), 0.5)):
        material.use_nodes = True
        shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
        shader.inputs["Base Color"].default_value, shader.inputs["Roughness"].default_value = color, roughness
    node = painted.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    painted.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    for add, material, y, margin in (("cube", glossy, 1.97, 0.06), ("plane", painted, 1.93, 0.0)):
        turn = 1.5708 if add == "plane" else 0
        getattr(bpy.ops.mesh, f"primitive_{add}_add")(size=1, location=(-0.85, y, 1.45), rotation=(turn, 0, 0))
        across, up = width + 2 * margin, height + 2 * margin
        bpy.context.object.scale = (across, up, 1) if add == "plane" else (across, 0.06, up)
        bpy.context.object.data.materials.append(material)


def add_camera(location: tuple[float, float, float], target: tuple[float, float, float], lens: float) -> None:
    bpy.ops.object.camera_add(location=location)
    camera = bpy.context.scene.camera = bpy.context.object
    camera.data.lens = lens
    point_at(camera, target)


def add_lights(factor: float = 1.0) -> None:
    """A warm lamp from the left, a weak cool one from the right, and a soft sky."""
    for location, power, size, color in (
        ((-3.2, -2.2, 3.6), 260, 0.8, (1.0, 0.93, 0.82)),
        ((3.6, -3.0, 2.2), 60, 2.5, (0.75, 0.85, 1.0)),
    ):
        bpy.ops.object.light_add(type="AREA", location=location)
        lamp = bpy.context.object
        lamp.data.energy, lamp.data.size, lamp.data.color = factor * power, size, color
        point_at(lamp, (0, 0, 0.7))
    add_sky((0.55, 0.65, 0.8, 1), factor * 0.25)


def add_sky(color: tuple[float, float, float, float], strength: float) -> None:
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("Sky")
    if not scene.world.node_tree:
        scene.world.use_nodes = True
    background = next(node for node in scene.world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = color
    background.inputs["Strength"].default_value = strength


def point_at(chosen: bpy.types.Object, target: tuple[float, float, float]) -> None:
    from mathutils import Vector

    chosen.rotation_euler = (Vector(target) - chosen.location).to_track_quat("-Z", "Y").to_euler()


def render(path: Path, size_px: tuple[int, int], samples: int = SAMPLES) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    try:
        scene.cycles.denoiser = "OPENIMAGEDENOISE"
    except TypeError:  # built without it, as Debian's 4.3 is
        scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = size_px
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
