"""Recipes across files: kept in a folder within limits, whole or not at all, and opened in any file."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import bpy
import pytest
from conftest import coordinates, packed_image, pixels_of
from drawing import drawn

CHECKER = {"tool": "checker", "width_px": 16, "height_px": 16, "estimator": "none"}
PANEL = "IMPASTO_PT_history_view_3d"


@pytest.fixture
def folder(scene, extension, tmp_path):
    """The folder of the recipes, which are kept; the panel shows those of all files."""
    preferences, stored = extension.engine.engine.preferences(), extension.history.stored.stored
    preferences.keeps_history, preferences.history_folder = True, str(tmp_path / "history")
    settings = bpy.context.window_manager.impasto_history
    for name in ("search", "starred_only", "page", "selected", "former"):
        settings.property_unset(name)
    settings.all_files = True
    yield tmp_path / "history"
    bpy.context.window_manager.impasto_history.all_files = False  # another window manager than that before
    preferences.property_unset("keeps_history")
    preferences.property_unset("history_folder")
    stored.clear()


def panel():
    return drawn(getattr(bpy.types, PANEL))


def entries() -> list[str]:
    return [button.entry for button in panel().operators("impasto.select_entry")]


def said() -> str:
    return " ".join(str(options.get("text")) for what, _, options in panel().drawn if what == "label")


def make(name: str) -> None:
    bpy.ops.impasto.run(**CHECKER, name=name)


def in_another_file() -> None:
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.mesh.primitive_plane_add(size=1)
    bpy.context.window_manager.impasto_history.all_files = True


def test_nothing_is_kept_unless_the_preferences_say_so(plane, extension, folder):
    extension.engine.engine.preferences().keeps_history = False
    make("wall")
    assert not folder.exists()


def test_a_recipe_is_there_in_another_file_once_with_its_thumbnail(plane, extension, folder):
    make("wall")
    assert entries() == ["MATERIAL:wall"], "not twice"
    (path,) = folder.iterdir()
    assert sorted(json.loads(path.read_text())) == ["is_starred", "made_s", "name", "recipe", "thumbnail"]
    in_another_file()
    assert entries() == [f"STORED:{path.name}"]
    bpy.ops.impasto.select_entry(entry=entries()[0])
    assert "wall" in said()
    (kept,) = extension.history.stored.stored.recipes
    thumbnail = packed_image("thumbnail", coordinates(4, 4))
    thumbnail.pack(data=(data := base64.b64decode(kept.thumbnail)), data_len=len(data))
    assert tuple(thumbnail.size) == (16, 16)
    assert pixels_of(thumbnail)[..., :3].std() > 0.1


@pytest.mark.essential
def test_it_is_restored_as_settings_and_as_layers_that_make_the_same(scene, plane, folder):
    scene.impasto_parameters.checker.squares = 5
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.estimator = "checker", "NONE", "none"
    bpy.ops.impasto.generate()
    in_another_file()
    scene = bpy.context.scene
    scene.impasto.tool, scene.impasto_parameters.checker.squares = "tint", 2
    bpy.ops.impasto.restore_settings(entry=entries()[0])
    assert (scene.impasto.tool, scene.impasto_parameters.checker.squares) == ("checker", 5)
    bpy.ops.impasto.select_entry(entry=entries()[0])
    bpy.ops.impasto.edit_layers(recipe=panel().operators("impasto.edit_layers")[0].recipe)
    (layer,) = bpy.context.object.active_material.impasto_layers.layers
    assert (layer.tool, layer.impasto_parameters.checker.squares) == ("checker", 5)


def test_a_star_and_deleting_are_written(plane, folder):
    make("wall")
    make("floor")
    in_another_file()
    floor, wall = entries()
    bpy.ops.impasto.star_entry(entry=wall)
    assert [json.loads(path.read_text())["is_starred"] for path in sorted(folder.iterdir())] == [True, False]
    bpy.ops.impasto.delete_entry(entry=floor)
    assert entries() == [wall]


def test_the_oldest_without_a_star_go_first(plane, extension, folder):
    for name in ("first", "second", "third"):
        make(name)
    in_another_file()
    stored = extension.history.stored
    bpy.ops.impasto.star_entry(entry=entries()[-1])
    stored.remove_oldest(stored.stored.recipes, most=2)
    bpy.ops.impasto.refresh_history()
    assert [one.name for one in stored.stored.recipes] == ["first", "third"]
    size = stored.stored.recipes[0].size
    stored.remove_oldest(stored.stored.recipes, most_bytes=size)
    bpy.ops.impasto.refresh_history()
    assert [one.name for one in stored.stored.recipes] == ["first"]


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b'{"name": "x"}',
        b'{"name": 1, "made_s": 1.0, "recipe": {"steps": []}, "thumbnail": ""}',
        b'{"name": "x", "made_s": NaN, "recipe": {"steps": [{"tool": "tint"}]}, "thumbnail": ""}',
        b'{"name": "x", "made_s": 1e300, "recipe": {"steps": [{"tool": "tint"}]}, "thumbnail": ""}',
        b"0" * (2**20 + 1),
    ],
)
def test_damaged_files_are_left_out_and_counted(plane, folder, damage):
    make("wall")
    (folder / "000000000000001-00000000.json").write_bytes(damage)
    in_another_file()
    assert len(entries()) == 1
    assert "1 files of the history cannot be read" in said()


def test_a_damaged_thumbnail_and_an_unknown_tool_are_drawn(plane, folder):
    folder.mkdir()
    about = {"name": "odd", "made_s": 1.0, "recipe": {"steps": [{"tool": "nowhere"}]}, "thumbnail": "é"}
    (folder / "000000000000001-00000000.json").write_text(json.dumps(about))
    bpy.ops.impasto.refresh_history()
    (odd,) = entries()
    bpy.ops.impasto.select_entry(entry=odd)
    assert "nowhere" in said()
    with pytest.raises(RuntimeError, match="cannot show this recipe"):
        bpy.ops.impasto.restore_settings()


def test_what_cannot_be_written_is_said_and_the_result_is_kept_in_the_file(plane, folder):
    folder.write_text("a file is in the way")
    make("wall")
    assert plane.active_material.name == "wall"
    assert "a file is in the way" in said()
    assert entries() == ["MATERIAL:wall"]


@pytest.mark.skipif(sys.platform != "linux", reason="the disk is mounted as Linux does")
def test_a_full_disk_is_said_and_leaves_no_part_of_a_file(plane, folder):
    """The disk is one of 64 kB, filled to the brim."""
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], check=False).returncode:
        pytest.skip("a disk can only be mounted as root")
    try:
        with contextlib.suppress(OSError):
            (folder / "full").write_bytes(bytes(2**17))
        make("wall")
        assert "free space" in said()
        assert [path.name for path in folder.iterdir()] == ["full"]
        assert plane.active_material.name == "wall"
    finally:
        subprocess.run(["umount", str(folder)], check=True)


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from impasto.system.transaction import replace_files
for index in range(30):
    replace_files({Path(sys.argv[2]) / f"{index:015d}-{sys.argv[3]}.json": b'{"name": "x", "made_s": 1.0, '
        b'"recipe": {"steps": [{"tool": "tint"}]}, "thumbnail": ""}'})
"""


def test_several_write_at_once_while_one_reads_and_removes(plane, extension, folder):
    core = Path(__file__).parents[2] / "core"
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    writers = [
        subprocess.Popen([sys.executable, "-P", "-c", WRITER, str(core), str(folder), name], env=environment)
        for name in ("one", "two")
    ]
    stored = extension.history.stored
    while any(writer.poll() is None for writer in writers):
        found, left_out = stored.read_folder(folder)
        assert not left_out
        stored.remove_oldest(found, most=20)
    assert [writer.returncode for writer in writers] == [0, 0]
    stored.remove_oldest(stored.read_folder(folder)[0], most=20)
    assert len(stored.read_folder(folder)[0]) == 20
