# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of baked maps: formats, bits, and names by a pattern."""

from __future__ import annotations

import re
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import BYTE, SIZE_PX, bake, material, module, pixels, plane, principled, procedural, srgb

pytestmark = pytest.mark.usefixtures("scene")

HALF = 2.0**-11
"""Rounding to half floats up to 1."""


def read(path: Path) -> tuple[bpy.types.Image, np.ndarray]:
    """An image of a file, and its values (H, W, C) as they are stored."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    return image, values.reshape(image.size[1], image.size[0], -1)


@pytest.mark.parametrize(
    ("name", "suffix", "depth", "tolerance"),
    [
        ("PNG_8", ".png", 24, BYTE),
        ("PNG_16", ".png", 96, 2e-5),
        ("TIFF_8", ".tif", 24, BYTE),
        ("TIFF_16", ".tif", 96, 2e-5),
        ("EXR_HALF", ".exr", 96, HALF),
        ("EXR_FLOAT", ".exr", 96, 1e-6),
        ("TARGA", ".tga", 24, BYTE),
    ],
)
def test_files_have_the_format_and_the_bits_that_were_chosen(
    tmp_path: Path, name: str, suffix: str, depth: int, tolerance: float
) -> None:
    made, expected = procedural("ShaderNodeTexNoise", "Color")
    plane(made)
    maps = {"base_color", "position"}
    bake(maps=maps, out_dir=str(tmp_path), file_format=name, margin_px=0)
    assert {path.name for path in tmp_path.iterdir()} == {f"Strip_{one}{suffix}" for one in maps}
    image, values = read(tmp_path / f"Strip_base_color{suffix}")
    assert image.depth == depth  # Blender reads 16 bits and halves as floats
    if suffix == ".exr":
        head = (tmp_path / "Strip_position.exr").read_bytes()[:2000]
        assert (b"R\0\1\0\0\0" in head, b"R\0\2\0\0\0" in head) == (name == "EXR_HALF", name == "EXR_FLOAT")
    wanted = np.clip(expected, 0, 1) if suffix == ".exr" else srgb(np.clip(expected, 0, 1))
    assert np.abs(values[..., :3] - wanted).max() < tolerance + 2e-3  # the sample lies anywhere in its pixel
    _, position = read(tmp_path / f"Strip_position{suffix}")
    assert np.abs(position[..., :3] - pixels("Strip_position")[..., :3]).max() <= tolerance + 1e-5
    assert bpy.data.images["Strip_base_color"].packed_file.data.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["EXR_HALF", "EXR_FLOAT"])
@pytest.mark.parametrize("working_space", ["Linear Rec.709", "ACEScg"])
def test_colours_in_exr_are_linear_and_blender_reads_them_so(tmp_path: Path, name: str, working_space: str) -> None:
    if working_space != "Linear Rec.709":
        if bpy.app.version < (5, 0):
            pytest.skip("files have a working space since Blender 5.0")
        bpy.ops.wm.set_working_color_space(working_space=working_space, convert_colors=False)
    color = (0.5, 0.3, 0.2)  # within Rec.709 in either space
    plane(material(base_color=(*color, 1)))
    bake(maps={"base_color"}, out_dir=str(tmp_path), file_format=name)
    image = bpy.data.images.load(str(tmp_path / "Strip_base_color.exr"))
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    assert image.colorspace_settings.name == working_space
    assert np.allclose(values.reshape(-1, 4)[:, :3], color, atol=1e-3)


def test_names_follow_a_pattern_and_never_replace_others(tmp_path: Path) -> None:
    plane(material()).name = 'wall: "old"/north'
    for pattern in ("T_{map}_{object}", "T_{map}_{object}", "{map}", "{map}"):
        bake(maps={"roughness", "metallic"}, out_dir=str(tmp_path), pattern=pattern, file_format="TARGA")
    owner = "wall_ _old__north"
    expected = {f"T_{name}_{owner}{number}.tga" for name in ("roughness", "metallic") for number in ("", "_2")}
    expected |= {f"{name}{number}.tga" for name in ("roughness", "metallic") for number in ("", "_2")}
    assert {path.name for path in tmp_path.iterdir()} == expected
    (tmp_path / "maps").mkdir()
    bake(maps={"roughness"}, out_dir=str(tmp_path / "maps"), pattern="../{map}")
    assert len(list((tmp_path / "maps").iterdir())) == 1, "no pattern leaves the folder"


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("{object}", "does not tell maps apart; write {map} in it"),
        ("{object}_{map", "is not valid"),
        ("{seed}_{map}", "has the unknown field 'seed'"),
    ],
)
def test_a_pattern_or_a_format_that_cannot_be_is_refused_before_the_bake(
    tmp_path: Path, pattern: str, said: str
) -> None:
    plane(material())
    with pytest.raises(RuntimeError, match=re.escape(said)):
        bake(maps={"roughness"}, out_dir=str(tmp_path), pattern=pattern)
    assert not list(tmp_path.iterdir())
    assert not bpy.data.images

    said = "files for an engine cannot be written as Targa; choose PNG or OpenEXR"
    with pytest.raises(RuntimeError, match=said):
        bake(maps={"roughness"}, out_dir=str(tmp_path), preset="godot", file_format="TARGA")
    assert not bpy.data.images


@pytest.mark.slow
def test_the_background_writes_other_formats_too(tmp_path: Path) -> None:
    process, settings = module("bake.process.background"), module("bake.settings")
    obj = plane(material(roughness=0.25))
    options = settings.BakeOptions(
        maps=("roughness",), width_px=SIZE_PX, height_px=SIZE_PX, samples=1, file_format="EXR_FLOAT"
    )
    task = module("jobs.task").Task("Bake", lambda task: process.bake_all(task, given)[0], lambda maps: maps)
    given = process.prepare([module("bake.objects.sets").BakeSet.of(obj)], options)
    task.start()
    assert task.wait(60)
    (path,) = module("bake.results").save(task.conclude(), tmp_path)
    assert path.name == "Strip_roughness.exr"
    assert np.allclose(read(path)[1][..., 0], 0.25, atol=1e-5)


@pytest.mark.slow
def test_files_for_an_engine_are_those_of_an_export(tmp_path: Path) -> None:
    made = material(base_color=(0.5, 0.3, 0.2, 1), metallic=1.0)
    plane(made)
    maps = {"base_color", "roughness", "metallic", "curvature"}
    bpy.ops.impasto.bake(maps=maps, out_dir=str(tmp_path), preset="unreal", width_px=16, height_px=16, samples=1)
    assert {path.name for path in tmp_path.iterdir()} == {"T_Strip_BC.png", "T_Strip_ORM.png"}
    _, packed = read(tmp_path / "T_Strip_ORM.png")
    assert np.allclose(packed[..., :3], (1, 0.5, 1), atol=BYTE)
    assert np.allclose(read(tmp_path / "T_Strip_BC.png")[1][..., :3], srgb((0.5, 0.3, 0.2)), atol=BYTE)
    assert "Strip_curvature" in bpy.data.images
    bpy.ops.impasto.bake(maps=maps, out_dir=str(tmp_path), preset="unreal", width_px=16, height_px=16, samples=1)
    assert "T_Strip_2_ORM.png" in {path.name for path in tmp_path.iterdir()}


def test_heights_and_normals_for_an_engine_have_16_bits(tmp_path: Path) -> None:
    made, _ = procedural("ShaderNodeTexNoise", "Color")
    links, nodes = made.node_tree.links, made.node_tree.nodes
    bump = nodes.new("ShaderNodeBump")
    links.new(nodes["Noise Texture"].outputs[0], bump.inputs["Height"])
    links.new(bump.outputs[0], principled(made).inputs["Normal"])
    plane(made)
    bake(maps={"base_color", "normal", "height"}, out_dir=str(tmp_path), preset="unreal")
    levels = {path.stem: len(np.unique(read(path)[1][..., 0])) for path in tmp_path.iterdir()}
    assert levels["T_Strip_H"] > 1000
    assert levels["T_Strip_N"] > 256
    assert levels["T_Strip_BC"] <= 256
