"""The three objects of the README's strip, made with default settings: `python strip.py -- FOLDER [NAME…]` in Blender.

FOLDER has sources/photo.jpg, painting.jpg and object.glb; it gets a picture of each object, NAME.png.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))
from in_blender import EXTENSION, install, point_at, render, select
from messages import task
from settings import PHRASE

SIZE_PX = (640, 560)
TEXTURE_PX = 2048
PART = {"crop": [0.1, 0.07, 0.88, 0.85]}
"""Of the photograph, which repeats as a whole."""
TILE_M = 1.9
"""Width of the wall that the result shows."""
KNITTED_M, HAT_SIZE = 0.25, 0.13
"""Width of the knitted tile, and metres that a unit of the hat's profile stands for."""
TEA_SET = {
    "tea_set_01_teapot_01": ((0, 0, 0), -0.6),
    "tea_set_01_teapot_01_lid": ((0, 0, 0), -0.6),
    "tea_set_01_saucer_circular_03": ((0.145, -0.11, 0), 0),
    "tea_set_01_cup_small_01": ((0.145, -0.11, 0.005), 2.4),
}
"""The parts of the set that are shown, their places, and how far they are turned."""
Point = tuple[float, float]
Mesh = tuple[list, list, list]
"""Vertices, faces, and the UVs of each face's corners."""


def main() -> None:
    folder, *names = sys.argv[sys.argv.index("--") + 1 :]
    install()
    for panel in (from_photo, from_words, from_painting):
        if not names or panel.__name__ in names:
            bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
            panel(Path(folder))
    bpy.ops.preferences.addon_disable(module=EXTENSION)


def keep_recipe(folder: Path, name: str) -> None:
    """Write the recipe of what was made last, for the mark of the strip."""
    made = json.loads(bpy.context.window_manager.impasto_made)
    recipe = json.loads(bpy.data.images[made["images"][0]]["impasto_recipe"])
    (folder / f"{name}.json").write_text(json.dumps(recipe), encoding="utf-8")


def from_photo(folder: Path) -> None:
    """A gateway of the photographed wall."""
    add_mesh("Gateway", *gateway(2.4, 2.5, 0.7, 1.75, 0.62))
    made = {"width_px": TEXTURE_PX, "height_px": TEXTURE_PX, "width_m": TILE_M, "preparation": json.dumps(PART)}
    with task("Making a wall from a part of a photograph"):
        bpy.ops.impasto.run(source=str(folder / "sources" / "photo.jpg"), seed=1, material="NEW", **made)
    keep_recipe(folder, "from_photo")
    add_set((2.9, -5.1, 1.55), (0.06, 0, 1.16), 47, 1.0, (-0.1, 0.02))
    render(folder / "from_photo.png", SIZE_PX)


def from_words(folder: Path) -> None:
    """A hat, knitted as a phrase says."""
    profile = [(HAT_SIZE * radius, HAT_SIZE * height) for radius, height in HAT]
    hat = add_mesh("Hat", *turned(profile, 192))
    with task(f"Making {PHRASE}"):
        bpy.ops.impasto.match(text=PHRASE, width_px=TEXTURE_PX, height_px=TEXTURE_PX, width_m=KNITTED_M, seed=3)
    keep_recipe(folder, "from_words")
    hat.active_material.impasto_mapping = "UV"  # a dome has no UVs of one scale, and would be mapped from six sides
    camera, target = (tuple(HAT_SIZE * one for one in place) for place in ((0, -4.3, 1.9), (0, 0, 0.70)))
    add_set(camera, target, 46, HAT_SIZE, (-0.07, 0.05))
    render(folder / "from_words.png", SIZE_PX)


def from_painting(folder: Path) -> None:
    """A tea set as it is, and repainted in the style of a painting."""
    bpy.ops.import_scene.gltf(filepath=str(folder / "sources" / "object.glb"))
    for item in list(bpy.data.objects):
        if item.name not in TEA_SET:
            bpy.data.objects.remove(item)
    for name, (place, turn) in TEA_SET.items():
        item = bpy.data.objects[name]
        item.location, item.rotation_mode, item.rotation_euler = place, "XYZ", (0, 0, turn)
    add_set((0.06, -0.62, 0.30), (0.055, -0.04, 0.045), 46, 0.11, (-0.085, 0.01))
    render(folder / "before.png", SIZE_PX)
    items = [bpy.data.objects[name] for name in TEA_SET]
    select(items[0])
    for item in items:
        item.select_set(True)
    with task("Repainting a tea set in the style of a painting"):
        style = str(folder / "sources" / "painting.jpg")
        bpy.ops.impasto.stylize(subject="MATERIAL", style=style, seed=1, material="NEW")
    keep_recipe(folder, "from_painting")
    render(folder / "from_painting.png", SIZE_PX)


HAT: Sequence[Point] = (
    *((0.80, 0.02), (0.86, 0.0), (0.91, 0.05), (0.93, 0.15), (0.93, 0.30), (0.91, 0.40), (0.87, 0.44), (0.83, 0.42)),
    *((0.82, 0.46), (0.82, 0.60), (0.80, 0.78), (0.75, 0.98), (0.66, 1.17), (0.52, 1.33), (0.34, 1.44), (0.14, 1.49)),
    *((0.0, 1.49),),
)
"""Profile of a hat with a brim turned up: radius and height."""


def turned(profile: Sequence[Point], segments: int) -> Mesh:
    """A lathe's work: vertices, faces, and UVs of the faces' corners, in metres up and round the widest part."""
    curve = smooth(profile, 8)
    steps, around = [0.0], 2 * math.pi * max(radius for radius, _ in curve)
    for before, after in itertools.pairwise(curve):
        steps.append(steps[-1] + math.dist(before, after))
    vertices = [
        (radius * math.cos(turn), radius * math.sin(turn), height)
        for radius, height in curve
        for turn in (2 * math.pi * index / segments for index in range(segments))
    ]
    faces, uvs = [], []
    for row in range(len(curve) - 1):
        for column in range(segments):
            following = (column + 1) % segments
            faces.append(
                [
                    row * segments + column,
                    row * segments + following,
                    (row + 1) * segments + following,
                    (row + 1) * segments + column,
                ]
            )
            low, high = steps[row], steps[row + 1]
            left, right = (around * one / segments for one in (column, column + 1))
            uvs.append([(left, low), (right, low), (right, high), (left, high)])
    return vertices, faces, uvs


def smooth(points: Sequence[Point], steps: int) -> list[Point]:
    """Points of a Catmull-Rom spline through the given ones."""
    ends = [points[0], *points, points[-1]]
    made = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for step in range(steps):
            t = step / steps
            made.append(
                tuple(
                    0.5 * (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t**2 + (3 * q - p - 3 * r + s) * t**3)
                    for p, q, r, s in zip(a, b, c, d, strict=True)
                )
            )
    return [*made, points[-1]]


def gateway(width: float, height: float, depth: float, opening: float, radius: float) -> Mesh:
    """A wall with a round arch in it; UVs in metres, those below the arch along it."""
    spring = opening - radius
    corner = math.atan2(height - spring, width / 2)
    turns = sorted({corner, math.pi - corner, *(math.pi * index / 48 for index in range(49))})
    ring = [(radius, 0.0), *((radius * math.cos(turn), spring + radius * math.sin(turn)) for turn in turns)]
    ring.append((-radius, 0.0))
    outer = [(width / 2, 0.0), *(_on_border(turn, width / 2, height - spring, spring) for turn in turns)]
    outer.append((-width / 2, 0.0))
    lengths = [0.0, *itertools.accumulate(math.dist(*pair) for pair in itertools.pairwise(ring))]
    front, back, out = -depth / 2, depth / 2, len(ring)
    vertices = [(x, y, z) for y in (front, back) for line in (ring, outer) for x, z in line]
    faces, uvs = [], []
    for i, j in itertools.pairwise(range(out)):
        for quad in ((i, out + i, out + j, j), (3 * out + i, 2 * out + i, 2 * out + j, 3 * out + j)):
            faces.append(quad)
            uvs.append([(vertices[one][0], vertices[one][2]) for one in quad])
        faces.append((j, 2 * out + j, 2 * out + i, i))
        uvs.append([(front, lengths[j]), (back, lengths[j]), (back, lengths[i]), (front, lengths[i])])
        quad = (out + i, 3 * out + i, 3 * out + j, out + j)
        faces.append(quad)
        upright = abs(outer[i][0]) == abs(outer[j][0])
        uvs.append([vertices[one][1:] if upright else vertices[one][:2] for one in quad])
    return vertices, faces, uvs


def _on_border(turn: float, half_width: float, rise: float, spring: float) -> Point:
    """The point in a direction on the border of a rectangle above the spring of an arch."""
    x, z = math.cos(turn), math.sin(turn)
    scale = min(half_width / max(abs(x), 1e-9), rise / max(z, 1e-9))
    return x * scale, spring + z * scale


def add_mesh(name: str, vertices: Iterable, faces: list, uvs: list) -> bpy.types.Object:
    """An object of vertices, faces and UVs, smooth where it is not sharp, selected."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(list(vertices), [], faces)
    layer = mesh.uv_layers.new()
    for corner, place in zip(layer.data, (place for face in uvs for place in face), strict=True):
        corner.uv = place
    added = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(added)
    select(added)
    bpy.ops.object.shade_smooth_by_angle(angle=math.radians(40))
    return added


def add_set(camera_at: tuple, target: tuple, lens: float, size: float, shift: Point) -> None:
    """A floor that bends up into a back wall, a camera, a large warm lamp from the left, a cool one behind, a sky."""
    floor = [
        (-6.0, 0.0),
        (2.2, 0.0),
        *(
            (2.2 + 1.8 * math.sin(turn), 1.8 - 1.8 * math.cos(turn))
            for turn in (math.pi / 2 * index / 12 for index in range(1, 13))
        ),
        (4.0, 7.0),
    ]
    vertices = [(x * size, y * size, z * size) for x in (-20, 20) for y, z in floor]
    count = len(floor)
    faces = [[index, index + count, index + count + 1, index + 1] for index in range(count - 1)]
    stage = add_mesh("Stage", vertices, faces, [[(0, 0)] * 4 for _ in faces])
    paper = bpy.data.materials.new("Paper")
    paper.use_nodes = True
    shader = next(node for node in paper.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (0.085, 0.093, 0.105, 1)
    shader.inputs["Roughness"].default_value = 0.9
    stage.data.materials.append(paper)
    bpy.ops.object.camera_add(location=camera_at)
    camera = bpy.context.object
    camera.data.lens = lens
    camera.data.shift_x, camera.data.shift_y = shift
    camera.data.clip_start = 0.01
    point_at(camera, target)
    bpy.context.scene.camera = camera
    for place, power, side, color in (
        ((-3.4, -3.0, 4.2), 470, 1.2, (1.0, 0.95, 0.88)),
        ((3.6, 1.2, 3.2), 260, 1.5, (0.80, 0.88, 1.0)),
        ((3.0, -4.2, 1.6), 55, 3.0, (0.9, 0.94, 1.0)),
    ):
        bpy.ops.object.light_add(type="AREA", location=[size * one for one in place])
        lamp = bpy.context.object
        lamp.data.energy, lamp.data.size, lamp.data.color = power * size**2, side * size, color
        point_at(lamp, (0, 0, 0.7 * size))
    scene = bpy.context.scene
    scene.world = scene.world or bpy.data.worlds.new("Sky")
    scene.world.use_nodes = True
    background = next(node for node in scene.world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (0.62, 0.70, 0.8, 1)
    background.inputs["Strength"].default_value = 0.22
    scene.view_settings.view_transform = "Standard"


if __name__ == "__main__":
    main()
