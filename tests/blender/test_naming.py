"""Results are called after what made them, and nothing of one name takes the place of another in silence."""

from __future__ import annotations

import json

import bpy
import numpy as np
import pytest
from conftest import coordinates, packed_image, png
from styling import made

CHECKER = {"tool": "checker", "width_px": 16, "height_px": 16, "estimator": "none"}


@pytest.fixture
def naming(extension):
    return extension.bridge.naming


@pytest.mark.slow
def test_a_photograph_gives_its_name_and_a_model_its_label(plane, tmp_path):
    (tmp_path / "Old wall v1.5.png").write_bytes(png(coordinates(16, 16)))
    bpy.ops.impasto.run(**CHECKER, source=str(tmp_path / "Old wall v1.5.png"))
    assert plane.active_material.name == "Old wall v1.5"
    assert "Old wall v1.5_base_color" in bpy.data.images
    small = {"width_px": 32, "height_px": 32, "estimator": "none", "image": "Old wall v1.5_base_color"}
    bpy.ops.impasto.run(tool="torus", parameters='{"model": "bricks"}', **small)
    assert plane.active_material.name == "Red bricks", "a model gives its label"
    assert json.loads(plane.active_material["impasto_recipe"])["inputs"] == {}, "it did not use the source"


def test_what_is_repainted_again_has_the_name_of_the_last_style_only(image):
    for name in ("red.png", "blue.jpg"):
        packed_image(name, coordinates(8, 8))
    bpy.ops.impasto.stylize(tool="flat", image=image.name, style="red.png")
    bpy.ops.impasto.stylize(tool="flat", image="bricks – red", style="blue.jpg")
    inputs = '{"style": ["blue.jpg", "red.png"]}'
    bpy.ops.impasto.stylize(tool="flat", image=image.name, inputs=inputs)
    assert {"bricks – red", "bricks – blue", "bricks – blue + red"} <= set(bpy.data.images.keys())


@pytest.mark.slow
def test_repainting_says_whether_it_tiles(scene):
    turn = np.arange(32) / 16 * np.pi
    tile = 128 + 60 * (np.sin(turn)[:, None, None] + np.cos(2 * turn)[None, :, None]) * np.ones(3)
    packed_image("tile.png", tile.astype(np.uint8))
    packed_image("style.png", np.random.default_rng(0).integers(0, 255, (24, 24, 3)).astype(np.uint8))
    bpy.ops.impasto.stylize(tool="patches-style", image="tile.png", style="style.png")
    said = "; its opposite borders fit together, so it was repainted as a texture without seams"
    assert f"Made the image tile – style{said}" in made()["report"]


def test_long_names_leave_room_for_the_map_and_blenders_number(naming, plane, tmp_path):
    name = naming.of_parts("Ein sehr langer Name für eine Fotografie von Ziegeln", "Die Sternennacht von Arles")
    assert len(name.encode()) <= naming.LONGEST_BYTES
    assert name == "Ein sehr langer… – Die Sternennach…"
    for given in ({}, {}, {"replace": True}):
        long = "Ein sehr langer Name für eine Fotografie von Ziegeln an einer Mauer"
        bpy.ops.impasto.run(**CHECKER, name=long, out_dir=str(tmp_path), **given)
    names = sorted(path.name.rpartition("_base")[0][-2:] for path in tmp_path.glob("*base_color*"))
    assert (len(names), names[0]) == (2, "_2"), "files of one name get a number, unless they are to be replaced"
    maps = {
        item["impasto_map"] for item in bpy.data.images if item.name.removesuffix(".001").endswith(item["impasto_map"])
    }
    assert {"base_color", "ambient_occlusion"} <= maps


def test_the_name_that_blender_gave_is_the_one_that_is_reported(plane, extension, capsys):
    for expected in ("the material Texture", "the material Texture.001"):
        bpy.ops.impasto.run(**CHECKER)
        assert f"Made {expected}\n" in capsys.readouterr().out
    assert [one.name for one in extension.bridge.recent.latest()] == ["Texture.001", "Texture"]
    bpy.ops.impasto.run(**CHECKER, material="NONE")
    assert "the images Texture_base_color.002, " in capsys.readouterr().out


def test_any_name_becomes_one_that_files_can_have(naming, extension):
    assert naming.of_source(packed_image("Rome – Forum.jpg", coordinates(8, 8))) == "Rome – Forum"
    names = {
        "a/b:c?": "a_b_c_",
        " .hidden. ": "hidden",
        "aux": "aux_",
        "...": "Texture",
        "Über – Nacht": "Über – Nacht",
    }
    for name, file in names.items():
        assert naming.of_files(name) == file
        extension.core.system.names.check_name(file, "the name")


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
