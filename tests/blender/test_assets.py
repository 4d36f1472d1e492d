"""Mark as Asset: results reach the asset browser with a preview and what they were made of."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from conftest import packed_image
from drawing import drawn

CHECKER = {"tool": "checker", "width_px": 64, "height_px": 32, "estimator": "none"}


def preview_of(material) -> np.ndarray:
    width, height = material.preview.image_size
    values = np.empty(width * height * 4, np.float32)
    material.preview.image_pixels_float.foreach_get(values)
    return values.reshape(height, width, 4)


@pytest.mark.parametrize("bits", ["8", "16"])
def test_a_result_becomes_an_asset_whose_preview_is_its_base_colour_without_a_render(plane, bits):
    red = np.full((16, 16, 3), (200, 60, 20), np.uint8)
    packed_image("red.png", red)
    bpy.ops.impasto.run(tool="chatty", image="red.png", bits=bits, material="NEW")
    assert bpy.ops.impasto.mark_asset() == {"FINISHED"}
    material = plane.active_material
    assert material.asset_data.description == "Made by Impasto from red.png"
    assert [tag.name for tag in material.asset_data.tags] == ["Impasto"]
    np.testing.assert_allclose(preview_of(material)[..., :3] * 255, np.broadcast_to((200, 60, 20), (16, 16, 3)), atol=2)
    bpy.ops.impasto.mark_asset(material=material.name)
    assert len(material.asset_data.tags) == 1


def test_a_model_is_named_and_the_asset_is_there_when_the_file_is_opened_again(plane, tmp_path):
    bpy.ops.impasto.run(tool="torus", parameters='{"model": "bricks"}', width_px=32, height_px=32, estimator="none")
    bpy.ops.impasto.mark_asset(material="Red bricks")
    before = preview_of(bpy.data.materials["Red bricks"]).copy()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "library.blend"))
    material = bpy.data.materials["Red bricks"]
    assert material.asset_data.description == "Made by Impasto from bricks"
    np.testing.assert_allclose(preview_of(material), before, atol=1 / 255)
    assert before.std() > 0.02


def test_recent_results_offer_it_where_they_are_materials(plane):
    bpy.ops.impasto.run(**CHECKER)
    bpy.ops.impasto.run(**CHECKER, material="NONE", name="images")
    buttons = drawn(bpy.types.IMPASTO_PT_view_3d).operators("impasto.mark_asset")
    assert [button.material for button in buttons] == ["Texture"]


def test_what_is_not_there_is_refused_with_a_remedy(plane):
    bpy.ops.impasto.run(**CHECKER)
    with pytest.raises(RuntimeError, match=r"no material called 'x'; see bpy\.data\.materials"):
        bpy.ops.impasto.mark_asset(material="x")
    plane.active_material = None
    with pytest.raises(RuntimeError, match="active object has no material"):
        bpy.ops.impasto.mark_asset()
