"""Blender's vector pass, as shots are repainted by it: places of a point one frame before and after."""

import json
import math
import subprocess
import time

import bpy
import numpy as np
import pytest

PX_PER_M = 10
SIZE_PX = (48, 64)
READ = """
import json, sys
from pathlib import Path
from impasto_film.passes import read_frame
frames = [read_frame(Path(path)) for path in sys.argv[1:]]
names = ("to_previous", "to_next", "index", "color")
print(json.dumps([{name: getattr(frame, name).tolist() for name in names} for frame in frames]))
"""
COPY = """
import sys
from pathlib import Path
from impasto_film.passes import read_frame, write_repainted
source, copy = map(Path, sys.argv[1:])
frame = read_frame(source)
write_repainted(copy, frame, 1 - frame.color, {})
again = read_frame(copy)
assert abs(again.color - (1 - frame.color)).max() < 1e-3
for name in ("opacity", "to_previous", "to_next", "index"):
    assert (getattr(frame, name) == getattr(again, name)).all(), name
"""


@pytest.fixture
def cube(scene):
    """A cube of a metre below a camera that looks straight down, ten pixels a metre; rendered with its vectors."""
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 1, False
    scene.render.resolution_y, scene.render.resolution_x, scene.render.resolution_percentage = *SIZE_PX, 100
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.type, camera.data.ortho_scale, camera.location = "ORTHO", SIZE_PX[1] / PX_PER_M, (0, 0, 5)
    scene.collection.objects.link(camera)
    scene.camera = camera
    bpy.ops.mesh.primitive_cube_add(size=1)
    made = bpy.context.object
    made.pass_index = 1
    return made


def animate(cube, path, values):
    """Key frames 0 to 3 of a property, with the same step between any two."""
    for frame, value in enumerate(values):
        setattr(cube, path, value)
        cube.keyframe_insert(path, frame=frame)
    action = cube.animation_data.action
    curves = getattr(action, "fcurves", None) or action.layers[0].strips[0].channelbags[0].fcurves
    for curve in curves:
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"


def rendered(scene, folder, python):
    """Frames 1 and 2, as the operator sets them up, read by the core."""
    scene.frame_start, scene.frame_end, scene.render.filepath = 1, 2, f"{folder}/frame_####"
    bpy.ops.impasto.set_up_sequence()
    bpy.ops.render.render(animation=True)
    files = [str(folder / f"frame_{number:04}.exr") for number in (1, 2)]
    printed = subprocess.run([python, "-I", "-c", READ, *files], capture_output=True, text=True, check=True).stdout
    return [{name: np.array(values) for name, values in frame.items()} for frame in json.loads(printed)]


def test_a_cube_that_moves_has_its_way(scene, cube, tmp_path, engine_python):
    """Three pixels to the right and one up, in each frame."""
    animate(cube, "location", [(0.3 * frame - 0.6, 0.1 * frame - 0.2, 0) for frame in range(4)])
    first, second = rendered(scene, tmp_path, engine_python)
    middles = [np.argwhere(frame["index"] == 1).mean(0) for frame in (first, second)]
    np.testing.assert_allclose(middles[1] - middles[0], (-1, 3), atol=0.01)
    for frame in (first, second):
        here = frame["index"] == 1
        np.testing.assert_allclose(frame["to_next"][here], np.tile((-1, 3), (here.sum(), 1)), atol=0.01)
        np.testing.assert_allclose(frame["to_previous"][here], np.tile((1, -3), (here.sum(), 1)), atol=0.01)


def test_a_cube_that_turns_has_its_way(scene, cube, tmp_path, engine_python):
    """Ten degrees counterclockwise in each frame, about the middle of the picture."""
    animate(cube, "rotation_euler", [(0, 0, math.radians(10 * frame)) for frame in range(4)])
    frame, _ = rendered(scene, tmp_path, engine_python)
    rows, columns = places = (np.argwhere(frame["index"] == 1) + 0.5 - np.array(SIZE_PX) / 2).T
    for name, degrees in (("to_next", 10), ("to_previous", -10)):
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        moved = np.array([rows * cos - columns * sin, rows * sin + columns * cos])  # rows are downwards
        np.testing.assert_allclose(frame[name][frame["index"] == 1], (moved - places).T, atol=0.15)  # of samples


@pytest.mark.slow
def test_a_repainted_copy_has_all_passes_and_no_time_of_its_own(scene, cube, tmp_path, engine_python):
    rendered(scene, tmp_path, engine_python)
    command = [engine_python, "-I", "-c", COPY, tmp_path / "frame_0001.exr", tmp_path / "copy.exr"]
    subprocess.run(command, check=True)
    assert time.strftime("%Y:%m:%d").encode() not in (tmp_path / "copy.exr").read_bytes()


def test_cryptomatte_tells_objects_apart_that_have_no_index(scene, cube, tmp_path, engine_python):
    """Two cubes of index 0, as all objects are at first."""
    cube.pass_index = 0
    bpy.ops.mesh.primitive_cube_add(size=1, location=(0.7, 0, 0))
    frame, _ = rendered(scene, tmp_path, engine_python)
    left, right, world = (frame["index"][24, column] for column in (30, 41, 4))
    assert (world, len({left, right, world})) == (0, 3)
