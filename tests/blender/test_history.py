"""The history: results and variations of a file by their thumbnails, found, starred, compared, restored and deleted."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from blends import reopen
from conftest import coordinates, packed_image, pixels_of, refused
from drawing import drawn
from test_installer import small_disk

CHECKER = {"tool": "checker", "width_px": 16, "height_px": 16, "estimator": "none"}


@pytest.fixture
def settings(scene, extension):
    """The settings of the panel, as in a new window."""
    settings = bpy.context.window_manager.impasto_history
    for name in ("search", "starred_only", "all_files", "page", "selected", "former"):
        settings.property_unset(name)
    extension.history.operators.comparison.clear()
    return settings


def panel():
    return drawn(bpy.types.IMPASTO_PT_history_view_3d)


def entries() -> list[str]:
    return [button.entry for button in panel().operators("impasto.select_entry")]


def make(name: str, **more) -> None:
    bpy.ops.impasto.run(**{**CHECKER, "name": name, **more})


def test_results_are_listed_the_latest_first_with_their_thumbnails(plane, settings):
    make("first")
    make("second", material="NONE")
    make("third")
    assert entries() == ["MATERIAL:third", "IMAGE:second_base_color", "MATERIAL:first"]
    icons = [arguments[0] for what, arguments, _ in panel().drawn if what == "template_icon"]
    shown = [bpy.data.images[f"{name}_base_color"].preview_ensure().icon_id for name in ("third", "second", "first")]
    assert icons == shown
    bpy.data.materials["third"].name = "ground"
    panel()
    assert entries() == ["MATERIAL:ground", "IMAGE:second_base_color", "MATERIAL:first"]
    bpy.data.materials.remove(bpy.data.materials["ground"])
    assert entries() == ["IMAGE:second_base_color", "MATERIAL:first"]


def test_results_are_found_by_name_phrase_tool_and_star(plane, settings, tmp_path):
    make("wall")
    bpy.ops.impasto.match(text="mossy red bricks", width_px=16, height_px=16)
    settings.search = "CHECK"
    assert entries() == ["MATERIAL:wall"]
    settings.search = "red mossy"
    assert entries() == ["MATERIAL:mossy red bricks"]
    settings.search = "nowhere"
    assert entries() == []
    assert "Nothing is found" in panel().labels()
    settings.search, settings.starred_only = "", True
    assert entries() == []
    bpy.ops.impasto.star_entry(entry="MATERIAL:wall")
    assert entries() == ["MATERIAL:wall"]
    reopen(tmp_path / "wall.blend")
    bpy.context.window_manager.impasto_history.starred_only = True
    assert entries() == ["MATERIAL:wall"]
    bpy.ops.impasto.star_entry(entry="MATERIAL:wall")
    assert entries() == []


def test_many_results_have_pages(plane, settings):
    for index in range(11):
        packed_image(f"{index:02}", coordinates(4, 4))["impasto_made"] = float(index)
    assert entries() == [f"IMAGE:{index:02}" for index in range(10, 1, -1)]
    after = panel().operators("impasto.turn_page")[1]
    bpy.ops.impasto.turn_page(page=after.page)
    assert entries() == ["IMAGE:01", "IMAGE:00"]
    settings.search = "0"
    assert settings.page == 0


def test_settings_are_restored_with_source_and_estimator(scene, plane, image, settings, extension):
    panel_settings, group = scene.impasto, scene.impasto_parameters.checker
    panel_settings.tool, panel_settings.source_kind, panel_settings.image = "checker", "IMAGE", image
    panel_settings.estimator, panel_settings.seed, panel_settings.width_m = "photo-maps", 5, 0.5
    group.squares, group.width_px, group.height_px = 3, 16, 32
    scene.impasto_parameters.photo_maps.relief = 0.25
    bpy.ops.impasto.generate()
    name = plane.active_material.name
    panel_settings.tool, panel_settings.source_kind, panel_settings.estimator = "tint", "NONE", "none"
    panel_settings.seed, panel_settings.width_m, panel_settings.intent = 1, 0.0, "RESTYLE"
    group.squares, group.width_px, group.height_px = 8, 64, 64
    scene.impasto_parameters.photo_maps.relief = 0.75
    bpy.ops.impasto.restore_settings(entry=f"MATERIAL:{name}")
    assert (panel_settings.tool, panel_settings.source_kind, panel_settings.image) == ("checker", "IMAGE", image)
    assert panel_settings.intent == "PHOTO"
    assert (panel_settings.estimator, panel_settings.seed) == ("photo-maps", 5)
    assert panel_settings.width_m == pytest.approx(0.5)
    assert (group.squares, group.width_px, group.height_px) == (3, 16, 32)
    assert scene.impasto_parameters.photo_maps.relief == pytest.approx(0.25)
    recipes, restore = extension.core.recipe, extension.generate.request.restore_settings
    others = recipes.Step("quilt"), recipes.Step("photo-maps", {"relief": 0.5})
    restore(scene, recipes.Recipe((recipes.Step("remove-light"), *others)), {})
    assert panel_settings.tool == "quilt"
    assert scene.impasto_parameters.photo_maps.relief == pytest.approx(0.5)
    weaker = recipes.Step("remove-light", {"strength": 0.5})
    with pytest.raises(extension.core.errors.ParameterError, match="cannot show this recipe"):
        restore(scene, recipes.Recipe((weaker, *others)), {})


@pytest.mark.slow
def test_a_missing_source_is_named_and_a_recipe_of_layers_is_refused(scene, plane, image, settings, extension):
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.image = "checker", "IMAGE", image
    scene.impasto.estimator = "none"
    bpy.ops.impasto.generate()
    entry = f"MATERIAL:{plane.active_material.name}"
    bpy.data.images.remove(image)
    bpy.ops.impasto.restore_settings(entry=entry)
    assert "choose its input bricks.png" in bpy.context.window_manager.impasto_made
    assert (scene.impasto.intent, scene.impasto.source_kind, scene.impasto.filepath) == ("PHOTO", "FILE", "")
    assert extension.generate.request.request_poll_message(bpy.context).startswith("Choose a source")
    bpy.ops.impasto.edit_layers(material=plane.active_material.name)
    bpy.ops.impasto.add_layer(tool="tint")
    stack = plane.active_material.impasto_layers
    stack.source_kind = "NONE"
    bpy.ops.impasto.run_layers()
    refused("Edit Layers", "restore_settings", entry=entry)


def test_variations_are_entries_that_a_star_keeps_in_the_file(scene, settings, extension):
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.estimator = "checker", "NONE", "none"
    bpy.ops.impasto.variations()
    first = extension.generate.variations.latest_variations(bpy.context)[0]
    listed = entries()
    assert len(listed) == 4
    texts = [look["text"] for look in panel().looks("impasto.select_entry")]
    assert texts == ["Checker"] * 4, "a seed would be cut"
    key = f"VARIATION:Checker {first.seed}"
    assert key in listed
    bpy.ops.impasto.compare(entry=key, other=listed[0])
    assert extension.history.operators.comparison.names[1] == f"Checker {first.seed}"
    bpy.ops.impasto.select_entry(entry=key)
    assert panel().operators("impasto.edit_layers")[0].recipe == first.recipe.to_json()
    bpy.ops.impasto.restore_settings()
    assert scene.impasto.seed == first.seed
    bpy.ops.impasto.star_entry()
    assert settings.selected == f"IMAGE:Checker {first.seed}"
    assert key not in entries()
    kept = bpy.data.images[f"Checker {first.seed}"]
    assert kept.use_fake_user
    np.testing.assert_allclose(pixels_of(kept)[..., :3], first.pixels / 255, atol=1e-3)


def test_two_entries_are_compared_under_one_light(plane, settings, extension):
    make("red", parameters='{"color": [1, 0, 0]}')
    make("blue", parameters='{"color": [0, 0, 1]}', material="NONE")
    assert not panel().operators("impasto.compare")
    for key in ("MATERIAL:red", "IMAGE:blue_base_color"):
        bpy.ops.impasto.select_entry(entry=key)
    bpy.ops.impasto.compare()
    shown = extension.history.operators.comparison
    assert shown.names == ("red", "blue")
    height, width, _ = shown.pixels.shape
    assert height == width == 512
    left, right = (part.astype(float).mean((0, 1)) for part in np.split(shown.pixels, 2, axis=1))
    assert left[0] > 2 * left[2]
    assert right[2] > 2 * right[0]
    assert panel().labels()[-2:] == list(shown.names)


def test_deleting_a_result_removes_its_images_and_restores_the_old_material(plane, settings):
    before = bpy.data.materials.new("before")
    plane.active_material = before
    make("wall")
    assert plane.active_material.name == "wall"
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.impasto.delete_entry(entry="MATERIAL:wall")
    bpy.ops.ed.undo_push(message="deleted")
    assert entries() == []
    bpy.ops.ed.undo()
    assert entries() == ["MATERIAL:wall"]
    bpy.ops.impasto.delete_entry(entry="MATERIAL:wall")
    refused("not in the history", "delete_entry", entry="MATERIAL:wall")
    plane, before = bpy.context.object, bpy.data.materials["before"]
    assert plane.active_material == before
    assert "wall" not in bpy.data.materials
    assert not [one.name for one in bpy.data.images if one.name.startswith("wall")]


def test_deleting_a_picture_leaves_images_that_something_uses(plane, settings):
    make("wall", material="NONE")
    others = [one for one in bpy.data.images if one.name.startswith("wall_") and "base_color" not in one.name]
    used = others[0]
    bpy.data.textures.new("user", "IMAGE").image = used
    bpy.ops.impasto.delete_entry(entry="IMAGE:wall_base_color")
    assert [one for one in bpy.data.images if one.name.startswith("wall_")] == [used]


@pytest.fixture
def folder(settings, extension, tmp_path):
    """The folder of the recipes, which are kept; the panel shows those of all files."""
    preferences, stored = extension.engine.engine.preferences(), extension.history.stored.stored
    preferences.keeps_history, preferences.history_folder = True, str(tmp_path / "history")
    settings.all_files = True
    yield tmp_path / "history"
    bpy.context.window_manager.impasto_history.all_files = False  # another window manager than that before
    preferences.property_unset("keeps_history")
    preferences.property_unset("history_folder")
    stored.clear()


def said() -> str:
    return " ".join(panel().labels())


def in_another_file() -> None:
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.mesh.primitive_plane_add(size=1)
    bpy.context.window_manager.impasto_history.all_files = True


def test_recipes_are_listed_once_in_other_files_with_a_thumbnail(plane, extension, folder):
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
def test_recipes_of_other_files_are_restored_as_settings_and_layers(scene, plane, folder):
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


def test_stars_and_deletions_are_stored_and_old_unstarred_entries_go_first(plane, extension, folder):
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


def test_damaged_files_are_left_out_and_counted(plane, folder):
    make("wall")
    rest = '"recipe": {"steps": [{"tool": "tint"}]}, "thumbnail": ""}'
    damaged = ["{", '{"name": "x"}', '{"name": 1, "made_s": 1.0, "recipe": {"steps": []}, "thumbnail": ""}']
    damaged += [f'{{"name": "x", "made_s": {made_s}, {rest}' for made_s in ("NaN", "1e300")] + ["0" * (2**20 + 1)]
    for index, text in enumerate(damaged, 1):
        (folder / f"{index:015}-00000000.json").write_text(text)
    in_another_file()
    assert len(entries()) == 1
    assert f"{len(damaged)} files of the history cannot be read" in said()


def test_a_damaged_thumbnail_and_an_unknown_tool_are_drawn(plane, folder):
    folder.mkdir()
    about = {"name": "odd", "made_s": 1.0, "recipe": {"steps": [{"tool": "nowhere"}]}, "thumbnail": "é"}
    (folder / "000000000000001-00000000.json").write_text(json.dumps(about))
    bpy.ops.impasto.refresh_history()
    (odd,) = entries()
    bpy.ops.impasto.select_entry(entry=odd)
    assert "nowhere" in said()
    refused("cannot show this recipe", "restore_settings")


@pytest.mark.skipif(sys.platform != "linux", reason="the disk is mounted as Linux does")
def test_failed_writes_of_the_history_are_reported(plane, folder):
    folder.write_text("a file is in the way")
    make("first")
    assert plane.active_material.name == "first"
    assert "a file is in the way" in said()
    assert entries() == ["MATERIAL:first"]
    folder.unlink()
    with small_disk(folder, "64k"):
        with contextlib.suppress(OSError):
            (folder / "full").write_bytes(bytes(2**17))
        make("wall")
        assert "free space" in said()
        assert [path.name for path in folder.iterdir()] == ["full"]
    assert plane.active_material.name == "wall"


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from impasto.system.transaction import replace_files
for index in range(30):
    replace_files({Path(sys.argv[2]) / f"{index:015d}-{sys.argv[3]}.json": b'{"name": "x", "made_s": 1.0, '
        b'"recipe": {"steps": [{"tool": "tint"}]}, "thumbnail": ""}'})
"""


def test_parallel_writers_do_not_damage_the_history(plane, extension, folder):
    core = Path(__file__).parents[2] / "core"
    folder.mkdir()
    command = [sys.executable, "-P", "-c", WRITER, core, folder]
    writers = [subprocess.Popen([*command, name]) for name in ("one", "two")]
    stored = extension.history.stored
    while any(writer.poll() is None for writer in writers):
        found, left_out = stored.read_folder(folder)
        assert not left_out
        stored.remove_oldest(found, most=20)
    assert [writer.returncode for writer in writers] == [0, 0]
    stored.remove_oldest(stored.read_folder(folder)[0], most=20)
    assert len(stored.read_folder(folder)[0]) == 20


def test_clean_up_removes_unused_results_except_starred_ones(plane, settings):
    for name in ("first", "starred", "used"):
        make(name)
    bpy.ops.impasto.star_entry(entry="MATERIAL:starred")
    alone = packed_image("alone", np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8))
    alone["impasto_made"], alone["impasto_recipe"], alone.use_fake_user = 1.0, "{}", True
    packed_image("mine", coordinates(4, 4))
    assert bpy.ops.impasto.clean_up() == {"FINISHED"}
    assert "Deleted 2 results: 0.2 MB" in bpy.context.window_manager.impasto_made
    assert {"starred", "used"} == {one.name for one in bpy.data.materials if "impasto_made" in one}
    assert "mine" in bpy.data.images
    assert "alone" not in bpy.data.images
    assert not [image for image in bpy.data.images if image.name.startswith("first")]
    assert bpy.types.IMPASTO_OT_clean_up.poll_message(bpy.context)
