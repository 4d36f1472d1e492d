# SPDX-License-Identifier: GPL-3.0-or-later
"""Bakes of Only What Changed, and bakes that are cancelled, killed, or run out of disk or memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import SIZE_PX, bake, in_background, module, pixels, state
from blends import from_library, show_image
from conftest import refused
from strips import in_group, material, plane, principled
from test_installer import small_disk

pytestmark = pytest.mark.usefixtures("scene")
SHAPE, SURFACE = {"position", "edge_mask"}, {"base_color", "normal"}
MAPS = SHAPE | SURFACE
OPTIONS = {"maps": MAPS, "only_changed": True}


def textured(name: str) -> bpy.types.Material:
    """Red times an image that was never saved, shown by a group."""
    made = material(name, roughness=0.3)
    shown = in_group(made, "ShaderNodeTexImage", "Base Color")
    shown.image = bpy.data.images.new("painted", 4, 4)
    shown.image.pixels.foreach_set(np.linspace(0, 1, 64, dtype=np.float32))
    return made


def baked_anew(**properties: object) -> set[str]:
    """Bake, and return the maps that were not kept."""
    before = set(bpy.data.images)
    assert bake(**{**OPTIONS, **properties}) == {"FINISHED"}
    return {image["impasto_map"] for image in set(bpy.data.images) - before}


def test_unchanged_maps_are_kept_and_counted(extension) -> None:
    plane(textured("one"))
    assert baked_anew() == MAPS
    assert baked_anew() == set()
    assert extension.jobs.session.jobs.outcome.text.startswith("4 unchanged maps were kept")
    assert baked_anew(maps=MAPS | {"roughness"}) == {"roughness"}
    assert "Baked roughness of Strip; 4 unchanged maps were kept" in extension.jobs.session.jobs.outcome.text
    assert baked_anew(only_changed=False) == MAPS


def animate() -> None:
    socket = principled(bpy.data.materials["one"]).inputs["Roughness"]
    socket.keyframe_insert("default_value", frame=1)
    baked_anew()
    bpy.context.scene.frame_set(20)


CHANGES = {
    'bpy.data.meshes["Strip"].vertices[0].co.z += 0.1': MAPS,
    'bpy.data.meshes["Strip"].uv_layers[0].data[0].uv[0] += 0.01': MAPS,
    'bpy.data.objects["Strip"].modifiers.new("Smooth", "SUBSURF").show_viewport = False': MAPS,  # it is rendered
    'bpy.data.images["painted"].pixels[0] = 0.5': SURFACE,
    'bpy.data.node_groups["Group"].nodes["Image Texture"].interpolation = "Closest"': SURFACE,
    'principled(bpy.data.materials["one"]).inputs["Roughness"].default_value = 0.4': SURFACE,
    "animate()": SURFACE,
    'bpy.data.images.remove(bpy.data.images["Strip_normal"])': {"normal"},
    'bpy.data.images["Strip_normal"].pixels[0] = 0.25': {"normal"},
    'bpy.data.images["Strip_normal"].pixels[0] = 0.25; bpy.data.images["Strip_normal"].pack()': {"normal"},
    'principled(bpy.data.materials["one"]).location.x += 100': set(),
    'bpy.data.objects["Strip"].data.polygons[0].select = True': set(),
    'bpy.data.objects["Strip"].hide_render = True': set(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_missing_and_painted_maps_are_baked_again(change: str) -> None:
    plane(textured("one"))
    baked_anew()
    exec(change)
    assert baked_anew() == CHANGES[change]
    assert baked_anew() == set()


def test_settings_affect_only_the_maps_that_they_change() -> None:
    plane(textured("one"))
    baked_anew()
    counting = {"samples": 2, "anti_aliasing": "4", "height_px": 32, "margin_px": 3}
    for name, value in (*counting.items(), ("edge_radius", 0.1), ("file_format", "TARGA")):
        maps = MAPS if name in counting else {"edge_mask"} if name == "edge_radius" else set()
        assert baked_anew(**{name: value}) == maps, name


def test_each_tile_of_an_image_counts(extension) -> None:
    obj = plane(material("tiled"))
    png = extension.bridge.encode.encode_png
    for last in (0.2, 0.8):
        tiles = {1001: png(np.full((4, 4, 3), 0.5), 8), 1002: png(np.full((4, 4, 3), last), 8)}
        image = extension.bridge.tiles.add("tiles", "base_color", tiles, None)
        show_image(obj.active_material, image, "Base Color")
        assert baked_anew() >= SURFACE
        assert baked_anew() == set()


def test_high_objects_and_the_cage_count() -> None:
    low, high = plane(None), plane(textured("one"))
    low.name, high.name, high.location.z = "Box_low", "Box_high", 0.02
    bpy.ops.object.select_all(action="DESELECT")
    low.select_set(True)
    bpy.context.view_layer.update()
    named = {"surface": "NAMED", "maps": {"normal", "position"}}
    assert baked_anew(**named) == {"normal", "position"}
    assert baked_anew(**named) == set()
    high.data.vertices[0].co.z += 0.02
    assert baked_anew(**named) == {"normal", "position"}
    assert baked_anew(**named, extrusion=0.5, ray_distance=1.0) == {"normal", "position"}
    cage = low.copy()
    cage.data, cage.name = low.data.copy(), "Box_cage"
    bpy.context.collection.objects.link(cage)
    cage.data.vertices[0].co.z += 0.5
    assert baked_anew(**named) == {"normal", "position"}


@pytest.mark.slow
def test_bakes_in_a_window_keep_the_same_maps() -> None:
    obj = plane(textured("one"))
    baked_anew()
    bpy.data.images["Strip_normal"].pixels[0] = 0.25
    sizes = {"width_px": SIZE_PX, "height_px": SIZE_PX, "samples": 1}
    options = module("bake.settings").BakeOptions(maps=("base_color", "normal", "position"), **sizes)
    sets = [module("bake.objects.sets").BakeSet.of(obj)]
    targets = [module("bake.results").target_of(sets[0], "NONE")]
    request = module("bake.operators").BakeRequest(
        sets, options, targets, module("bake.settings").BakeOutput(only_changed=True)
    )
    report = module("jobs.session").jobs.finish(request.task())
    assert report.text == "Baked normal of Strip; 2 unchanged maps were kept"
    assert pixels("Strip_normal.001")[0, 0, 0] == pytest.approx(0.5, abs=0.01)


@pytest.mark.slow
def test_a_linked_object_and_its_override_are_the_same_in_the_background(tmp_path: Path) -> None:
    """Both have one name, which only one of them can have there."""
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {plane(material())})
    bpy.ops.wm.read_homefile(use_empty=True)
    linked = from_library(tmp_path / "library.blend", objects="Strip")
    own = linked.override_create()
    bpy.context.collection.objects.link(own)
    own.location.x = 2
    given = module("bake.objects.sets").BakeSet.of(linked, own)
    options = {"maps": ("base_color", "position", "island_id"), "width_px": 8, "height_px": 8, "samples": 1}
    here = list(module("bake.render.baked_maps").bake_set(given, module("bake.settings").BakeOptions(**options)))
    there, *_ = in_background([given], **options)
    assert [one.provenance["fingerprint"] for one in there[0]] == [one.provenance["fingerprint"] for one in here]


def test_kept_maps_are_files_and_images_of_the_material_too(tmp_path: Path) -> None:
    obj = plane(textured("one"))
    baked_anew()
    assert baked_anew(maps=SURFACE | {"roughness"}, out_dir=str(tmp_path), material="UNUSED") == {"roughness"}
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["Strip_base_color.png", "Strip_normal.png", "Strip_roughness.png"]
    assert (tmp_path / names[0]).read_bytes() == bpy.data.images["Strip_base_color"].packed_file.data
    shown = {node.image.name for node in bpy.data.materials["Strip Baked"].node_tree.nodes if node.type == "TEX_IMAGE"}
    assert shown == {"Strip_base_color", "Strip_normal", "Strip_roughness"}
    assert baked_anew(maps=SURFACE | {"roughness"}, material="UNUSED") == set()
    assert "Strip Baked.001" not in bpy.data.materials, "there is one that shows the same images"
    assert baked_anew(maps={"normal"}, out_dir=str(tmp_path), file_format="TARGA") == {"normal"}, "it has no such file"
    assert obj.active_material.name == "one"
    assert "fingerprint" not in json.loads(bpy.data.images["Strip_normal"]["impasto_recipe"])["steps"][0]["parameters"]


def test_all_objects_that_were_baked_before_can_be_baked_again() -> None:
    """Also those of a set of several; objects that never were are left alone."""
    refused("No object of the scene has baked images", bake, objects="BAKED")
    for name in ("First", "Second", "Third", "Fourth"):
        plane(material(name)).name = name
    for names in (["First"], ["Second", "Third"]):
        for obj in bpy.context.scene.objects:
            obj.select_set(obj.name in names)
        bpy.context.view_layer.objects.active = bpy.data.objects[names[0]]
        bake(maps={"roughness"}, target="ONE")
    bpy.ops.object.select_all(action="DESELECT")
    principled(bpy.data.materials["Second"]).inputs["Roughness"].default_value = 0.1
    before = set(bpy.data.images)
    bake(maps={"roughness"}, objects="BAKED")
    made = sorted(image["impasto_baked"] for image in set(bpy.data.images) - before)
    assert [json.loads(text)["object"] for text in made] == ["First", "Second", "Third"]


def two() -> list[bpy.types.Object]:
    """Two selected objects with a material each."""
    made = []
    for name in ("First", "Second"):
        made.append(plane(material(name)))
        made[-1].name = name
    return made


def request(folder: Path) -> object:
    """The request of a click on Bake Maps for the two, with files in a folder and new materials."""
    results, sets = module("bake.results"), module("bake.objects.sets")
    options = module("bake.settings").BakeOptions(maps=("base_color", "normal"), width_px=64, height_px=64, samples=1)
    given = [sets.BakeSet.of(bpy.data.objects[name]) for name in ("First", "Second")]
    targets = [results.target_of(one, "NEW") for one in given]
    return module("bake.operators").BakeRequest(
        given, options, targets, module("bake.settings").BakeOutput(out_dir=str(folder))
    )


def carried_out(given: object, at: str, act: object) -> object:
    """Carry a request out as a window does, and act once, on the message that ends with `at`; the report."""
    task = given.task()
    say, done = task.say, []

    def heard(message: str, fraction: float = 0.0) -> None:
        say(message, fraction)
        if at in message and not done:
            done.append(message)
            act(task)

    task.say = heard
    if not at:
        act(task)
    task.start()
    assert task.wait(120)
    assert done or not at, f"never said {at!r}"
    return task.conclude()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for the maps."""
    (tmp_path / "maps").mkdir()
    return tmp_path / "maps"


STAGES = ["", "Starting Blender in the background", "First: normal", "Second: base color", "Keeping the maps"]
"""Messages: before it starts, while Blender starts, in the second map, between sets, once all is baked."""


@pytest.mark.essential
@pytest.mark.parametrize("stage", STAGES)
def test_a_bake_can_be_cancelled_at_every_stage(stage: str, folder: Path, temporary: Path) -> None:
    two()
    before = state()
    report = carried_out(request(folder), stage, lambda task: task.cancel())
    assert (report.level, report.text) == ("CANCELLED", "Bake: cancelled")
    assert state() == before
    assert [*folder.iterdir(), *temporary.iterdir()] == []


def children() -> Iterator[int]:
    """Processes that bake for this one."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"child.py" in path.read_bytes() and f"PPid:\t{os.getpid()}\n" in (path.parent / "status").read_text():
                yield int(path.parent.name)
        except OSError:
            continue


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds the process in /proc")
def test_a_blender_that_is_killed_during_a_bake_changes_nothing(folder: Path, temporary: Path) -> None:
    two()
    before = state()

    def kill(_task: object) -> None:
        (pid,) = children()
        os.kill(pid, signal.SIGKILL)

    report = carried_out(request(folder), "First: normal", kill)
    assert report.level == "ERROR"
    assert "Blender in the background was ended by signal 9, and nothing has changed; bake again" in report.text
    assert state() == before
    assert [*folder.iterdir(), *temporary.iterdir()] == []
    assert carried_out(request(folder), "First: base color", lambda task: None).level == "INFO"


@pytest.mark.slow
def test_a_bake_ends_with_its_blender(temporary: Path) -> None:
    """Once nobody reads what it says, its folder is gone, too."""
    two()
    process, sets = module("bake.process.background"), module("bake.objects.sets")
    sizes = {"width_px": 2048, "height_px": 2048, "samples": 4}
    options = module("bake.settings").BakeOptions(maps=("base_color", "normal"), **sizes)
    given = process.prepare([sets.BakeSet.of(bpy.data.objects[name]) for name in ("First", "Second")], options)
    running = subprocess.Popen(given.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert any(b"First: base color" in line for line in running.stdout)
    assert given.folder.exists()
    running.stdout.close()
    assert running.wait(120) != 0
    assert list(temporary.iterdir()) == []


def fill_up(folder: Path, left: int) -> None:
    """Fill a disk but for some bytes."""
    free = os.statvfs(folder)
    with (folder / "filler").open("ab") as stream:
        stream.write(bytes(max(free.f_bavail * free.f_frsize - left, 0)))


@pytest.mark.slow
def test_a_full_disk_leaves_no_partial_files(tmp_path: Path) -> None:
    two()
    before = state()
    disk = tmp_path / "disk"
    with small_disk(disk, "1M"):
        fill_up(disk, 4096)
        report = carried_out(request(disk), "Second: normal", lambda task: None)
        assert report.level == "ERROR"
        assert "No space left" in report.text
        assert "free" in report.text
        assert [path.name for path in disk.iterdir()] == ["filler"]
    assert state() == before


@pytest.mark.slow
@pytest.mark.parametrize(("left", "said"), [(4096, "cannot be written to"), (1_300_000, "No space left")])
def test_a_full_temporary_folder_is_reported(left: int, said: str, tmp_path: Path, monkeypatch) -> None:
    """At once, where the objects do not fit, or later, where the maps do not."""
    two()
    before = state()
    disk = tmp_path / "disk"
    with small_disk(disk, "2M"):
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        fill_up(disk, left)
        try:
            text = carried_out(request(tmp_path), "Starting", lambda task: fill_up(disk, 4096)).text
        except module("core.errors").ImpastoError as error:
            text = str(error)
        assert said in text
        assert "; " in text, "without a remedy"
        assert {path.name for path in disk.iterdir()} <= {"filler"}
    assert state() == before


def test_bakes_beyond_the_memory_are_refused_with_tiles_counted() -> None:
    obj = plane(material())
    memory, sets = module("bake.process.costs"), module("bake.objects.sets")
    options = module("bake.settings").BakeOptions(width_px=2**20, height_px=2**20)
    before = state()
    with pytest.raises(module("core.errors").ImpastoError, match=r"needs .* of memory, and .* are free; choose"):
        memory.check_memory([sets.BakeSet.of(obj)], options)
    assert 2**26 < memory.free_bytes() < 2**50
    memory.check_memory([sets.BakeSet.of(obj)], module("bake.settings").BakeOptions(width_px=64, height_px=64))
    assert state() == before

    obj = plane(material(), material(), faces=2)
    for loop in obj.data.polygons[1].loop_indices:
        obj.data.uv_layers[0].data[loop].uv[0] += 0.5
    side_px = int((0.7 * memory.free_bytes() / module("bake.process.costs").BYTES_PER_PIXEL) ** 0.5)
    options = module("bake.settings").BakeOptions(width_px=side_px, height_px=side_px)
    memory.check_memory([sets.BakeSet.of(obj)], options)
    with pytest.raises(module("core.errors").ImpastoError, match="of memory"):
        memory.check_memory([sets.BakeSet.of(obj, use_tiles=True)], options)
