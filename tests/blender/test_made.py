"""Names of an operator's results for scripts, since all that it returns is that it finished."""

from __future__ import annotations

import json

import bpy
import pytest
from conftest import MODULE, half_plain, png


def made() -> dict:
    return json.loads(bpy.context.window_manager.impasto_made)


def test_scripts_get_the_names_of_what_was_made(plane):
    bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, estimator="none", name="squares")
    assert made()["materials"] == [plane.active_material.name]
    assert {bpy.data.images[name]["impasto_map"] for name in made()["images"]} >= {"base_color", "height"}
    assert made()["report"].startswith("Made the material")
    assert made()["files"] == made()["models"] == []


def test_the_names_are_the_new_ones_where_the_same_is_made_twice(plane):
    names = []
    for _ in range(2):
        bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, estimator="none", name="squares")
        names.append((made()["materials"], made()["images"]))
    assert names[0] != names[1]
    assert bpy.data.materials[names[1][0][0]] == plane.active_material


def test_files_are_named_where_they_were_asked_for(plane, tmp_path):
    bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, out_dir=str(tmp_path), name="squares")
    assert sorted(made()["files"]) == sorted(map(str, tmp_path.glob("*.png")))


def test_nothing_is_named_after_an_error(plane):
    bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, estimator="none")
    with pytest.raises(RuntimeError):
        bpy.ops.impasto.run(tool="raises")
    assert made()["materials"] == made()["images"] == []
    assert "the bug in this tool" in made()["report"]


@pytest.mark.slow
def test_images_and_baked_maps_are_named(image, plane):
    bpy.ops.impasto.make_seamless(image=image.name, width_px=32, height_px=32)
    (name,) = made()["images"]
    assert "seamless" in name
    assert made()["materials"] == []
    plane.active_material = bpy.data.materials.new("plain")
    bpy.ops.impasto.bake(maps={"base_color"}, width_px=16, height_px=16, samples=1, material="NEW")
    assert [bpy.data.images[name]["impasto_map"] for name in made()["images"]] == ["base_color"]
    assert made()["materials"][0] in bpy.data.materials


@pytest.mark.slow
@pytest.mark.any_blender
def test_models_are_named(extension, scene, tmp_path):
    (tmp_path / "wall.png").write_bytes(png(half_plain()))
    preferences = bpy.context.preferences.addons[MODULE].preferences
    preferences.models_folder = str(tmp_path)
    try:
        bpy.ops.impasto.train(tool="learn", data=str(tmp_path / "wall.png"), name="told", parameters='{"steps": 1}')
    finally:
        preferences.models_folder = ""
    assert made()["models"] == ["told"]
    assert made()["files"] == [str(tmp_path / "told.safetensors")]


def test_it_can_only_be_read(scene):
    with pytest.raises(AttributeError):
        bpy.context.window_manager.impasto_made = "{}"
