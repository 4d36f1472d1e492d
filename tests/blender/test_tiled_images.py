"""Tiled images (UDIM): read in any state, repainted as one surface or tile by tile, and written back as one image."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Vector
from styling import RED, recipe_of, stylize
from test_across_seams import cube, meshes  # noqa: F401  fixtures

NUMBERS = (1001, 1012)


@pytest.fixture
def tiles(extension):
    return extension.bridge.tiles


def pixels(number: int, size_px: tuple[int, int] = (8, 8)) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (*size_px, 3), np.uint8)


@pytest.fixture
def tiled(scene, extension, tiles) -> bpy.types.Image:
    """A packed image of two tiles of unequal size."""
    encode = extension.bridge.encode.encode_map
    return tiles.add("wall", "base_color", {1001: encode(pixels(1001)), 1012: encode(pixels(1012, (4, 16)))}, None)


@pytest.fixture
def over_tiles(cube, material, tiled) -> bpy.types.Object:  # noqa: F811
    """A cube, three of whose faces lie on another tile, with the tiled image as its base colour."""
    material.node_tree.nodes["my texture"].image = tiled
    for face in cube.data.polygons:
        for loop in face.loop_indices:
            cube.data.uv_layers.active.data[loop].uv += Vector((1, 1)) * (face.index > 2)
    return cube


def sent(tiles, image: bpy.types.Image) -> dict[str, np.ndarray]:
    return tiles.read(image).to_pixels().arrays


def check(arrays: dict[str, np.ndarray]) -> None:
    assert arrays.keys() == {"base_color.1001", "base_color.1012"}
    assert np.array_equal(arrays["base_color.1001"], pixels(1001))
    assert np.array_equal(arrays["base_color.1012"], pixels(1012, (4, 16)))


def test_tiles_are_read_packed_from_files_and_painted(tiles, tiled, tmp_path):
    check(sent(tiles, tiled))
    tiled.filepath_raw = str(tmp_path / "wall.<UDIM>.png")
    tiled.save()
    files = tiles.load({number: tmp_path / f"wall.{number}.png" for number in NUMBERS}, "base_color", None)
    assert not files.packed_files
    check(sent(tiles, files))
    before = set(bpy.data.images)
    tiled.pixels.foreach_set(np.ones(len(tiled.pixels), np.float32))
    if "save_copy" not in bpy.types.Image.bl_rna.functions["save"].parameters:
        with pytest.raises(RuntimeError, match="not saved; save it"):
            bpy.ops.impasto.run(tool="chatty", image=tiled.name)
        return
    arrays = sent(tiles, tiled)
    assert (arrays["base_color.1001"] == 255).all()
    assert np.array_equal(arrays["base_color.1012"], pixels(1012, (4, 16)))
    assert tiled.is_dirty
    assert set(bpy.data.images) == before


def test_a_tile_whose_file_is_gone_is_an_error_with_a_remedy(tiles, tiled, tmp_path):
    tiled.filepath_raw = str(tmp_path / "wall.<UDIM>.png")
    tiled.save()
    files = tiles.load({number: tmp_path / f"wall.{number}.png" for number in NUMBERS}, "base_color", None)
    (tmp_path / "wall.1012.png").unlink()
    before = set(bpy.data.images)
    with pytest.raises(RuntimeError, match="has no pixels; find its missing file"):
        bpy.ops.impasto.run(tool="chatty", image=files.name)
    assert set(bpy.data.images) == before


@pytest.mark.parametrize("across", [True, False])
def test_a_tiled_texture_is_repainted_as_one_tiled_image(tiles, over_tiles, material, style, across):
    stylize(surface=material.name, across_seams=across)
    image = bpy.data.images["bricks – red_base_color"]
    assert image.source == "TILED"
    assert [tile.number for tile in image.tiles] == list(NUMBERS)
    assert [tuple(tile.size) for tile in image.tiles] == [(8, 8), (16, 4)]
    assert ("mesh" in recipe_of(image)["inputs"]) == across
    for array in sent(tiles, image).values():
        assert np.abs(array.mean((0, 1)) - RED).max() < 3
    shown = next(slot.material for slot in over_tiles.material_slots)
    assert image in [node.image for node in shown.node_tree.nodes if node.type == "TEX_IMAGE"]


def test_an_image_alone_is_changed_tile_by_tile_with_its_alpha(extension, tiles, tiled, tmp_path):
    bpy.ops.impasto.run(tool="negative", image=tiled.name, material="NONE", name="dark", estimator="none")
    arrays = sent(tiles, bpy.data.images["dark_base_color"])
    assert np.abs(255 - arrays["base_color.1012"].astype(int) - pixels(1012, (4, 16))).max() <= 1
    bpy.ops.impasto.run(
        tool="negative", image=tiled.name, material="NONE", name="file", estimator="none", out_dir=str(tmp_path)
    )
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"file_base_color.{number}.png" for number in NUMBERS}
    image = bpy.data.images["file_base_color"]
    assert image.source == "TILED"
    assert sent(tiles, image).keys() == arrays.keys()


def test_other_maps_are_read_tile_by_tile_or_on_each_tile(extension, over_tiles, material, tiled, image):
    surfaces = extension.bridge.surfaces
    maps = {"roughness": surfaces.MapImage(image), "emission": surfaces.MapImage(tiled)}
    arrays = surfaces.read_images(tiled, maps, {"metallic": 0.5})().arrays
    assert {key: array.shape for key, array in arrays.items()} == {
        f"{name}.{number}": (*size, channels)
        for number, size in ((1001, (8, 8)), (1012, (4, 16)))
        for name, channels in (("base_color", 3), ("roughness", 1), ("emission", 3), ("metallic", 1))
    }
    assert np.array_equal(arrays["emission.1012"], pixels(1012, (4, 16)))
    single = surfaces.read_images(image, {"emission": surfaces.MapImage(tiled)}, {})().arrays
    assert single.keys() == {"base_color", "emission"}


def test_a_tiled_result_is_made_again(over_tiles, material, style, tiles):
    stylize(surface=material.name, material="ACTIVE")
    before = set(bpy.data.images)
    name = next(image.name for image in before if image.get("impasto_recipe") and image.source == "TILED")
    bpy.ops.impasto.rerun(image=name)
    (again,) = set(bpy.data.images) - before
    assert again.source == "TILED"
