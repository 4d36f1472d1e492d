"""Names of an operator's results for scripts, since all that it returns is that it finished."""

from __future__ import annotations

import json

import bpy
import pytest


def made() -> dict:
    return json.loads(bpy.context.window_manager.impasto_made)


def test_scripts_get_the_names_of_what_was_made(plane, tmp_path):
    bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, estimator="none", name="squares")
    assert made()["materials"] == [plane.active_material.name]
    assert {bpy.data.images[name]["impasto_map"] for name in made()["images"]} >= {"base_color", "height"}
    assert made()["report"].startswith("Made the material")
    assert made()["files"] == made()["models"] == []
    first = made()
    bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, out_dir=str(tmp_path), name="squares")
    assert made()["materials"] != first["materials"], "the new ones, where the same is made twice"
    assert bpy.data.materials[made()["materials"][0]] == plane.active_material
    assert sorted(made()["files"]) == sorted(map(str, tmp_path.glob("*.png")))
    with pytest.raises(AttributeError):
        bpy.context.window_manager.impasto_made = "{}"


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
