"""Sequences: vectors and frames of a scene are rendered and repainted, and become an image; errors say what to do."""

from __future__ import annotations

import json
import math
import subprocess
import time
from pathlib import Path

import bpy
import numpy as np
import pytest
from blends import camera, from_library
from conftest import coordinates, packed_image, refused
from drawing import drawn
from styling import settle, wait_until

FRAMES, SIZE_PX = 4, (48, 64)
LAYER = "Impasto Film"
PANEL = "IMPASTO_PT_film"
READ = """
import json, sys
from pathlib import Path
import OpenImageIO
from impasto_film.passes import read_frame
frames = [read_frame(Path(path)) for path in sys.argv[1:]]
first = OpenImageIO.ImageInput.open(sys.argv[1]).spec().channelnames[0]
print(json.dumps([first, *(frame.color.tolist() for frame in frames)]))
"""
READ_FIRST = """
import json, sys
import OpenImageIO
print(json.dumps([OpenImageIO.ImageInput.open(path).read_image(0, 0, 0, 3, "float").tolist() for path in sys.argv[1:]]))
"""


@pytest.fixture
def shot(scene, plane, tmp_path):
    """A cube that turns before a camera, 64×48 px, in four frames, to be rendered into a folder."""
    camera(SIZE_PX, width_m=3.0, samples=2)
    scene.frame_start, scene.frame_end, scene.render.filepath = 1, FRAMES, f"{tmp_path}/shot/cube_####"
    scene.collection.objects.link(bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN")))
    bpy.ops.mesh.primitive_cube_add(size=1)
    cube = bpy.context.object
    for frame in range(FRAMES + 2):
        cube.rotation_euler[2] = math.radians(4 * frame)
        cube.keyframe_insert("rotation_euler", frame=frame)
    return scene


@pytest.fixture
def rendered(shot):
    """The shot, set up by the operator and rendered."""
    bpy.ops.impasto.set_up_sequence()
    bpy.ops.render.render(animation=True)
    return shot


@pytest.fixture
def stripes(scene):
    """A picture to paint like."""
    return packed_image("stripes.png", coordinates(32, 48))


@pytest.fixture
def panel(extension, scene, stripes):
    """The panel's settings, with a cheap stylizer that paints like the stripes."""
    scene.impasto_style.tool = "wct"
    scene.impasto_parameters.wct.input_style = stripes
    yield scene.impasto_sequence
    extension.stylize.preview.live.clear()


def repaint(**given) -> set[str]:
    return bpy.ops.impasto.repaint_sequence(**{"tool": "wct", "style": "stripes.png", **given})


def painted(folder: Path) -> list[Path]:
    return sorted((folder / "shot" / "painted").glob("*.exr"))


def read(python: Path, code: str, *files) -> list:
    """Contents of EXR files, read by a program of the engine's."""
    printed = subprocess.run([python, "-I", "-c", code, *files], capture_output=True, text=True, check=True)
    return json.loads(printed.stdout)


def compositor(scene: bpy.types.Scene) -> bpy.types.NodeTree:
    """The scene's compositor, which is switched on."""
    if bpy.app.version < (5, 0):
        scene.use_nodes = True
        return scene.node_tree
    if scene.compositing_node_group is None:
        scene.compositing_node_group = bpy.data.node_groups.new("Mine", "CompositorNodeTree")
    return scene.compositing_node_group


def image_nodes() -> list[bpy.types.Node]:
    """The Image nodes in the scene's compositor."""
    return [node for node in compositor(bpy.context.scene).nodes if node.bl_idname == "CompositorNodeImage"]


def labels() -> str:
    """The texts that the panel shows."""
    return " ".join(drawn(getattr(bpy.types, PANEL)).labels())


def start(extension) -> object:
    """Click the panel's button; the task that runs then."""
    operator, cls = bpy.types.IMPASTO_OT_repaint_sequence, extension.stylize.film.SequenceRequest
    request = cls(**extension.tools.form.values_in(cls, bpy.context.scene.impasto_sequence))
    task = request.task(bpy.context, extension.stylize.request.from_scene(bpy.context))
    task.place = operator.place
    extension.jobs.session.jobs.start(task)
    return task


def passes(layer: bpy.types.ViewLayer) -> dict[str, object]:
    """The passes of a view layer, and whether it is rendered."""
    return {name: getattr(layer, name) for name in ("use", *(one for one in dir(layer) if one.startswith("use_pass")))}


def test_a_scene_is_set_up_on_a_layer_of_its_own(scene, plane):
    artist = scene.view_layers[0]
    artist.name, artist.use_pass_mist, scene.render.use_motion_blur = "Artist", True, True
    hidden = bpy.data.collections.new("Hidden")
    scene.collection.children.link(hidden)
    artist.layer_collection.children["Hidden"].exclude = True
    before = passes(artist)
    for _ in range(2):
        assert bpy.ops.impasto.set_up_sequence() == {"FINISHED"}
        assert scene.view_layers.keys() == [LAYER, "Artist"]
    film = scene.view_layers[LAYER]
    used = {name.removeprefix("use_pass_") for name, value in passes(film).items() if value is True}
    assert {"vector", "position", "cryptomatte_object", "mist"} <= used, "it is a copy"
    assert "object_index" not in used
    assert film.layer_collection.children["Hidden"].exclude
    assert passes(scene.view_layers["Artist"]) == before
    assert bpy.context.view_layer.name == "Artist"
    assert scene.render.engine == "CYCLES"
    assert not scene.render.use_motion_blur
    assert scene.render.image_settings.file_format == "OPEN_EXR_MULTILAYER"
    assert "####" in scene.render.filepath


def test_set_up_passes_is_one_undo_step_and_reports_its_settings(extension, scene, plane, panel):
    scene.render.use_motion_blur, scene.render.filepath = True, "/tmp/street_####"
    plane.pass_index = 3
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.impasto.set_up_sequence()
    assert scene.view_layers[LAYER].use_pass_object_index, "objects with numbers of their own are told apart by them"
    panel = drawn(getattr(bpy.types, PANEL)).drawn
    shown = [options.get("placeholder") for what, _, options in panel if what == "prop"]
    assert {"/tmp/street_####.exr", "/tmp/painted"} <= set(shown)
    report = extension.jobs.session.jobs.outcome
    assert report.level == "INFO"
    assert "motion blur is off" in report.text
    assert "frames are written to /tmp/street_####" in report.text, "a path with frame numbers stays"
    assert "motion blur is off" in labels().lower()
    bpy.ops.ed.undo()
    scene = bpy.context.scene
    assert scene.view_layers.keys() == ["ViewLayer"]
    assert scene.render.use_motion_blur
    assert scene.render.image_settings.file_format == "PNG"


@pytest.mark.essential
def test_frames_are_rendered_and_repainted_and_become_an_image(extension, rendered, stripes, tmp_path, engine_python):
    area = bpy.context.window_manager.windows[0].screen.areas[0]
    before, area.type = area.type, "IMAGE_EDITOR"
    try:
        assert repaint() == {"FINISHED"}
        made = extension.jobs.session.jobs.outcome
        assert made.level == "INFO"
        assert [Path(file) for file in made.files] == painted(tmp_path)
        assert len(made.files) == FRAMES
        image, space = bpy.data.images[made.images[0]], area.spaces.active
        assert (image.source, image.name) == ("SEQUENCE", "cube – stripes")
        assert space.image == image
        for frame in (1, 3):
            rendered.frame_set(frame)
            assert image.filepath_from_user(image_user=space.image_user) == made.files[frame - 1]
    finally:
        area.type = before
    files = [tmp_path / "shot" / "cube_0003.exr", *made.files]
    layer, original, *colors = read(engine_python, READ, *files)
    assert layer.startswith(LAYER), "an image shows the first layer"
    assert len(colors) == FRAMES
    assert colors[2] != original


def test_some_frames_are_painted_into_another_folder_and_start_at_their_number(extension, rendered, stripes, tmp_path):
    bpy.ops.ed.undo_push(message="before")
    assert repaint(frames=f"{tmp_path}/shot", out_dir=f"{tmp_path}/out", first=2, last=3) == {"FINISHED"}
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == ["cube_0002.exr", "cube_0003.exr"]
    image = bpy.data.images[extension.jobs.session.jobs.outcome.images[0]]
    assert Path(image.filepath).name == "cube_0002.exr"
    name = image.name
    bpy.ops.ed.undo()
    assert name not in bpy.data.images
    assert len(list((tmp_path / "out").iterdir())) == 2, "files stay"


def test_cancelled_sequences_keep_frames_and_resume(extension, rendered, panel, tmp_path):
    jobs = extension.jobs.session.jobs
    task = start(extension)
    wait_until(lambda: painted(tmp_path) or task.is_ended)
    bpy.ops.impasto.cancel()
    settle(jobs)
    report = jobs.report_at(task.place)
    assert report.level == "CANCELLED"
    assert "are kept, and Repaint Sequence goes on" in labels()
    first = painted(tmp_path)[0]
    written = first.stat().st_mtime_ns
    task = start(extension)
    settle(jobs)
    assert len(painted(tmp_path)) == FRAMES
    assert first.stat().st_mtime_ns == written
    assert task.preview.shape == (2 * SIZE_PX[0] + 2, 2 * SIZE_PX[1] + 2, 3), "four frames, with lines between them"
    assert repaint(replace=True, last=1) == {"FINISHED"}
    assert first.stat().st_mtime_ns != written


def test_errors_and_unsaved_relative_paths_are_reported(extension, shot, panel, scene):
    jobs = extension.jobs.session.jobs
    start(extension)
    settle(jobs)
    assert jobs.last_report.level == "ERROR"
    assert "is not a folder" in labels()
    refused("No such file or directory", repaint, frames="/tmp/street.mp4")

    scene.render.filepath = "//film/street_####"
    assert "never saved" in extension.interface.drawing.poll_message("impasto.repaint_sequence")
    assert "never saved" in labels()
    panel.frames, panel.out_dir = "/tmp/street", "/tmp/painted"
    assert not extension.interface.drawing.poll_message("impasto.repaint_sequence")


def test_motion_blur_is_pointed_out_and_refused_if_places_show_that_something_moves(extension, rendered, stripes):
    assert "vectors" not in labels()
    rendered.render.use_motion_blur = True
    assert "With motion blur, all motion vectors are 0" in labels()
    bpy.ops.render.render(animation=True)
    repaint()  # the cube turns in its own plane: by their places, its points may stand still
    assert extension.jobs.session.jobs.outcome.level == "WARNING"
    assert "nothing moves in the first two frames" in extension.jobs.session.jobs.outcome.text

    rendered.render.use_motion_blur = True
    for frame in (0, FRAMES):
        rendered.camera.location[0] = 0.1 * frame
        rendered.camera.keyframe_insert("location", frame=frame)
    bpy.ops.render.render(animation=True)
    refused(r"no motion vectors, yet something moves.*render them without motion blur", repaint)


def test_painted_frames_are_added_to_the_compositor_once_and_in_time_with_the_scene(extension, rendered, stripes):
    repaint(first=2)
    made = extension.jobs.session.jobs.outcome
    for text in (f"{made.images[0]} is in the compositor; renders show it", f"{made.images[0]} is in the compositor"):
        assert bpy.ops.impasto.composite_sequence() == {"FINISHED"}
        assert extension.jobs.session.jobs.outcome.text == text
        (node,) = image_nodes()
        assert node.image == bpy.data.images[made.images[0]]
        assert (node.frame_start, node.frame_offset, node.frame_duration) == (2, 1, FRAMES - 1)
        assert node.use_auto_refresh
        assert node.layer == LAYER
        assert node.select
    (link,) = compositor(rendered).links
    assert (link.from_node, link.from_socket.name) == (node, "Combined")
    assert link.to_node.bl_idname == ("NodeGroupOutput" if bpy.app.version >= (5, 0) else "CompositorNodeComposite")


def test_a_compositor_with_nodes_stays_as_it_is_and_gets_one_more_beside_them(rendered, stripes):
    nodes = compositor(rendered).nodes
    nodes.clear()
    mine = nodes.new("CompositorNodeBlur")
    repaint(last=1)
    bpy.ops.impasto.composite_sequence()
    (node,) = image_nodes()
    assert set(nodes) == {mine, node}
    assert not compositor(rendered).links
    assert (mine.select, node.select, nodes.active) == (False, True, node)
    assert node.location.x < mine.location.x
    assert "connect it" in labels()


@pytest.mark.skipif(bpy.app.version < (5, 0), reason="before Blender 5.0, each scene has a compositor of its own")
def test_a_linked_compositor_is_not_changed(rendered, stripes, tmp_path):
    repaint(last=1)
    mine = compositor(rendered)
    name, library = mine.name, str(tmp_path / "other.blend")
    bpy.data.libraries.write(library, {mine})
    bpy.data.node_groups.remove(mine)
    rendered.compositing_node_group = from_library(library, node_groups=name)
    assert not bpy.ops.impasto.composite_sequence.poll()
    assert "linked from another file" in bpy.types.IMPASTO_OT_composite_sequence.poll_message(bpy.context)
    rendered.compositing_node_group.make_local()
    assert bpy.ops.impasto.composite_sequence.poll()


@pytest.mark.slow
def test_renders_show_the_painted_frames_and_the_shot_keeps_its_passes(rendered, stripes, tmp_path, engine_python):
    shot = sorted((tmp_path / "shot").glob("*.exr"))
    before = read(engine_python, READ, *shot)
    repaint()
    bpy.ops.impasto.composite_sequence()
    bpy.ops.render.render(animation=True)
    assert read(engine_python, READ, *shot)[1:] == before[1:], "the film's layer is still in the files"
    composited, frames = (read(engine_python, READ_FIRST, *files) for files in (shot, painted(tmp_path)))
    assert composited == frames
    assert frames[0] != frames[1]
    repaint(replace=True)
    layer, *_ = read(engine_python, READ, *painted(tmp_path))
    assert layer.startswith(LAYER), "not what was composited"


def test_a_painted_sequence_is_found_in_a_file_that_was_saved_and_undone_in_one_step(rendered, stripes, tmp_path):
    add = bpy.ops.impasto.composite_sequence
    assert not add.poll()
    assert not drawn(getattr(bpy.types, PANEL)).operators("impasto.composite_sequence")
    refused("There is no painted sequence yet", add)
    repaint()
    assert drawn(getattr(bpy.types, PANEL)).operators("impasto.composite_sequence")
    blend = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=blend)
    bpy.ops.file.make_paths_relative()
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=blend)
    bpy.ops.ed.undo_push(message="before")
    assert add() == {"FINISHED"}
    assert len(image_nodes()) == 1
    bpy.ops.ed.undo()
    assert not image_nodes()
    bpy.context.scene.render.filepath = f"{tmp_path}/shot/other_####"
    assert not add.poll(), "the frames are of another shot"
    bpy.context.scene.render.filepath = f"{tmp_path}/shot/cube_####"
    painted(tmp_path)[0].unlink()
    refused("No such file", add)


READ_VECTORS = """
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
    camera(SIZE_PX, width_m=SIZE_PX[1] / 10)
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


def rendered_vectors(scene, folder, python):
    """Frames 1 and 2, as the operator sets them up, read by the core."""
    scene.frame_start, scene.frame_end, scene.render.filepath = 1, 2, f"{folder}/frame_####"
    bpy.ops.impasto.set_up_sequence()
    bpy.ops.render.render(animation=True)
    files = [str(folder / f"frame_{number:04}.exr") for number in (1, 2)]
    return [{name: np.array(values) for name, values in frame.items()} for frame in read(python, READ_VECTORS, *files)]


def test_motion_vectors_follow_a_moving_cube(scene, cube, tmp_path, engine_python):
    """Three pixels to the right and one up, in each frame."""
    animate(cube, "location", [(0.3 * frame - 0.6, 0.1 * frame - 0.2, 0) for frame in range(4)])
    first, second = rendered_vectors(scene, tmp_path, engine_python)
    middles = [np.argwhere(frame["index"] == 1).mean(0) for frame in (first, second)]
    np.testing.assert_allclose(middles[1] - middles[0], (-1, 3), atol=0.01)
    for frame in (first, second):
        here = frame["index"] == 1
        np.testing.assert_allclose(frame["to_next"][here], np.tile((-1, 3), (here.sum(), 1)), atol=0.01)
        np.testing.assert_allclose(frame["to_previous"][here], np.tile((1, -3), (here.sum(), 1)), atol=0.01)


def test_motion_vectors_follow_a_turning_cube(scene, cube, tmp_path, engine_python):
    """Ten degrees counterclockwise in each frame, about the middle of the picture."""
    animate(cube, "rotation_euler", [(0, 0, math.radians(10 * frame)) for frame in range(4)])
    frame, _ = rendered_vectors(scene, tmp_path, engine_python)
    rows, columns = places = (np.argwhere(frame["index"] == 1) + 0.5 - np.array(SIZE_PX) / 2).T
    for name, degrees in (("to_next", 10), ("to_previous", -10)):
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        moved = np.array([rows * cos - columns * sin, rows * sin + columns * cos])  # rows are downwards
        np.testing.assert_allclose(frame[name][frame["index"] == 1], (moved - places).T, atol=0.15)  # of samples


@pytest.mark.slow
def test_a_repainted_copy_has_all_passes_and_no_time_of_its_own(scene, cube, tmp_path, engine_python):
    rendered_vectors(scene, tmp_path, engine_python)
    command = [engine_python, "-I", "-c", COPY, tmp_path / "frame_0001.exr", tmp_path / "copy.exr"]
    subprocess.run(command, check=True)
    assert time.strftime("%Y:%m:%d").encode() not in (tmp_path / "copy.exr").read_bytes()


def test_cryptomatte_tells_objects_apart_that_have_no_index(scene, cube, tmp_path, engine_python):
    """Two cubes of index 0, as all objects are at first."""
    cube.pass_index = 0
    bpy.ops.mesh.primitive_cube_add(size=1, location=(0.7, 0, 0))
    frame, _ = rendered_vectors(scene, tmp_path, engine_python)
    left, right, world = (frame["index"][24, column] for column in (30, 41, 4))
    assert (world, len({left, right, world})) == (0, 3)
