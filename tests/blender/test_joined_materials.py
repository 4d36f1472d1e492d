"""Several materials repainted together: one picture for the stylizer, and separate images in separate materials."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from styling import RED, recipe_of, stylize
from test_across_seams import cube, made, meshes  # noqa: F401  fixtures
from test_mesh_masks import pixels_at, select, textured, values  # noqa: F401

from test_tiled_images import sent, tiled, tiles  # noqa: F401  isort: skip


@pytest.fixture
def pair(extension, textured, material) -> tuple[bpy.types.Object, bpy.types.Object]:  # noqa: F811
    """Two cubes with textures of their own; the second has alpha and is of another size. Both are selected."""
    bpy.ops.object.duplicate()
    other = bpy.context.object
    other.location.x += 5
    other.data = other.data.copy()
    copy = material.copy()
    copy.name = "paint"
    pixels = np.full((32, 48, 4), (50, 150, 200, 128), np.uint8)
    encode = extension.bridge.encode
    image = extension.bridge.images.add("blue", "base_color", encode.encode_png(pixels / np.float32(255), 8), None)
    copy.node_tree.nodes["my texture"].image = image
    other.material_slots[0].material = copy
    textured.select_set(True)
    bpy.context.view_layer.objects.active = textured
    return textured, other


def test_textures_of_all_selected_objects_are_repainted_in_one_run(pair, material, style):
    stylize(subject="MATERIAL")
    first, second = (bpy.data.images[f"{name} – red_base_color"] for name in ("bricks", "paint"))
    assert tuple(first.size), tuple(second.size) == ((64, 64), (48, 32))
    assert recipe_of(first) == recipe_of(second)
    assert recipe_of(first)["inputs"]["source"]["name"] == "bricks + paint"
    assert recipe_of(first)["inputs"]["mesh"]["name"] == "bricks + paint.ply"
    for item, name in zip(pair, ("bricks", "paint"), strict=True):
        assert item.active_material.name == f"{name} – red"
        assert np.abs(values(f"{name} – red_base_color").mean((0, 1)) - RED).max() < 3
    assert np.array(second.pixels)[3::4].mean() == pytest.approx(128 / 255, abs=0.01)


@pytest.mark.parametrize("material_kind", ["NEW", "ACTIVE", "NONE"])
@pytest.mark.parametrize("relief", [0.0, 1.0])
def test_what_was_repainted_together_is_made_again(pair, material, style, material_kind, relief):
    select(pair[0], 1)
    select(pair[1], 2)
    stylize(subject="MATERIAL", material=material_kind, mask_by="FACES", parameters={"relief": relief})
    before = set(bpy.data.images)
    for item in pair:
        select(item)
    bpy.ops.impasto.rerun(image="paint – red_base_color")
    assert " is not the " not in made()["report"]
    again = {image.name: image for image in set(bpy.data.images) - before}
    maps = {"base_color", *(("normal", "roughness", "height") if relief else ())}
    new = {f"{name} – red_{map_}.001" for name in ("bricks", "paint") for map_ in maps}
    alone = {name for name in again if "opacity" in name}  # the first time, it was the alpha of a texture
    assert again.keys() - alone == new
    for name in new:
        first = bpy.data.images[name.removesuffix(".001")]
        assert recipe_of(again[name]) == recipe_of(first)
        pixels = [np.array(image.pixels).reshape(-1, 4)[:, :3] for image in (first, again[name])]
        np.testing.assert_array_equal(*pixels)


def test_materials_of_one_name_but_for_their_numbers_are_told_apart(pair, material, style):
    material.name, pair[1].active_material.name = "stone", "stone.001"
    stylize(subject="MATERIAL", material="ACTIVE")
    before = set(bpy.data.images)
    first = [item.active_material.node_tree.nodes["my texture"].image for item in pair]
    bpy.ops.impasto.rerun(image=first[1].name)
    assert " is not the " not in made()["report"]
    new = [image for image in set(bpy.data.images) - before if "opacity" not in image.name]
    again = sorted(new, key=lambda image: image["impasto_part"])
    assert [tuple(image.size) for image in again] == [(64, 64), (48, 32)]
    for one, other in zip(first, again, strict=True):
        pixels = [np.array(image.pixels).reshape(-1, 4)[:, :3] for image in (one, other)]
        np.testing.assert_array_equal(*pixels)


def test_what_was_repainted_together_is_not_made_again_without_what_it_was_made_of(pair, material, style):
    stylize(subject="MATERIAL")
    with pytest.raises(RuntimeError, match="is a part of a result on several materials"):
        bpy.ops.impasto.continue_larger(image="bricks – red_base_color")
    bpy.data.materials.remove(bpy.data.materials["paint"])
    with pytest.raises(RuntimeError, match="the material paint, which bricks – red_base_color was made of, is not"):
        bpy.ops.impasto.rerun(image="bricks – red_base_color")


def test_meshes_lie_on_the_tiles_of_their_textures(extension, pair, material):
    second = pair[1].active_material
    chosen = [extension.bridge.meshes.Surface(one, list(pair)) for one in (material, second)]
    joined = extension.bridge.joined.JoinedMaterials(tuple(chosen))
    alone = [one.mesh(bpy.context) for one in chosen]
    alone[0].uvs[:2] += 3  # an island that begins in another repeat, as its texture does
    data = joined.read(bpy.context)()
    mesh = extension.core.io.meshes.mesh_of(data.files["mesh.ply"].tobytes(), "")
    np.testing.assert_allclose(mesh.uvs[12:] - (1, 0), alone[1].uvs, atol=1e-6)
    assert np.floor(mesh.uvs[:12].mean(1)).max() == 0
    np.testing.assert_array_equal(mesh.positions, np.concatenate([one.positions for one in alone]))
    for loop in pair[1].data.uv_layers.active.data:
        loop.uv *= 6
    with pytest.raises(extension.core.errors.ParameterError, match="the texture of paint repeats on its objects"):
        joined.read(bpy.context)


def test_a_mask_is_drawn_on_each_of_the_materials(pair, style):
    select(pair[0])
    select(pair[1], 2)
    stylize(subject="MATERIAL", mask_by="FACES")
    assert (np.round(values("bricks – red_base_color")) == 100).all()
    made = bpy.data.images["paint – red_base_color"]
    pixels = np.array(made.pixels).reshape(32, 48, 4)[::-1, :, :3] * 255
    y, x = pixels_at(pair[1], [2], 1024)
    assert np.abs(pixels[y * 32 // 1024, x * 48 // 1024] - RED).max() < 40
    select(pair[1])
    with pytest.raises(RuntimeError, match="no face is selected"):
        stylize(subject="MATERIAL", mask_by="FACES")


def test_a_tiled_texture_and_a_single_one_are_repainted_together(pair, tiled, tiles, material, style):  # noqa: F811
    material.node_tree.nodes["my texture"].image = tiled
    stylize(subject="MATERIAL", material="ACTIVE")
    image = material.node_tree.nodes["my texture"].image
    assert image.source == "TILED"
    assert [tile.number for tile in image.tiles] == [1001, 1012]
    assert pair[1].active_material.node_tree.nodes["my texture"].image.source == "FILE"
    bpy.ops.ed.undo_push()


def test_a_material_that_is_named_is_repainted_alone_and_files_are_refused(pair, material, style, tmp_path):
    stylize(surface=material.name)
    assert "paint – red_base_color" not in bpy.data.images
    with pytest.raises(RuntimeError, match="not written as files"):
        stylize(subject="MATERIAL", out_dir=str(tmp_path))
