"""Tools of relief on a material: what they make is joined to it, and its other maps stay."""

from __future__ import annotations

import json

import bpy
import numpy as np
import pytest
from conftest import pixels_of, png
from drawing import drawn

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


HOURS = (12, 3, 6, 9)
SIDE_PX = 64


@pytest.fixture
def photographs(tmp_path):
    """A folder with photographs of one bumpy surface, lit from twelve, three, six and nine o'clock."""
    paint = np.random.default_rng(0).uniform(0.3, 0.6, (SIDE_PX, SIDE_PX))
    y, x = np.indices((SIDE_PX, SIDE_PX)) / 8
    for index, hour in enumerate(HOURS):
        angle = np.radians(90 - 30 * hour)
        lit = paint * (1 - 0.3 * (np.cos(angle) * np.cos(x) - np.sin(angle) * np.cos(y)))
        pixels = np.repeat(np.uint8(255 * lit)[..., None], 3, 2)
        (tmp_path / f"light_{index}.png").write_bytes(png(pixels))
    return tmp_path


def open_photographs(folder, count=4):
    files = [{"name": f"light_{index}.png"} for index in range(count)]
    bpy.ops.impasto.open_images(tool="photometric-stereo", input="photo", directory=str(folder), files=files)
    group = bpy.context.scene.impasto_parameters.photometric_stereo
    for value, hour in zip([group, *group.more_photo], HOURS, strict=False):
        value.clock = hour


def test_photographs_and_their_clock_angles_become_a_material(plane, photographs):
    bpy.context.scene.impasto.tool = "photometric-stereo"
    open_photographs(photographs)
    panel = drawn(bpy.types.IMPASTO_PT_view_3d)
    assert panel.props().count("clock") == len(HOURS)
    assert bpy.ops.impasto.generate(name="measured") == {"FINISHED"}
    assert plane.active_material.name == "measured"
    maps = {image["impasto_map"] for image in bpy.data.images if "impasto_map" in image}
    assert {"base_color", "normal", "height", "roughness", "ambient_occlusion", "confidence"} <= maps
    linked = {link.from_node.name for link in plane.active_material.node_tree.links}
    assert "Impasto Normal" in linked
    assert "Impasto Confidence" not in linked


def test_the_panel_asks_for_as_many_photographs_as_are_needed(scene, photographs):
    scene.impasto.tool = "photometric-stereo"
    open_photographs(photographs, count=2)
    with pytest.raises(RuntimeError, match="3 or more"):
        bpy.ops.impasto.generate()
    open_photographs(photographs)
    group = scene.impasto_parameters.photometric_stereo
    assert [value.input_photo.name for value in (group, *group.more_photo)] == [f"light_{i}.png" for i in range(4)]
    open_photographs(photographs, count=3)
    assert len(group.more_photo) == 2
