"""Mark as Asset: results reach the asset browser with a rendered preview, a catalogue, and what they were made of."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from conftest import packed_image
from drawing import drawn

CHECKER = {"tool": "checker", "width_px": 64, "height_px": 32, "estimator": "none"}
CATALOGS = "blender_assets.cats.txt"


@pytest.fixture
def bricks(plane) -> bpy.types.Material:
    """A small result of a procedural material."""
    bpy.ops.impasto.run(tool="bricks", width_px=64, height_px=64, estimator="none")
    return plane.active_material


def preview_of(item) -> np.ndarray:
    width, height = item.preview.image_size
    values = np.empty(width * height * 4, np.float32)
    item.preview.image_pixels_float.foreach_get(values)
    return values.reshape(height, width, 4)


def tags_of(material) -> list[str]:
    return [tag.name for tag in material.asset_data.tags]


@pytest.mark.parametrize("bits", ["8", "16"])
def test_a_result_becomes_an_asset_whose_preview_is_rendered_on_a_ball(plane, bits):
    red = np.full((16, 16, 3), (200, 60, 20), np.uint8)
    packed_image("red.png", red)
    bpy.ops.impasto.run(tool="chatty", image="red.png", bits=bits, material="NEW")
    assert bpy.ops.impasto.mark_asset() == {"FINISHED"}
    material = plane.active_material
    assert material.asset_data.description == "Made by Impasto from red.png"
    assert tags_of(material)[0] == "Impasto"
    assert "red" in tags_of(material)
    preview = preview_of(material)
    assert preview.shape == (256, 256, 4)
    assert (preview[..., 3] == 1).all()
    red, green, blue = preview[128, 128, :3]
    assert red > 2 * green > 2 * blue
    np.testing.assert_allclose(preview[2, 2, :3], preview[2, 2, 0], atol=0.02)  # the background is grey
    assert preview[200, 60, 0] > preview[50, 200, 0] + 0.1  # the light comes from the upper left
    bpy.ops.impasto.mark_asset(material=material.name)
    assert len(tags_of(material)) == len(set(tags_of(material)))


def test_without_an_engine_the_preview_is_the_base_colour(plane, extension, monkeypatch):
    packed_image("red.png", np.full((16, 16, 3), (200, 60, 20), np.uint8))
    bpy.ops.impasto.run(tool="chatty", image="red.png", material="NEW")
    monkeypatch.delenv("IMPASTO_ENGINE")
    assert bpy.ops.impasto.mark_asset() == {"FINISHED"}
    made = preview_of(plane.active_material)[..., :3] * 255
    np.testing.assert_allclose(made, np.broadcast_to((200, 60, 20), (16, 16, 3)), atol=2)


def test_tags_come_from_the_phrase_and_the_recipe(plane):
    bpy.ops.impasto.match(text="mossy red bricks", width_px=64, height_px=64)
    bpy.ops.impasto.mark_asset()
    tags = tags_of(plane.active_material)
    assert {"Impasto", "Masonry", "Bricks", "mossy", "red", "bricks"} <= set(tags)
    assert plane.active_material.asset_data.description == "Made by Impasto from “mossy red bricks”"


def test_a_model_is_named_and_the_asset_is_there_when_the_file_is_opened_again(plane, tmp_path):
    bpy.ops.impasto.run(tool="torus", parameters='{"model": "bricks"}', width_px=32, height_px=32, estimator="none")
    bpy.ops.impasto.mark_asset(material="Red bricks")
    before = preview_of(bpy.data.materials["Red bricks"]).copy()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "library.blend"))
    material = bpy.data.materials["Red bricks"]
    assert material.asset_data.description == "Made by Impasto from bricks"
    assert material.asset_data.license == "CC0-1.0"
    assert "Masonry" in tags_of(material)
    np.testing.assert_allclose(preview_of(material), before, atol=1 / 255)
    assert before.std() > 0.02


def catalogs_in(folder) -> dict[str, str]:
    text = (folder / CATALOGS).read_text()
    lines = [line for line in text.splitlines() if line.count(":") == 2 and line[0] != "#"]
    return {line.split(":")[1]: line.split(":")[0] for line in lines}


def test_the_catalogue_is_written_when_the_file_is_saved(bricks, tmp_path):
    bpy.ops.impasto.mark_asset()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "own.blend"))
    assert catalogs_in(tmp_path) == {"Impasto/Masonry": bricks.asset_data.catalog_id}


def test_catalogues_of_the_user_stay_and_are_used(bricks, tmp_path):
    own = "11111111-2222-3333-4444-555555555555"
    text = f"# mine\nVERSION 1\n\n{own}:Impasto/Masonry:my walls\n{own[:-1]}6:Wood:Wood"
    (tmp_path / CATALOGS).write_text(text)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "own.blend"))
    bpy.ops.impasto.mark_asset()
    assert bricks.asset_data.catalog_id == own
    assert (tmp_path / CATALOGS).read_text() == text
    bpy.ops.impasto.run(tool="planks", width_px=32, height_px=32, estimator="none", material="NEW")
    bpy.ops.impasto.mark_asset()
    assert (tmp_path / CATALOGS).read_text().startswith(f"{text}\n")
    assert set(catalogs_in(tmp_path)) == {"Impasto/Masonry", "Wood", "Impasto/Wood"}


def test_a_catalogue_that_the_user_chose_is_left_alone(bricks, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "own.blend"))
    bricks.asset_mark()
    bricks.asset_data.catalog_id = own = "11111111-2222-3333-4444-555555555555"
    bricks.asset_data.author = "me"
    bpy.ops.impasto.mark_asset()
    assert bricks.asset_data.catalog_id == own
    assert bricks.asset_data.author == "me"
    assert not (tmp_path / CATALOGS).exists()


def test_catalogues_are_those_of_the_library_that_the_file_is_in(bricks, tmp_path):
    libraries = bpy.context.preferences.filepaths.asset_libraries
    library = libraries.new(name="Studio", directory=str(tmp_path))
    try:
        (tmp_path / "walls").mkdir()
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "walls" / "own.blend"))
        bpy.ops.impasto.mark_asset()
    finally:
        libraries.remove(library)
    assert catalogs_in(tmp_path) == {"Impasto/Masonry": bricks.asset_data.catalog_id}


def test_the_history_offers_it_where_a_result_is_a_material(plane):
    bpy.ops.impasto.run(**CHECKER)
    bpy.ops.impasto.run(**CHECKER, material="NONE", name="images")
    offered = []
    for entry in [
        button.entry for button in drawn(bpy.types.IMPASTO_PT_history_view_3d).operators("impasto.select_entry")
    ]:
        bpy.ops.impasto.select_entry(entry=entry)
        offered += [
            button.material for button in drawn(bpy.types.IMPASTO_PT_history_view_3d).operators("impasto.mark_asset")
        ]
    assert offered == ["Texture"]


def test_what_is_not_there_is_refused_with_a_remedy(plane):
    bpy.ops.impasto.run(**CHECKER)
    with pytest.raises(RuntimeError, match=r"no material called 'x'; see bpy\.data\.materials"):
        bpy.ops.impasto.mark_asset(material="x")
    plane.active_material = None
    with pytest.raises(RuntimeError, match="active object has no material"):
        bpy.ops.impasto.mark_asset()
