"""Tools of relief on a material: what they make is joined to it, and its other maps stay."""

from __future__ import annotations

import json

import bpy
import numpy as np
import pytest
from conftest import pixels_of

COBBLES = {"tool": "cobbles", "width_px": 64, "height_px": 48, "estimator": "none"}


@pytest.fixture
def tiles(plane):
    """The plane's material, with all maps of cobbles."""
    bpy.ops.impasto.run(**COBBLES, name="tiles")
    return plane.active_material


def images_of(material):
    """Images of a material by map."""
    nodes = material.node_tree.nodes
    return {node.image["impasto_map"]: node.image for node in nodes if node.type == "TEX_IMAGE"}


@pytest.mark.slow
def test_a_height_made_of_a_materials_normals_is_joined_to_it(plane, tiles):
    before = images_of(tiles)
    bpy.ops.impasto.run(tool="normal-to-height", image="tiles_normal", material="NEW", bits="16")
    made = plane.active_material
    after = images_of(made)
    assert after["height"] != before["height"]
    assert np.ptp(pixels_of(after["height"])[..., 0]) > 0.9
    assert {name: after[name] for name in after if name not in ("height", "normal")} == {
        name: before[name] for name in before if name not in ("height", "normal")
    }
    assert made != tiles


def test_normals_and_occlusion_made_of_a_height_image_are_joined(plane, tiles):
    bpy.ops.impasto.run(
        tool="height-to-occlusion",
        image="tiles_height",
        material="ACTIVE",
        parameters=json.dumps({"bent_normals": True, "height_range_m": 0.2}),
    )
    after = images_of(plane.active_material)
    assert pixels_of(after["ambient_occlusion"])[..., 0].min() < 0.95
    links = {(link.from_node, link.to_node) for link in tiles.node_tree.links}
    bent = next(node for node in tiles.node_tree.nodes if node.type == "TEX_IMAGE" and "bent" in node.image.name)
    assert not [link for link in links if link[0] == bent], "no shader of Blender uses bent normals"
    bpy.ops.impasto.run(tool="height-to-normal", image="tiles_height", material="ACTIVE", parameters='{"strength": 2}')
    assert images_of(tiles)["normal"] != after["normal"]
    assert any(node.type == "NORMAL_MAP" for _, node in links)


def test_a_sign_that_cannot_be_told_is_answered_with_a_remedy(plane, tiles):
    grooves = bpy.data.images.new("grooves", 64, 48, float_buffer=False)
    tilt = 0.5 + 0.3 * np.sin(np.arange(48) / 3)[:, None, None] * np.ones((1, 64, 1))
    pixels = np.concatenate([np.full_like(tilt, 0.5), tilt, np.full_like(tilt, 0.9), np.ones_like(tilt)], 2)
    grooves.pixels.foreach_set(pixels.astype(np.float32).ravel())
    with pytest.raises(RuntimeError, match=r"cannot be told.*say whether green points up or down"):
        bpy.ops.impasto.run(tool="fix-normals", image="grooves", material="ACTIVE")
    before = pixels_of(bpy.data.images["tiles_normal"])
    bpy.ops.impasto.run(tool="fix-normals", image="tiles_normal", material="ACTIVE", parameters='{"green": "down"}')
    after = pixels_of(images_of(tiles)["normal"])
    assert np.abs(after[..., 1] + before[..., 1] - 1).max() < 0.03
