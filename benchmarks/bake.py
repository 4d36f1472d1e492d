"""Seconds of bakes, beside a plain script that calls `bpy.ops.object.bake` for each object and map, in one run.

    IMPASTO_EXTENSION=….zip python benchmarks/bake.py [--objects 40] [--size 256]

in Python with bpy. Each object is a sphere with a procedural material of its own; the maps are base colour, roughness
and normal, with 4 samples and a margin of 16 px, as PNG files in both cases. `own`: as many sets as objects. `shared`:
12 objects in one set. `script` bakes in the open scene, `here` is the operator called by a script, and `background`
is what a click in a window starts, the start of that Blender included.

Then high to low against solids of known form: seconds, and the baked normals' distance from the true ones in degrees.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp(prefix="impasto-profile-")

import bpy
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "blender"))
import solids

MODULE = "bl_ext.user_default.impasto"
MAPS = {"base_color": "DIFFUSE", "roughness": "ROUGHNESS", "normal": "NORMAL"}
SAMPLES, MARGIN_PX = 4, 16
SHARED = 12
COLUMNS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=40)
    parser.add_argument("--size", type=int, default=256, help="side of the maps in pixels; shared ones have 4 times it")
    parser.add_argument(
        "--memory", type=int, help="only bake maps of this side here, and print the memory that it took"
    )
    options = parser.parse_args()
    bpy.ops.extensions.package_install_files(
        filepath=os.environ["IMPASTO_EXTENSION"], repo="user_default", enable_on_install=True
    )
    if options.memory:
        memory(options.memory)
        return
    print(f"{'case':8} {'way':12} {'seconds':>8} {'of script':>10}")
    for case, count, size in (("own", options.objects, options.size), ("shared", SHARED, 4 * options.size)):
        seconds = {}
        for way in (script, here, background):
            bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
            objects = spheres(count, is_shared=case == "shared")
            with tempfile.TemporaryDirectory() as folder:
                seconds[way.__name__] = timed(way, objects, size, Path(folder), case == "shared")
                written = len(list(Path(folder).glob("*.png")))
                assert written == (1 if case == "shared" else count) * len(MAPS), written
            share = seconds[way.__name__] / seconds["script"]
            print(f"\n{case:8} {way.__name__:12} {seconds[way.__name__]:8.2f} {share:10.2f}", flush=True)

    high_to_low(4 * options.size)


def memory(size: int) -> None:
    """Print the resident memory of this Blender before and at most, and the difference for each pixel of a map."""
    objects = spheres(1, is_shared=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        here(objects, size, Path(folder), is_shared=False)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"\n{size} px: {before >> 10} MiB, then {most >> 10} MiB, {(most - before) * 1024 / size**2:.0f} B a pixel")


def high_to_low(size: int) -> None:
    print(f"\n{'solid':24} {'faces':>8} {'seconds':>8} {'median °':>9} {'99 % °':>8}")
    for name, steps in (("chamfered cube", 1), ("displaced sphere", 96), ("displaced sphere", 300)):
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        if steps == 1:
            low = solids.cube(1, lambda points: points, "Solid_low", smooth=False)
            high, truth = solids.chamfered("Solid_high"), solids.chamfered_normals
        else:
            low = solids.cube(8, solids.sphere, "Solid_low", smooth=True)
            high = solids.cube(steps, solids.displaced, "Solid_high", smooth=True)

            def truth(points: np.ndarray) -> np.ndarray:
                return solids.displaced_normals(solids.unit(points))

        solids.choose(low, high)
        begun = time.perf_counter()
        bpy.ops.impasto.bake(maps={"normal"}, surface="SELECTED", width_px=size, height_px=size, samples=1)
        seconds = time.perf_counter() - begun
        image = bpy.data.images["Solid_low_normal"]
        baked = np.empty(len(image.pixels), np.float32)
        image.pixels.foreach_get(baked)
        points, normals = solids.read_normals(low, baked.reshape(size, size, 4))
        off = solids.angles(normals, truth(points))
        figures = f"{seconds:8.2f} {np.median(off):9.3f} {np.percentile(off, 99):8.3f}"
        print(f"\n{name:24} {len(high.data.polygons):8} {figures}", flush=True)


def timed(way: Callable[..., None], *arguments: object) -> float:
    begun = time.perf_counter()
    way(*arguments)
    return time.perf_counter() - begun


def spheres(count: int, *, is_shared: bool) -> list[bpy.types.Object]:
    """Selected spheres beside each other; those that share a set have their islands in cells of a grid."""
    made = []
    for index in range(count):
        bpy.ops.mesh.primitive_uv_sphere_add(segments=48, ring_count=32, location=(3 * index, 0, 0))
        item = bpy.context.active_object
        item.name = f"Sphere {index}"
        item.data.materials.append(material(index))
        if is_shared:
            layer = item.data.uv_layers[0].data
            uvs = np.empty(len(layer) * 2, np.float32)
            layer.foreach_get("uv", uvs)
            cell = np.array([index % COLUMNS, index // COLUMNS])
            layer.foreach_set("uv", ((uvs.reshape(-1, 2) * 0.9 + 0.05 + cell) / COLUMNS).astype(np.float32).ravel())
        made.append(item)
    for item in made:
        item.select_set(True)
    return made


def material(index: int) -> bpy.types.Material:
    """Noise as colour and bump."""
    made = bpy.data.materials.new(f"Noise {index}")
    if bpy.app.version < (5, 0):
        made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    noise, bump, shader = nodes.new("ShaderNodeTexNoise"), nodes.new("ShaderNodeBump"), nodes["Principled BSDF"]
    noise.inputs["Scale"].default_value = 3.0 + index
    links.new(noise.outputs["Color"], shader.inputs["Base Color"])
    links.new(noise.outputs[0], bump.inputs["Height"])
    links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    return made


def script(objects: list[bpy.types.Object], size: int, folder: Path, is_shared: bool) -> None:
    """The script that artists write: images, an active node in each material, and a bake for each object and map."""
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.samples = "CYCLES", SAMPLES
    titles = ["Set"] if is_shared else [item.name for item in objects]
    for name, kind in MAPS.items():
        images = {
            title: bpy.data.images.new(f"{title}_{name}", size, size, is_data=kind != "DIFFUSE") for title in titles
        }
        for place, item in enumerate(objects):
            image = images["Set" if is_shared else item.name]
            nodes = item.active_material.node_tree.nodes
            nodes.active = node = nodes.new("ShaderNodeTexImage")
            node.image = image
            for other in objects:
                other.select_set(other == item)
            bpy.context.view_layer.objects.active = item
            bpy.ops.object.bake(
                type=kind, pass_filter={"COLOR"}, margin=MARGIN_PX, use_clear=not is_shared or place == 0
            )
        for title, image in images.items():
            image.filepath_raw, image.file_format = str(folder / f"{title}_{name}.png"), "PNG"
            image.save()


def properties(size: int, folder: Path, is_shared: bool) -> dict[str, object]:
    target = {"target": "ONE"} if is_shared else {}
    sizes = {"width_px": size, "height_px": size, "samples": SAMPLES, "margin_px": MARGIN_PX}
    return {"maps": set(MAPS), "out_dir": str(folder), **sizes, **target}


def here(_objects: list[bpy.types.Object], size: int, folder: Path, is_shared: bool) -> None:
    bpy.ops.impasto.bake(**properties(size, folder, is_shared))


def background(objects: list[bpy.types.Object], size: int, folder: Path, is_shared: bool) -> None:
    baking = task(objects, size, folder, is_shared)
    baking.start()
    baking.wait(3600)
    print(baking.conclude().text[:100])


def task(objects: list[bpy.types.Object], size: int, folder: Path, is_shared: bool) -> object:
    bake = sys.modules[f"{MODULE}.bake.operators"]
    sets = sys.modules[f"{MODULE}.bake.objects.sets"].BakeSet
    given = [sets.of(*objects)] if is_shared else [sets.of(item) for item in objects]
    sizes = {"width_px": size, "height_px": size, "samples": SAMPLES, "margin_px": MARGIN_PX}
    options = sys.modules[f"{MODULE}.bake.settings"].BakeOptions(maps=tuple(MAPS), **sizes)
    targets = [sys.modules[f"{MODULE}.bake.results"].target_of(one, "NONE") for one in given]
    return bake.BakeRequest(given, options, targets, bake.BakeOutput(out_dir=str(folder))).task()


if __name__ == "__main__":
    main()
