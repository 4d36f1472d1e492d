"""Recipes across files: kept in a folder within limits, whole or not at all, and opened in any file."""

from __future__ import annotations

import base64
import json

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


def test_a_recipe_is_there_in_another_file_once_with_its_thumbnail(plane, extension, folder):
    extension.engine.engine.preferences().keeps_history = False
    make("not kept")
    assert not folder.exists()
    extension.engine.engine.preferences().keeps_history = True
    bpy.data.materials.remove(plane.active_material)
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


def test_a_star_and_deleting_are_written_and_the_oldest_without_a_star_go_first(plane, extension, folder):
    for name in ("first", "second", "third"):
        make(name)
    in_another_file()
    stored = extension.history.stored
    bpy.ops.impasto.star_entry(entry=entries()[-1])
    assert [json.loads(path.read_text())["is_starred"] for path in sorted(folder.iterdir())] == [True, False, False]
    stored.remove_oldest(stored.stored.recipes, most=2)
    bpy.ops.impasto.refresh_history()
    assert [one.name for one in stored.stored.recipes] == ["first", "third"]
    size = stored.stored.recipes[0].size
    stored.remove_oldest(stored.stored.recipes, most_bytes=size)
    bpy.ops.impasto.refresh_history()
    assert [one.name for one in stored.stored.recipes] == ["first"]
    bpy.ops.impasto.delete_entry(entry=entries()[0])
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        b"{",
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
