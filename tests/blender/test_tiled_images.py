"""Tiled images (UDIM): read in any state, repainted as one surface or tile by tile, and written back as one image."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from blends import edit_faces
from conftest import refused
from mathutils import Vector
from styling import RED, recipe_of, stylize
from test_across_seams import cube  # noqa: F401  a fixture

SIZES = {1001: (8, 8), 1012: (4, 16)}
NUMBERS = tuple(SIZES)


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
    paths, before = {number: tmp_path / f"wall.{number}.png" for number in NUMBERS}, set(bpy.data.images)
    files = tiles.load(paths, "base_color", None)
    assert not files.packed_files
    check(sent(tiles, files))
    bpy.data.images.remove(files)
    lost = tiles.load(paths, "base_color", None)
    (tmp_path / "wall.1012.png").unlink()
    refused("has no pixels; find its missing file", "run", tool="chatty", image=lost.name)
    bpy.data.images.remove(lost)
    tiled.pixels.foreach_set(np.ones(len(tiled.pixels), np.float32))
    if "save_copy" not in bpy.types.Image.bl_rna.functions["save"].parameters:
        refused("not saved; save it", "run", tool="chatty", image=tiled.name)
        return
    arrays = sent(tiles, tiled)
    assert (arrays["base_color.1001"] == 255).all()
    assert np.array_equal(arrays["base_color.1012"], pixels(1012, (4, 16)))
    assert tiled.is_dirty
    assert set(bpy.data.images) == before


def test_a_tiled_texture_is_repainted_as_one_tiled_image_and_made_again_and_cannot_be_cloned(
    tiles, over_tiles, material, style
):
    stylize(surface=material.name)
    image = bpy.data.images["bricks – red_base_color"]
    assert image.source == "TILED"
    assert [tile.number for tile in image.tiles] == list(NUMBERS)
    assert [tuple(tile.size) for tile in image.tiles] == [(8, 8), (16, 4)]
    assert "mesh" in recipe_of(image)["inputs"]
    for array in sent(tiles, image).values():
        assert np.abs(array.mean((0, 1)) - RED).max() < 3
    shown = next(slot.material for slot in over_tiles.material_slots)
    assert image in [node.image for node in shown.node_tree.nodes if node.type == "TEX_IMAGE"]
    before = set(bpy.data.images)
    bpy.ops.impasto.rerun(image=image.name)
    assert newest(before).source == "TILED"
    shown = over_tiles.active_material
    refused("sees the first tile only; repaint it again, with a mask", "paint_with_result")
    assert over_tiles.active_material == shown != material
    assert over_tiles.mode == "OBJECT"


def test_an_image_alone_is_changed_tile_by_tile_with_its_alpha(extension, tiles, tiled, tmp_path):
    given = {"tool": "negative", "image": tiled.name, "material": "NONE", "estimator": "none"}
    bpy.ops.impasto.run(**given, name="dark")
    arrays = sent(tiles, bpy.data.images["dark_base_color"])
    assert np.abs(255 - arrays["base_color.1012"].astype(int) - pixels(1012, (4, 16))).max() <= 1
    bpy.ops.impasto.run(**given, name="file", out_dir=str(tmp_path))
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"file_base_color.{number}.png" for number in NUMBERS}
    image = bpy.data.images["file_base_color"]
    assert image.source == "TILED"
    assert sent(tiles, image).keys() == arrays.keys()


def test_other_maps_are_read_per_tile_or_repeated_on_each_tile(extension, over_tiles, material, tiled, image):
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


@pytest.fixture
def regions(extension, scene, monkeypatch):
    """The module, with tools for tests, which fill and find in ways that are easy to check."""
    catalogue = extension.engine.catalogue.catalogue
    monkeypatch.setattr(catalogue, "usual", {"fill": "plug", "landmarks": "spot"}.get)
    return extension.region.regions


def newest(before: set[bpy.types.Image]) -> bpy.types.Image:
    (image,) = set(bpy.data.images) - before
    return image


DOT = {"points": "[[0.75, 0.25]]", "radius_px": 2}
"""The middle of the tile 1012: of two rows and columns of tiles, the upper right one."""


def test_regions_cover_the_sheet_of_tiles_with_a_size_limit(regions, tiled, extension):
    bpy.ops.impasto.paint_region(image=tiled.name, **DOT)
    mask = regions.region_of(tiled)
    assert mask.shape == (2 * 8, 2 * 16)
    parts = regions.grid_of(tiled).split(mask)
    assert not parts[1001].any()
    assert parts[1012].shape == (4, 16)
    assert parts[1012][1:3, 7:9].all()
    assert not parts[1012][:, :5].any()
    bpy.ops.impasto.paint_region(image=tiled.name, points="[[0, 1]]", radius_px=1)
    assert regions.grid_of(tiled).split(regions.region_of(tiled))[1001][-1, 0]

    grid = extension.region.shapes
    far = grid.TileGrid({1001: (4096, 4096), 2000: (2048, 2048)})
    assert far.shape == (100, 10)
    assert np.prod(far.size_px) <= grid.MOST_PX


def test_a_region_and_a_stroke_are_filled_on_an_image_alone(regions, tiles, tiled):
    before = set(bpy.data.images)
    bpy.ops.impasto.paint_region(image=tiled.name, **DOT)
    bpy.ops.impasto.fill_region(image=tiled.name, parameters='{"value": 1.0}')
    filled = newest(before)
    assert filled.source == "TILED"
    arrays, mask = sent(tiles, filled), regions.grid_of(tiled).split(regions.region_of(tiled))[1012]
    assert np.array_equal(arrays["base_color.1001"], pixels(1001))
    assert (arrays["base_color.1012"][mask] == 255).all()
    assert np.array_equal(arrays["base_color.1012"][~mask], pixels(1012, (4, 16))[~mask])
    before.add(filled)
    bpy.ops.impasto.heal_stroke(image=filled.name, points="[[0, 1]]", radius_px=1)
    healed = sent(tiles, newest(before))
    assert (healed["base_color.1001"][-1, 0] == 128).all()
    assert np.array_equal(healed["base_color.1012"], arrays["base_color.1012"])
    check(sent(tiles, tiled))


@pytest.mark.parametrize("across", [True, False])
def test_all_tiles_of_a_material_are_filled_in_one_step_of_undo(regions, over_tiles, material, tiles, tiled, across):
    bpy.ops.impasto.paint_region(image=tiled.name, **DOT)
    name, before = tiled.name, set(bpy.data.images)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.impasto.fill_region("EXEC_DEFAULT", True, image=name, parameters='{"value": 1.0}', across_seams=across)
    filled = newest(before)
    assert material.node_tree.nodes["my texture"].image == filled
    assert ("mesh" in recipe_of(filled)["inputs"]) == across
    arrays = sent(tiles, filled)
    changed = {one: (arrays[f"base_color.{one}"] != pixels(one, size)).any(2) for one, size in SIZES.items()}
    assert changed[1012].any()
    assert changed[1001].mean() < 0.5 * changed[1012].mean(), "at most what seams make agree"
    assert across or not changed[1001].any()
    bpy.ops.ed.undo()
    assert bpy.data.materials["bricks"].node_tree.nodes["my texture"].image.name == name


def test_selected_faces_are_filled_on_their_tile(regions, over_tiles, material, tiles):
    for face in over_tiles.data.polygons:
        face.select = face.index == 4
    before = set(bpy.data.images)
    bpy.ops.impasto.fill_faces(object=over_tiles.name, margin_px=0)
    arrays = sent(tiles, newest(before))
    assert np.array_equal(arrays["base_color.1001"], pixels(1001))
    assert (arrays["base_color.1012"] != pixels(1012, (4, 16))).any()


def test_a_region_of_tiles_is_found_and_taken_from_images_and_faces(regions, over_tiles, tiles, tiled, extension):
    bpy.ops.impasto.find_landmarks(image=tiled.name)
    found = regions.grid_of(tiled).split(regions.region_of(tiled))
    assert all(0 < part.mean() < 1 for part in found.values())
    bpy.ops.impasto.clear_region(image=tiled.name)
    half = np.zeros((8, 8, 3), np.uint8)
    half[:4] = 255
    encode = extension.bridge.encode.encode_map
    masks = {"single": {0: encode(half)}, "double": {1001: encode(half), 1012: encode(255 - half)}}
    for name, files in masks.items():
        tiles.add(name, "base_color", files, None)
        bpy.ops.impasto.use_selection(image=tiled.name, source="IMAGE", name=name)
        parts = regions.grid_of(tiled).split(regions.region_of(tiled))
        assert parts[1001][:4].all()
        assert not parts[1001][4:].any()
        assert parts[1012][:2].all()
        assert parts[1012][2:].all() == (name == "double")
    bpy.ops.impasto.clear_region(image=tiled.name)
    bpy.context.tool_settings.use_uv_select_sync = True
    edit_faces(bpy.ops.impasto.use_selection, image=tiled.name, source="FACES")
    parts = regions.grid_of(tiled).split(regions.region_of(tiled))
    assert all(0.2 < part.mean() < 1 for part in parts.values())


def test_the_tool_of_artists_fills_tiles(extension, scene, tiles):
    encode = extension.bridge.encode.encode_map
    noise = {number: np.random.default_rng(number).integers(90, 160, (64, 64, 3), np.uint8) for number in NUMBERS}
    noise[1012][20:26, 20:26] = 255
    wall = tiles.add("wall", "base_color", {number: encode(array) for number, array in noise.items()}, None)
    bpy.ops.impasto.heal_stroke(image=wall.name, points="[[0.68, 0.18]]", radius_px=6)
    filled = sent(tiles, bpy.data.images["wall_filled"])
    assert np.array_equal(filled["base_color.1001"], noise[1001])
    assert filled["base_color.1012"].max() < 200


def test_all_tiles_of_an_object_are_covered(over_tiles, tiles, style):
    bpy.ops.impasto.run(tool="cover-object", image=style.name, width_px=32, height_px=16, estimator="none")
    image = bpy.data.images["red_base_color"]
    shapes = {key: array.shape for key, array in sent(tiles, image).items()}
    assert shapes == {f"base_color.{number}": (16, 32, 3) for number in NUMBERS}
    nodes = over_tiles.active_material.node_tree.nodes
    assert image in [node.image for node in nodes if node.type == "TEX_IMAGE"]
    for node in nodes:
        if node.type == "MAPPING":
            np.testing.assert_allclose(node.inputs["Scale"].default_value, (1, 1, 1), atol=1e-6)
