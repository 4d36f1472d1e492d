"""The history: results and variations of a file by their thumbnails, found, starred, compared, restored and deleted."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from conftest import coordinates, packed_image, pixels_of
from drawing import drawn

CHECKER = {"tool": "checker", "width_px": 16, "height_px": 16, "estimator": "none"}
PANEL = "IMPASTO_PT_history_view_3d"


@pytest.fixture
def settings(scene, extension):
    """The settings of the panel, as in a new window."""
    settings = bpy.context.window_manager.impasto_history
    for name in ("search", "starred_only", "all_files", "page", "selected", "former"):
        settings.property_unset(name)
    extension.history.comparison.comparison.clear()
    return settings


def panel():
    return drawn(getattr(bpy.types, PANEL))


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


def test_they_are_found_by_name_phrase_and_tool_and_by_their_star(plane, settings, tmp_path):
    make("wall")
    bpy.ops.impasto.match(text="mossy red bricks", width_px=16, height_px=16)
    settings.search = "CHECK"
    assert entries() == ["MATERIAL:wall"]
    settings.search = "red mossy"
    assert entries() == ["MATERIAL:mossy red bricks"]
    settings.search = "nowhere"
    assert entries() == []
    assert "Nothing is found" in [options.get("text") for what, _, options in panel().drawn if what == "label"]
    settings.search, settings.starred_only = "", True
    assert entries() == []
    bpy.ops.impasto.star_entry(entry="MATERIAL:wall")
    assert entries() == ["MATERIAL:wall"]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "wall.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "wall.blend"))
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


def test_settings_are_restored_with_source_and_estimator(scene, plane, image, settings):
    panel_settings, group = scene.impasto, scene.impasto_parameters.checker
    panel_settings.tool, panel_settings.source_kind, panel_settings.image = "checker", "IMAGE", image
    panel_settings.estimator, panel_settings.seed, panel_settings.width_m = "photo-maps", 5, 0.5
    group.squares, group.width_px, group.height_px = 3, 16, 32
    scene.impasto_parameters.photo_maps.relief = 0.25
    bpy.ops.impasto.generate()
    name = plane.active_material.name
    panel_settings.tool, panel_settings.source_kind, panel_settings.estimator = "tint", "NONE", "none"
    panel_settings.seed, panel_settings.width_m = 1, 0.0
    group.squares, group.width_px, group.height_px = 8, 64, 64
    scene.impasto_parameters.photo_maps.relief = 0.75
    bpy.ops.impasto.restore_settings(entry=f"MATERIAL:{name}")
    assert (panel_settings.tool, panel_settings.source_kind, panel_settings.image) == ("checker", "IMAGE", image)
    assert (panel_settings.estimator, panel_settings.seed) == ("photo-maps", 5)
    assert panel_settings.width_m == pytest.approx(0.5)
    assert (group.squares, group.width_px, group.height_px) == (3, 16, 32)
    assert scene.impasto_parameters.photo_maps.relief == pytest.approx(0.25)


@pytest.mark.slow
def test_a_missing_source_is_named_and_a_recipe_of_layers_is_refused(scene, plane, image, settings):
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.image = "checker", "IMAGE", image
    scene.impasto.estimator = "none"
    bpy.ops.impasto.generate()
    entry = f"MATERIAL:{plane.active_material.name}"
    bpy.data.images.remove(image)
    bpy.ops.impasto.restore_settings(entry=entry)
    assert "choose its input bricks.png" in bpy.context.window_manager.impasto_made
    bpy.ops.impasto.edit_layers(material=plane.active_material.name)
    bpy.ops.impasto.add_layer(tool="tint")
    stack = plane.active_material.impasto_layers
    stack.source_kind = "NONE"
    bpy.ops.impasto.run_layers()
    with pytest.raises(RuntimeError, match="Edit Layers"):
        bpy.ops.impasto.restore_settings(entry=entry)


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
    assert extension.history.comparison.comparison.names[1] == "Checker"
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


def test_the_whole_name_is_shown_at_the_width_of_a_thumbnail(plane, settings):
    make("mossy red bricks")
    layout = panel()
    labels = [options.get("text") for what, _, options in layout.drawn if what == "label"]
    texts = [look["text"] for look in layout.looks("impasto.select_entry")]
    assert [*texts, *labels] == ["mossy red", "bricks"]
    bpy.ops.impasto.select_entry(entry="MATERIAL:mossy red bricks")
    assert "mossy red bricks" in [options.get("text") for what, _, options in panel().drawn if what == "label"]


def test_two_entries_are_compared_under_one_light(plane, settings, extension):
    make("red", parameters='{"color": [1, 0, 0]}')
    make("blue", parameters='{"color": [0, 0, 1]}', material="NONE")
    assert not panel().operators("impasto.compare")
    for key in ("MATERIAL:red", "IMAGE:blue_base_color"):
        bpy.ops.impasto.select_entry(entry=key)
    bpy.ops.impasto.compare()
    shown = extension.history.comparison.comparison
    assert shown.names == ("red", "blue")
    height, width, _ = shown.pixels.shape
    assert height == width == 512
    left, right = (part.astype(float).mean((0, 1)) for part in np.split(shown.pixels, 2, axis=1))
    assert left[0] > 2 * left[2]
    assert right[2] > 2 * right[0]
    assert [options["text"] for what, _, options in panel().drawn if what == "label"][-2:] == list(shown.names)


def test_a_deleted_result_takes_its_images_along_and_gives_back_what_it_replaced(plane, settings):
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
    with pytest.raises(RuntimeError, match="not in the history"):
        bpy.ops.impasto.delete_entry(entry="MATERIAL:wall")
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
