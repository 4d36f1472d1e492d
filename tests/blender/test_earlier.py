"""Files of an earlier version, saved by Blender 4.2 (`tests/earlier`), opened in this one: a .blend, a preset, history.

The .blend has a plane with the material Old wall: bricks, tinted and adjusted under masks, with keyframes and a driver.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import MODULE, PROFILE, pixels_of
from drawing import drawn
from test_layers import shown_in
from test_presets import choose, listed

EARLIER = Path(__file__).parents[1] / "earlier"
NOT_QUITE = 1.5 / 255
"""Most that a value may differ: rounding to 8 bits, and that of another processor before it."""
PANEL = "IMPASTO_PT_history_view_3d"


@pytest.fixture
def wall(scene, tmp_path) -> bpy.types.Material:
    """The material of the earlier .blend, which is open; its plane is active."""
    file = shutil.copy(EARLIER / "blend" / "studio.blend", tmp_path)
    bpy.ops.wm.open_mainfile(filepath=str(file))
    plane = bpy.data.objects["Wall"]
    plane.select_set(True)
    bpy.context.view_layer.objects.active = plane
    return bpy.data.materials["Old wall"]


def maps_of(material: bpy.types.Material) -> dict[str, np.ndarray]:
    return {name: pixels_of(image) for name, image in shown_in(material).items()}


def test_the_layers_are_there_with_their_parameters_and_masks(wall):
    stack = wall.impasto_layers
    assert [(layer.name, layer.tool, layer.enabled) for layer in stack.layers] == [
        ("Wall", "bricks", True),
        ("Tint", "tint", True),
        ("Adjust colours", "adjust", True),
        ("Spare", "adjust", False),
    ]
    bricks, tint, adjust, _ = stack.layers
    assert (bricks.impasto_parameters.bricks.width_px, stack.seed) == (32, 7)
    assert adjust.impasto_parameters.adjust.saturation == pytest.approx(0.3)
    assert (tint.mask.kind, tint.mask.invert, round(tint.mask.size, 3)) == ("noise", True, 0.3)
    assert (adjust.mask.kind, adjust.mask.image) == ("image", bpy.data.images["where"])
    assert pixels_of(adjust.mask.image)[..., 0].mean() == pytest.approx(0.5)


@pytest.mark.essential
def test_keyframes_and_drivers_move_the_sliders_and_the_layers_make_the_same_maps_again(wall):
    """Half way between the keyframes, the tint is as strong as when the maps were made."""
    scene, before = bpy.context.scene, maps_of(wall)
    bricks, tint = (layer.impasto_parameters for layer in wall.impasto_layers.layers[:2])
    wear = wall.node_tree.nodes["Impasto Sliders"].inputs["Wear"]
    for frame, strength in ((1, 0.0), (11, 1.0), (6, 0.5)):
        scene.frame_set(frame)
        assert (tint.tint.strength, wear.default_value) == pytest.approx((strength, strength / 2), abs=1e-5)
    plane = bpy.data.objects["Wall"]
    for worn in (0.75, 0.25):
        plane["worn"] = worn
        plane.update_tag()
        bpy.context.view_layer.update()
        assert bricks.bricks.wear == pytest.approx(worn)
    assert bpy.ops.impasto.run_layers() == {"FINISHED"}
    again = maps_of(wall)
    assert again.keys() == before.keys()
    for name in before:
        np.testing.assert_allclose(again[name], before[name], atol=NOT_QUITE, err_msg=name)


def test_a_changed_layer_is_made_again(wall):
    before = maps_of(wall)["base_color"]
    wall.animation_data_clear()
    tint = wall.impasto_layers.layers[1]
    tint.mask.kind, tint.impasto_parameters.tint.strength = "none", 1.0
    bpy.ops.impasto.run_layers()
    assert np.abs(maps_of(wall)["base_color"] - before).mean() > 0.02


@pytest.mark.essential
@pytest.mark.parametrize("name", ["Slate_base_color", "Road_base_color", "Repainted"])
def test_a_result_is_made_again_with_the_same_pixels(wall, name):
    """One by a model, one by a procedural material, and one that was stylized."""
    before, known = pixels_of(bpy.data.images[name]), set(bpy.data.images)
    assert bpy.ops.impasto.rerun(image=name) == {"FINISHED"}
    (again,) = (one for one in set(bpy.data.images) - known if one["impasto_map"] == "base_color")
    np.testing.assert_allclose(pixels_of(again), before, atol=NOT_QUITE)


def test_the_history_has_the_results_and_their_stars(wall):
    settings = bpy.context.window_manager.impasto_history
    settings.property_unset("starred_only")
    everything = [button.entry for button in drawn(getattr(bpy.types, PANEL)).operators("impasto.select_entry")]
    assert everything == ["IMAGE:Repainted", "MATERIAL:Road", "MATERIAL:Slate", "MATERIAL:Old wall"]
    settings.starred_only = True
    starred = [button.entry for button in drawn(getattr(bpy.types, PANEL)).operators("impasto.select_entry")]
    settings.property_unset("starred_only")
    assert starred == ["IMAGE:Repainted", "MATERIAL:Old wall"]


def test_the_panels_are_set_as_they_were(wall):
    scene = bpy.context.scene
    assert (scene.impasto.tool, scene.impasto.image, scene.impasto.seed) == ("quilt", bpy.data.images["photo"], 11)
    assert scene.impasto_parameters.quilt.width_px == 48
    assert (scene.impasto_style.tool, scene.impasto_style.seed) == ("wct", 12)
    wct = scene.impasto_parameters.wct
    assert (wct.input_style, round(wct.strength, 4)) == (bpy.data.images["photo"], 0.625)


def test_a_preset_of_the_users_own_is_applied(scene):
    folder = Path(bpy.utils.user_resource("SCRIPTS", path="presets/impasto/bricks", create=True))
    shutil.copy(EARLIER / "presets" / "Old_wall.py.txt", folder / "Old_wall.py")
    scene.impasto.tool, bricks = "bricks", scene.impasto_parameters.bricks
    try:
        assert "Old wall" in listed()
        choose("Old wall")
        assert (round(bricks.wear, 4), bricks.width_px, bricks.bond) == (0.625, 96, "running")
    finally:
        (folder / "Old_wall.py").unlink()


def test_the_history_of_all_files_is_read(scene, extension):
    stored = extension.history.stored
    found, left_out = stored.read_folder(EARLIER / "history")
    assert [(one.name, one.is_starred) for one in found] == [("Road", False), ("Street", True)]
    assert left_out == 0
    bpy.ops.impasto.edit_layers(recipe=found[1].text)
    (layer,) = bpy.context.object.active_material.impasto_layers.layers
    assert (layer.tool, layer.impasto_parameters.asphalt.width_px) == ("asphalt", 32)


def test_a_recipe_by_itself_is_opened_as_layers(scene):
    bpy.ops.impasto.edit_layers(recipe=(EARLIER / "recipes" / "wall.json").read_text())
    layers = bpy.context.object.active_material.impasto_layers.layers
    assert [(layer.tool, layer.enabled, layer.mask.kind) for layer in layers] == [
        ("bricks", True, "none"),
        ("tint", True, "noise"),
        ("color-transfer", False, "none"),
        ("adjust", True, "image"),
    ]


@pytest.mark.slow
@pytest.mark.skipif(bpy.app.version < (4, 5), reason="as a module, 4.2 crashes when it reads any preferences")
def test_the_preferences_are_there_in_a_blender_that_starts_with_them(extension, tmp_path):
    (tmp_path / "config").mkdir()
    shutil.copy(EARLIER / "preferences" / "userpref.blend", tmp_path / "config")
    shutil.copytree(PROFILE / "extensions", tmp_path / "extensions")
    names = ("device", "models_folder", "history_folder", "keep_training", "keeps_history")
    code = f"""if True:
        import json, bpy, addon_utils
        bpy.ops.wm.read_userpref()
        addon_utils.enable("{MODULE}")
        found = bpy.context.preferences.addons["{MODULE}"].preferences
        print("found", json.dumps([getattr(found, name) for name in {names}]))
        addon_utils.disable("{MODULE}")"""
    started = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path)},
        check=False,
    )
    line = next((line for line in started.stdout.splitlines() if line.startswith("found ")), None)
    assert line, started.stdout + started.stderr
    expected = ["cpu", "/home/artist/models", "/home/artist/history", True, False]
    assert json.loads(line.removeprefix("found ")) == expected
