# SPDX-License-Identifier: GPL-3.0-or-later
"""UDIM tiles: one tiled image of all tiles that the UVs use, each as a bake of its own would be."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import BYTE, SIZE_PX, bake, material, pixels, plane, principled, srgb, state
from test_bake_sets import noisy

pytestmark = pytest.mark.usefixtures("scene")
COLORS = {1001: (1, 0, 0), 1002: (0, 1, 0), 1012: (0, 0, 1)}


def strip(materials: list[bpy.types.Material]) -> bpy.types.Object:
    """Three faces, each in the middle of a tile of its own."""
    obj = plane(*materials, faces=3)
    for face, number in enumerate(COLORS):
        column, row = (number - 1001) % 10, (number - 1001) // 10
        for index in obj.data.polygons[face].loop_indices:
            loop = obj.data.uv_layers[0].data[index]
            loop.uv = (0.1 + 0.8 * (loop.uv[0] * 3 - face) + column, 0.1 + 0.8 * loop.uv[1] + row)
    return obj


def colored() -> bpy.types.Object:
    return strip([material(str(number), base_color=(*color, 1)) for number, color in COLORS.items()])


def file_pixels(path: Path) -> np.ndarray:
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    found = pixels(image.name)
    bpy.data.images.remove(image)
    return found


def test_all_tiles_that_are_used_are_baked_into_one_image(tmp_path: Path) -> None:
    colored()
    bake(maps={"base_color", "normal"}, use_tiles=True, out_dir=str(tmp_path))
    image = bpy.data.images["Strip_base_color"]
    assert image.source == "TILED"
    assert [tile.number for tile in image.tiles] == list(COLORS)
    assert {tuple(tile.size) for tile in image.tiles} == {(SIZE_PX, SIZE_PX)}
    assert [bpy.data.images[f"Strip_{name}"].colorspace_settings.name for name in ("base_color", "normal")] == [
        "sRGB",
        "Non-Color",
    ]
    assert json.loads(image["impasto_baked"])["object"] == "Strip"
    names = {f"Strip_{name}.{number}.png" for name in ("base_color", "normal") for number in COLORS}
    assert {path.name for path in tmp_path.iterdir()} == names
    for number, color in COLORS.items():
        found = file_pixels(tmp_path / f"Strip_base_color.{number}.png")[8:-8, 8:-8, :3]
        assert np.allclose(found, srgb(color), atol=BYTE), number


def test_a_tile_is_as_a_bake_of_its_own(tmp_path: Path) -> None:
    obj = strip([noisy("noise")])
    bake(maps={"base_color", "normal"}, use_tiles=True, margin_px=0, out_dir=str(tmp_path))
    for loop in obj.data.uv_layers[0].data:
        loop.uv[0] -= 1
    bake(maps={"base_color", "normal"}, margin_px=0)
    for name in ("base_color", "normal"):
        tile = file_pixels(tmp_path / f"Strip_{name}.1002.png")[8:-8, 8:-8]
        assert tile[..., 0].std() > 0.01
        assert np.abs(tile - pixels(f"Strip_{name}.001")[8:-8, 8:-8]).max() <= BYTE


def test_the_material_shows_the_tiles_after_saving_too(tmp_path: Path) -> None:
    """Baked anew from the tiled image, each tile is what it was."""
    obj = colored()
    bake(maps={"base_color"}, use_tiles=True, material="ASSIGN")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "tiles.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "tiles.blend"))
    obj = bpy.data.objects["Strip"]
    assert obj.active_material.name == "Strip Baked"
    bake(maps={"base_color"}, use_tiles=True, out_dir=str(tmp_path))
    for number, color in COLORS.items():
        found = file_pixels(tmp_path / f"Strip_base_color.{number}.png")[10:-10, 10:-10, :3]
        assert np.allclose(found, srgb(color), atol=2 * BYTE), number


def test_all_tiles_have_one_scale_and_without_tiles_the_others_are_told(capsys: pytest.CaptureFixture) -> None:
    """The strongest emission of all tiles is 1."""
    obj = colored()
    for index, strength in enumerate((1.0, 2.0, 4.0)):
        shader = principled(obj.material_slots[index].material)
        shader.inputs["Emission Color"].default_value, shader.inputs["Emission Strength"].default_value = (
            [1] * 4,
            strength,
        )
    bake(maps={"emission"}, use_tiles=True)
    assert json.loads(bpy.data.images["Strip_emission"]["impasto_baked"])["emission_strength"] == pytest.approx(4)

    bake(maps={"base_color"})
    assert "2 of 3 faces reach out of the 0–1 square" in capsys.readouterr().out
    bake(maps={"base_color"}, use_tiles=True)
    said = capsys.readouterr().out
    assert "reach out" not in said
    assert "overlap" not in said


def test_modifiers_that_move_uvs_are_refused() -> None:
    warp = colored().modifiers.new("Warp", "UV_WARP")
    warp.uv_layer, warp.offset = "UVMap", (0.5, 0.0)
    before = state()
    with pytest.raises(RuntimeError, match="modifiers of Strip change its UVs, which tiles must not; apply them"):
        bake(use_tiles=True)
    assert state() == before
