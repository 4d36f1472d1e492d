"""Relief from photographs under several lights, from the panel: several images at once, clock angles, a material."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from conftest import png
from drawing import drawn

HOURS = (12, 3, 6, 9)
SIDE = 64


@pytest.fixture
def photographs(tmp_path):
    """A folder with photographs of one bumpy surface, lit from twelve, three, six and nine o'clock."""
    paint = np.random.default_rng(0).uniform(0.3, 0.6, (SIDE, SIDE))
    y, x = np.indices((SIDE, SIDE)) / 8
    for index, hour in enumerate(HOURS):
        angle = np.radians(90 - 30 * hour)
        lit = paint * (1 - 0.3 * (np.cos(angle) * np.cos(x) - np.sin(angle) * np.cos(y)))
        pixels = np.repeat(np.uint8(255 * lit)[..., None], 3, 2)
        (tmp_path / f"light_{index}.png").write_bytes(png(pixels))
    return tmp_path


def choose(folder, count=4):
    files = [{"name": f"light_{index}.png"} for index in range(count)]
    bpy.ops.impasto.open_images(tool="photometric-stereo", input="photo", directory=str(folder), files=files)
    group = bpy.context.scene.impasto_parameters.photometric_stereo
    for value, hour in zip([group, *group.more_photo], HOURS, strict=False):
        value.clock = hour


def test_photographs_and_their_clock_angles_become_a_material(plane, photographs):
    bpy.context.scene.impasto.tool = "photometric-stereo"
    choose(photographs)
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
    choose(photographs, count=2)
    with pytest.raises(RuntimeError, match="3 or more"):
        bpy.ops.impasto.generate()
    choose(photographs)
    group = scene.impasto_parameters.photometric_stereo
    assert [value.input_photo.name for value in (group, *group.more_photo)] == [f"light_{i}.png" for i in range(4)]
    choose(photographs, count=3)
    assert len(group.more_photo) == 2
