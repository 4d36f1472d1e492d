# SPDX-License-Identifier: GPL-3.0-or-later
"""Maps of the shape and identity masks where several objects share a set, or show high ones."""

from __future__ import annotations

import json
import math
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import SIZE_PX, bake, material, module, pixels, plane
from mathutils import Euler
from solids import choose
from test_bake_high import SIZE, low_cube, painted_high
from test_bake_tiles import COLORS, strip

pytestmark = pytest.mark.usefixtures("scene")

HALF = SIZE_PX // 2


def side_by_side() -> None:
    """Two planes in space, each of which has half of the square."""
    for index, name in enumerate(("Left", "Right")):
        obj = plane(material(name))
        obj.name = name
        obj.location, obj.rotation_euler = (3.0 * index, 0, index), Euler((0.5 * index, 0, 0))
        for loop in obj.data.uv_layers[0].data:
            loop.uv[0] = (loop.uv[0] + index) / 2


def test_masks_of_several_objects_tell_them_apart_in_one_image() -> None:
    side_by_side()
    bake(maps={"object_id", "material_id", "island_id"}, target="ONE", samples=16)
    identity = module("bake.identity_maps")
    named = list(identity.colors_of(["Left", "Right"]).values())
    numbered = [identity.number_color(number) for number in range(2)]
    for name, wanted in (("object_id", named), ("material_id", named), ("island_id", numbered)):
        colors = pixels(f"Right_{name}")[..., :3]
        halves = [np.unique(part.reshape(-1, 3), axis=0) for part in (colors[:, :HALF], colors[:, HALF:])]
        assert [len(half) for half in halves] == [1, 1], name
        found = np.concatenate(halves)
        assert np.allclose(found, wanted, atol=1e-3) or np.allclose(found[::-1], wanted, atol=1e-3), name


def test_position_and_normals_of_several_objects_are_those_in_the_world() -> None:
    side_by_side()
    bake(maps={"position", "world_normal", "object_normal"}, target="ONE", margin_px=0)
    about = json.loads(bpy.data.images["Right_position"]["impasto_baked"])
    low, high = np.array(about["position_low"]), np.array(about["position_high"])
    assert (low[0], high[0]) == (pytest.approx(0), pytest.approx(4))
    right = pixels("Right_position")[:, HALF:, :3] * (high - low) + low
    assert right[..., 0].min() == pytest.approx(3, abs=0.05)
    normal = pixels("Right_world_normal")[HALF, -4, :3] * 2 - 1
    assert np.allclose(normal, (0, -math.sin(0.5), math.cos(0.5)), atol=1e-3)
    assert np.array_equal(pixels("Right_world_normal"), pixels("Right_object_normal"))


def test_a_set_of_one_high_and_one_low_object_shows_the_high_shape(capsys) -> None:
    choose(low_cube(), painted_high("Box_high"))
    bake(maps={"position", "object_id", "island_id", "curvature"}, surface="SELECTED", **SIZE)
    color = module("bake.identity_maps").colors_of(["Box_high"])["Box_high"]
    assert np.allclose(pixels("Box_low_object_id")[..., :3].reshape(-1, 3).max(axis=0), color, atol=0.002)
    assert "high objects lack the islands of low ones: their mask is black" in capsys.readouterr().out
    about = json.loads(bpy.data.images["Box_low_position"]["impasto_baked"])
    assert about["position_high"] == pytest.approx([1.05] * 3, abs=0.01)
    assert pixels("Box_low_curvature")[..., 0].mean() > 0.5


def test_tiles_are_written_in_the_format_and_by_the_names_that_were_chosen(tmp_path: Path) -> None:
    strip([material("one", roughness=0.2), material("two", roughness=0.7)])
    options = {"use_tiles": True, "out_dir": str(tmp_path), "pattern": "T_{map}", "file_format": "EXR_FLOAT"}
    for _ in range(2):
        bake(maps={"roughness"}, **options)
    names = {f"T_roughness{number}.{tile}.exr" for number in ("", "_2") for tile in COLORS}
    assert {path.name for path in tmp_path.iterdir()} == names
    with pytest.raises(RuntimeError, match="files for an engine have no UDIM tiles; choose one file for each map"):
        bake(maps={"roughness"}, use_tiles=True, out_dir=str(tmp_path), preset="unreal")
