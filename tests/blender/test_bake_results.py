# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of a bake: images, files, a material, one step of undo; and the same from a background Blender."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import (
    ALL_MAPS,
    BYTE,
    COLOR,
    SIZE_PX,
    bake,
    material,
    module,
    out_of_square,
    pixels,
    plane,
    principled,
    procedural,
    srgb,
    state,
)
from conftest import coordinates, packed_image

pytestmark = pytest.mark.usefixtures("scene")


def test_results_survive_saving_and_know_where_they_come_from(tmp_path: Path) -> None:
    plane(material(base_color=(*COLOR, 1)))
    bake(maps={"base_color", "normal"}, margin_px=7)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "baked.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "baked.blend"))
    color, normal = bpy.data.images["Strip_base_color"], bpy.data.images["Strip_normal"]
    assert color.packed_file
    assert normal.packed_file
    assert [color.colorspace_settings.name, normal.colorspace_settings.name] == ["sRGB", "Non-Color"]
    assert np.allclose(pixels("Strip_base_color")[..., :3], srgb(COLOR), atol=BYTE)
    about = json.loads(normal["impasto_baked"])
    assert about["object"] == "Strip"
    assert about["uv_map"] == "UVMap"
    assert about["materials"] == ["material"]
    assert (about["width_px"], about["height_px"], about["margin_px"]) == (SIZE_PX, SIZE_PX, 7)
    assert about["blender"] == bpy.app.version_string


def test_sizes_need_not_be_square() -> None:
    plane(material())
    bake(maps={"roughness"}, width_px=96, height_px=32)
    assert tuple(bpy.data.images["Strip_roughness"].size) == (96, 32)


def test_earlier_results_are_kept() -> None:
    plane(material(roughness=0.1))
    bake(maps={"roughness"})
    principled(bpy.data.materials["material"]).inputs["Roughness"].default_value = 0.9
    bake(maps={"roughness"})
    assert np.allclose(pixels("Strip_roughness")[..., 0], 0.1, atol=BYTE)
    assert np.allclose(pixels("Strip_roughness.001")[..., 0], 0.9, atol=BYTE)


def test_the_scene_settings_are_used_unless_the_call_says_otherwise() -> None:
    plane(material())
    settings = bpy.context.scene.impasto_bake
    settings.maps, settings.width_px, settings.height_px = {"metallic"}, 16, 48
    assert bpy.ops.impasto.bake(height_px=24) == {"FINISHED"}
    assert tuple(bpy.data.images["Strip_metallic"].size) == (16, 24)
    assert "Strip_roughness" not in bpy.data.images


def test_files_are_written_and_not_overwritten_unless_they_are_to_be_replaced(tmp_path: Path) -> None:
    made = material(roughness=0.1)
    plane(made)
    for value in (0.1, 0.5):
        principled(made).inputs["Roughness"].default_value = value
        bake(maps={"roughness", "metallic"}, out_dir=str(tmp_path / "new"))
    names = [f"Strip{number}_{name}.png" for number in ("_2", "") for name in ("metallic", "roughness")]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == names
    principled(made).inputs["Roughness"].default_value = 0.9
    bake(maps={"roughness"}, out_dir=str(tmp_path / "new"), replace=True)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == names
    baked = bpy.data.images["Strip_roughness.002"].packed_file.data
    assert (tmp_path / "new" / "Strip_roughness.png").read_bytes() == baked


def test_baked_files_carry_their_recipe_and_source_type(tmp_path: Path, extension) -> None:
    made = material()
    texture = made.node_tree.nodes.new("ShaderNodeTexImage")
    texture.image = packed_image("bricks.png", coordinates(8, 8))
    made.node_tree.nodes.new("ShaderNodeTexImage").image = packed_image("not joined.png", coordinates(8, 8))
    made.node_tree.links.new(texture.outputs["Color"], principled(made).inputs["Base Color"])
    plane(made)
    bake(maps={"base_color"}, out_dir=str(tmp_path))
    recipe = extension.bridge.images.recipe_of(bpy.data.images["Strip_base_color"])
    assert list(recipe.inputs) == ["bricks.png"]
    assert recipe.inputs["bricks.png"]["sha256"] == hashlib.sha256(texture.image.packed_file.data).hexdigest()
    assert recipe.steps[0].parameters["object"] == "Strip"
    data = (tmp_path / "Strip_base_color.png").read_bytes()
    assert b"digitalsourcetype/algorithmicallyEnhanced" in data
    loaded = bpy.data.images.load(str(tmp_path / "Strip_base_color.png"))
    assert extension.bridge.images.recipe_of(loaded).to_json() == recipe.to_json()
    with pytest.raises(RuntimeError, match=r"Strip_base_color was baked of Strip; select that and press Bake Maps"):
        bpy.ops.impasto.rerun(image="Strip_base_color")


@pytest.mark.slow
@pytest.mark.any_blender
def test_a_bake_of_what_a_model_made_says_so(tmp_path: Path, extension) -> None:
    obj = plane(material())
    bpy.ops.impasto.run(tool="torus", parameters='{"model": "bricks"}', width_px=32, height_px=32, estimator="none")
    assert obj.active_material.name == "Red bricks"
    bake(maps={"roughness"}, out_dir=str(tmp_path))
    assert b"compositeWithTrainedAlgorithmicMedia" in (tmp_path / "Strip_roughness.png").read_bytes()
    assert list(extension.bridge.images.recipe_of(bpy.data.images["Strip_roughness"]).made_with["models"]) == ["bricks"]


def test_every_selected_object_is_baked_and_who_cannot_be_is_named(capsys) -> None:
    first, second = plane(material("one", roughness=0.2)), plane(material("two", roughness=0.8))
    first.name, second.name = "First", "Second"
    bake(maps={"roughness"}, material="ASSIGN")
    assert np.allclose(pixels("First_roughness")[..., 0], 0.2, atol=BYTE)
    assert np.allclose(pixels("Second_roughness")[..., 0], 0.8, atol=BYTE)
    assert (first.active_material.name, second.active_material.name) == ("First Baked", "Second Baked")
    said = capsys.readouterr().out
    assert "Baked roughness of Second and made the material Second Baked; Baked roughness of First" in said
    assert "left out: Plane has no material" in said


def test_the_report_of_a_bake_is_short_however_many_maps_it_has(extension) -> None:
    plane(material())
    bake(maps=ALL_MAPS, material="NEW")
    made = extension.jobs.session.jobs.made
    assert made.text.partition("; ")[0] == "Baked 6 maps of Strip and made the material Strip Baked"
    assert len(made.images) == 6


def test_images_are_kept_by_the_material_or_else_by_themselves() -> None:
    plane(material())
    bake(maps={"roughness"})
    bake(maps={"metallic", "ambient_occlusion"}, material="NEW")
    kept = {image.name: image.use_fake_user for image in bpy.data.images}
    assert kept == {"Strip_roughness": True, "Strip_metallic": False, "Strip_ambient_occlusion": False}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    plane(material())
    with pytest.raises(RuntimeError, match=r"cannot write .*file: .*; choose another folder: a file is in the way"):
        bake(maps={"roughness"}, out_dir=str(tmp_path / "file"))


def test_the_material_is_made_only_where_it_is_wanted() -> None:
    obj = plane(material(emission_strength=3.0))
    bake(maps={"roughness"})
    assert len(bpy.data.materials) == 1
    bake(maps={"roughness"}, material="NEW")
    assert obj.active_material.name == "material"
    bake(material="ASSIGN", maps=ALL_MAPS)
    assert obj.active_material.name == "Strip Baked.001"
    shader = principled(obj.active_material)
    assert shader.inputs["Emission Strength"].default_value == pytest.approx(3)
    assert all(shader.inputs[name].is_linked for name in ("Base Color", "Roughness", "Metallic", "Normal", "Alpha"))


def test_baking_what_was_baked_gives_the_same() -> None:
    made, _ = procedural("ShaderNodeTexNoise", "Color")
    plane(made)
    bake(maps={"base_color", "roughness", "normal"}, material="ASSIGN")
    bake(maps={"base_color", "roughness", "normal"})
    for name in ("base_color", "roughness", "normal"):
        assert np.abs(pixels(f"Strip_{name}") - pixels(f"Strip_{name}.001")).max() <= 2 * BYTE, name


def test_a_bake_is_one_step_of_undo() -> None:
    plane(material())
    bpy.ops.ed.undo_push(message="Before")
    bake(material="ASSIGN", maps={"base_color", "normal"})
    assert len(bpy.data.images) == 2
    bpy.ops.ed.undo()
    assert len(bpy.data.images) == 0
    assert bpy.context.object.active_material.name == "material"
    bpy.ops.ed.redo()
    assert bpy.context.object.active_material.name == "Strip Baked"
    assert np.allclose(pixels("Strip_normal")[..., :3], (0.5, 0.5, 1), atol=2e-5)


# In a Blender of its own


@pytest.mark.slow
def test_beside_a_worker_a_script_bakes_in_a_blender_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cycles is called within `temp_override`, and Blender crashes there beside a thread of Python."""
    bpy.ops.impasto.run(tool="checker", width_px=16, height_px=16, estimator="none", material="NONE")
    assert module("jobs.session").jobs.clients
    monkeypatch.setattr(module("bake.request"), "bake_set", None)
    plane(material(base_color=(1, 0, 0, 1)))
    assert bpy.ops.impasto.bake(maps={"base_color"}, width_px=16, height_px=16, samples=1) == {"FINISHED"}
    assert np.allclose(pixels("Strip_base_color")[..., :3], (1, 0, 0), atol=BYTE)


def in_background(obj: bpy.types.Object, *, cancel_after_s: float | None = None) -> object:
    """Run what a click in a window starts, without the window's timer; return the maps, or the report of an error."""
    process = module("bake.process.background")
    options = module("bake.settings").BakeOptions(width_px=SIZE_PX, height_px=SIZE_PX)
    given = process.prepare([module("bake.objects.sets").BakeSet.of(obj)], options)
    task = module("jobs.task").Task("Bake", lambda task: process.bake_all(task, given)[0], lambda maps: maps)
    task.start()
    if cancel_after_s is not None:
        time.sleep(cancel_after_s)
        task.cancel()
        assert task.wait(2)
    assert task.wait(60)
    assert not given.folder.exists()
    return task.conclude()


def painted(name: str) -> bpy.types.Material:
    """A material with pixels that were never saved."""
    made = material(name)
    image = bpy.data.images.new("painted", 16, 16)
    values = np.random.default_rng(0).random((16, 16, 4), dtype=np.float32)
    image.pixels.foreach_set(values.ravel())
    node = made.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    made.node_tree.links.new(node.outputs[0], principled(made).inputs["Base Color"])
    return made


@pytest.mark.essential
def test_the_background_bakes_the_same_and_touches_nothing() -> None:
    obj = plane(painted("unsaved"))
    options = module("bake.settings").BakeOptions(width_px=SIZE_PX, height_px=SIZE_PX)
    here = list(module("bake.render.baked_maps").bake_maps(obj, options))
    before = state()
    there = in_background(obj)
    assert state() == before
    assert [item.png for item in there] == [item.png for item in here]
    assert [item.provenance for item in there] == [item.provenance for item in here]


def test_the_background_can_be_cancelled() -> None:
    report = in_background(plane(material()), cancel_after_s=0.3)
    assert (report.level, report.text) == ("CANCELLED", "Bake: cancelled")


@pytest.mark.slow
def test_errors_in_the_background_come_back_with_their_remedy() -> None:
    obj = plane(material())
    out_of_square(obj)
    report = in_background(obj)
    assert report.level == "ERROR"
    assert "No face lies in the 0–1 square of the UV map; unwrap" in report.text
