"""`impasto bake` and `impasto contents`: a .blend as sources of the engine, in this Blender."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import material, plane, principled
from conftest import coordinates, png

NOT_OF_A_SHADER = ("confidence", "bent_normal")
"""Maps that no shader reads, so that nothing bakes them."""


@pytest.fixture
def run(extension, scene, monkeypatch):
    """Function that `blender -b --command impasto` calls; it needs no engine."""
    monkeypatch.delenv("IMPASTO_ENGINE")
    return lambda *arguments: extension.command_line.run([str(argument) for argument in arguments])


@pytest.fixture
def saved(tmp_path):
    """Function that saves the open file, and the settings of a small bake in it."""

    def save(name: str = "scene.blend") -> Path:
        settings = bpy.context.scene.impasto_bake
        settings.width_px, settings.height_px, settings.samples = 16, 8, 1
        settings.maps = {"base_color", "roughness"}
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / name))
        return tmp_path / name

    return save


def image_file(path: Path, pixels: np.ndarray, is_data: bool = False) -> bpy.types.Image:
    path.write_bytes(png(pixels))
    made = bpy.data.images.load(str(path))
    if is_data:
        made.colorspace_settings.name = "Non-Color"
    return made


def linked(made: bpy.types.Material, socket: str, image: bpy.types.Image) -> bpy.types.Node:
    """An image node, linked to a socket of the Principled BSDF."""
    made.use_fake_user = True
    node = made.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    made.node_tree.links.new(node.outputs["Color"], principled(made).inputs[socket])
    return node


def contents(run, blend: Path, capsys) -> dict:
    assert run("contents", blend, "--json") == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def values(path: Path) -> np.ndarray:
    """Stored values (H, W, 3) of a PNG, row 0 at the top."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(image.size[1], image.size[0], -1)[::-1, :, :3]


def test_contents_tell_sizes_problems_and_the_files_that_each_uses(run, saved, tmp_path, capsys):
    linked(material("wall"), "Base Color", image_file(tmp_path / "wall.png", coordinates(24, 32)))
    plane(material("plain"))
    plane(bpy.data.materials["wall"]).name = "bare"
    bpy.data.objects["bare"].data.uv_layers.remove(bpy.data.objects["bare"].data.uv_layers[0])
    found = contents(run, saved(), capsys)
    materials = {one["name"]: one for one in found["Material"]}
    objects = {one["name"]: one for one in found["Object"]}
    assert found["blender"] == bpy.app.version_string
    assert (materials["wall"]["size_px"], materials["plain"]["size_px"]) == ([24, 32], [8, 16])
    image = [str((tmp_path / "wall.png").resolve())]
    assert (materials["wall"]["files"], materials["plain"]["files"]) == (image, [])
    assert (objects["bare"]["files"], objects["Strip"]["files"]) == (image, [])
    assert "no UV map" in objects["bare"]["problem"]["message"]
    assert objects["Strip"]["problem"] is None


def test_files_of_groups_and_libraries_count_and_a_local_material_goes_before_a_linked_one(
    run, saved, tmp_path, capsys
):
    made = material("wall")
    made.use_fake_user = True
    node = made.node_tree.nodes.new("ShaderNodeGroup")
    node.node_tree = bpy.data.node_groups.new("Inner", "ShaderNodeTree")
    inner = node.node_tree.nodes.new("ShaderNodeTexImage")
    inner.image = image_file(tmp_path / "inner.png", coordinates(8, 8))
    library = saved("library.blend")
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.materials = ["wall"]
    plane(wanted.materials[0])
    (found,) = contents(run, saved(), capsys)["Material"]
    assert found["files"] == sorted(str((tmp_path / name).resolve()) for name in ("inner.png", "library.blend"))

    plane(material("wall"))
    (found,) = contents(run, saved(), capsys)["Material"]
    assert found["files"] == []


def test_images_are_read_with_their_maps_and_at_the_size_of_the_base_colour(run, saved, tmp_path):
    made = material("wall", metallic=1.0)
    color, rough = coordinates(24, 32), np.repeat(coordinates(12, 16)[..., :1], 3, axis=2)
    alpha = np.full((24, 32, 1), 100, np.uint8)
    linked(made, "Base Color", image_file(tmp_path / "wall.png", np.concatenate([color, alpha], 2)))
    linked(made, "Roughness", image_file(tmp_path / "rough.png", rough, is_data=True))
    assert run("bake", saved() / "Material" / "wall", "--out", tmp_path / "out") == 0
    names = {path.name: path for path in (tmp_path / "out").iterdir()}
    assert set(names) == {f"wall_{name}.png" for name in ("base_color", "metallic", "roughness")}
    assert np.abs(values(names["wall_base_color.png"]) * 255 - color).max() < 0.5
    assert values(names["wall_roughness.png"]).shape == (24, 32, 3)
    assert values(names["wall_metallic.png"]).min() == 1


def test_a_material_that_impasto_made_gives_its_maps_and_their_scale_back(extension, run, saved, tmp_path):
    materials = extension.bridge.materials
    maps = {name: coordinates(12, 16) for name in materials.LABELS if name not in NOT_OF_A_SHADER}
    for name in maps.keys() - {"base_color", "emission", "normal"}:
        maps[name] = np.repeat(maps[name][..., :1], 3, axis=2)
    images = {
        name: image_file(tmp_path / f"{name}.png", pixels, name not in ("base_color", "emission"))
        for name, pixels in maps.items()
    }
    made = material("wall", emission_strength=1.0)
    made.use_fake_user = True
    materials.apply_maps(made, images, materials.Look(width_m=2.0, relief_m=0.25, use_displacement=True))
    assert run("bake", saved() / "Material" / "wall", "--out", tmp_path / "out") == 0
    for name, pixels in maps.items():
        found = tmp_path / "out" / f"wall_{name}.png"
        assert np.abs(values(found) * 255 - pixels).max() < 0.5, name
        assert b'"width_m": 2.0' in found.read_bytes()
    assert b'"height_range_m": 0.25' in (tmp_path / "out" / "wall_height.png").read_bytes()


def test_an_image_that_nodes_change_is_baked_as_it_looks(run, saved, tmp_path):
    made = material("wall")
    node = linked(made, "Base Color", image_file(tmp_path / "wall.png", np.full((4, 4, 3), (255, 0, 0), np.uint8)))
    plane(made, material("blue", base_color=(0, 0, 1, 1)), faces=2)
    invert = made.node_tree.nodes.new("ShaderNodeInvert")
    made.node_tree.links.new(node.outputs["Color"], invert.inputs["Color"])
    made.node_tree.links.new(invert.outputs["Color"], principled(made).inputs["Base Color"])
    assert run("bake", saved() / "Material" / "wall", "--out", tmp_path / "out") == 0
    found = values(tmp_path / "out" / "wall_base_color.png")
    assert found.shape == (8, 16, 3)
    assert np.allclose(found, (0, 1, 1), atol=0.01)
    assert run("bake", tmp_path / "scene.blend" / "Object" / "Strip", "--out", tmp_path / "object") == 0
    found = values(tmp_path / "object" / "Strip_base_color.png")
    assert np.allclose(found[4, [2, 13]], [(0, 1, 1), (0, 0, 1)], atol=0.01)
    assert len(list((tmp_path / "object").iterdir())) == 2, "with the settings of the file"


@pytest.mark.skipif(bpy.app.version >= (5, 0), reason="all materials have nodes")
def test_a_material_without_nodes_has_its_viewport_colour(run, saved, tmp_path):
    made = bpy.data.materials.new("flat")
    made.diffuse_color, made.use_fake_user = (1, 0, 0, 1), True
    assert run("bake", saved() / "Material" / "flat", "--out", tmp_path / "out") == 0
    assert np.allclose(values(tmp_path / "out" / "flat_base_color.png"), (1, 0, 0), atol=0.01)


def test_errors_say_the_remedy_and_have_exit_codes(run, saved, tmp_path, capsys):
    linked(material("wall"), "Base Color", image_file(tmp_path / "wall.png", coordinates(8, 8)))
    blend = saved()
    source, out = blend / "Material" / "wall", tmp_path / "out"
    assert run("bake", source, "--out", out) == run("bake", source, "--out", out, "--force") == 0
    assert run("bake", source, "--out", out) == 3
    assert "there already" in capsys.readouterr().err
    (tmp_path / "wall.png").unlink()
    assert run("bake", source, "--out", out, "--force", "--json") == 3
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["error"] == "FileError"
    assert "pack the resources" in said["remedy"]
    (tmp_path / "broken.blend").write_bytes(b"nothing")
    assert run("contents", tmp_path / "broken.blend") == run("contents", tmp_path / "nowhere.blend") == 3
    assert run("bake", blend / "Material" / "wal", "--out", out) == 3
    assert "did you mean 'wall'" in capsys.readouterr().err
    assert run("bake", tmp_path / "wall.png", "--out", out) == 3
    assert run("bake", source) == 2
    assert run("contents", "--help") == 0


@pytest.mark.parametrize("is_trusted", [False, True])
def test_scripts_in_the_file_run_only_where_the_preferences_allow_it(run, saved, tmp_path, monkeypatch, is_trusted):
    material("wall").use_fake_user = True
    script = bpy.data.texts.new("script.py")
    script.write(f"import pathlib; pathlib.Path({str(tmp_path / 'ran')!r}).touch()")
    script.use_module = True
    blend = saved()
    paths = bpy.context.preferences.filepaths
    before, paths.use_scripts_auto_execute = paths.use_scripts_auto_execute, is_trusted
    try:
        assert run("contents", blend) == 0
    finally:
        paths.use_scripts_auto_execute = before
    assert (tmp_path / "ran").exists() == is_trusted
