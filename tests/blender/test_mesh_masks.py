"""Masks of textures from the mesh: selected faces, vertex groups, and faces with a material."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from conftest import refused
from styling import RED, made, recipe_of, stylize
from test_across_seams import cube  # noqa: F401  a fixture
from test_tiled_images import over_tiles, tiled, tiles  # noqa: F401

SIDE = 64


@pytest.fixture
def textured(extension, cube, material) -> bpy.types.Object:  # noqa: F811
    """A cube with a grey texture of 64²."""
    grey = np.full((SIDE, SIDE, 3), 100, np.uint8)
    image = extension.bridge.images.add("grey", "base_color", extension.bridge.encode.encode_map(grey), None)
    material.node_tree.nodes["my texture"].image = image
    return cube


def select(item: bpy.types.Object, *faces: int) -> None:
    for face in item.data.polygons:
        face.select = face.index in faces


def pixels_at(item: bpy.types.Object, faces: list[int], side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the middles of faces in their texture."""
    layer = item.data.uv_layers.active.data
    uvs = np.array([np.mean([layer[loop].uv for loop in item.data.polygons[face].loop_indices], 0) for face in faces])
    return ((1 - uvs[:, 1]) * side).astype(int), (uvs[:, 0] * side).astype(int)


def drawn(extension, item, material, kind: str) -> dict[str, np.ndarray]:
    surface = extension.bridge.meshes.MeshSurface(material, [item])
    image = material.node_tree.nodes["my texture"].image
    return extension.bridge.mesh_masks.MeshMask(kind, surface, image).read(bpy.context)().arrays


def values(name: str) -> np.ndarray:
    image = bpy.data.images[name]
    return np.array(image.pixels).reshape(image.size[1], image.size[0], 4)[::-1, :, :3] * 255


def test_the_mask_is_white_on_the_selected_faces_and_a_little_beyond(extension, textured, material):
    select(textured, 1, 4)
    mask = drawn(extension, textured, material, "FACES")["base_color"][..., 0]
    assert (mask[pixels_at(textured, [1, 4])] == 255).all()
    assert (mask[pixels_at(textured, [0, 2, 3, 5])] == 0).all()
    assert set(np.unique(mask)) == {0, 255}
    whole = drawn(extension, textured, material, "MATERIAL")["base_color"][..., 0] == 255
    assert (mask > 0).sum() == pytest.approx(whole.sum() / 3, rel=0.2)
    select(textured)
    with pytest.raises(extension.core.errors.ParameterError, match="no face is selected"):
        drawn(extension, textured, material, "FACES")
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    mask = drawn(extension, textured, material, "FACES")["base_color"]
    bpy.ops.object.mode_set(mode="OBJECT")
    assert (mask[pixels_at(textured, list(range(6)))] == 255).all(), "the selection of edit mode"


def test_weights_of_the_active_group_fade_over_faces_and_modifiers_keep_them(extension, textured, material):
    group = textured.vertex_groups.new(name="up")
    group.add([vertex.index for vertex in textured.data.vertices if vertex.co.z > 0], 0.8, "REPLACE")
    top, bottom = ([face.index for face in textured.data.polygons if face.normal.z * sign > 0.5] for sign in (1, -1))
    walls = [face.index for face in textured.data.polygons if abs(face.normal.z) < 0.5]
    for levels in (0, 1):
        if levels:
            textured.modifiers.new("finer", "SUBSURF").subdivision_type = "SIMPLE"
        mask = drawn(extension, textured, material, "GROUP")["base_color"][..., 0].astype(int)
        assert np.abs(mask[pixels_at(textured, top)] - 204).max() <= 1
        assert (mask[pixels_at(textured, bottom)] == 0).all()
        assert np.abs(mask[pixels_at(textured, walls)] - 102).max() <= 8
    textured.vertex_groups.clear()
    with pytest.raises(extension.core.errors.ParameterError, match="no selected object has weights"):
        drawn(extension, textured, material, "GROUP")


@pytest.mark.slow
@pytest.mark.parametrize("by", ["across seams", "on the image", "the panel", "a filter"])
def test_only_selected_faces_are_repainted(textured, material, style, settings, by):
    select(textured, 2)
    if by == "the panel":
        settings.subject, settings.mask_by = "MATERIAL", "FACES"
        bpy.ops.impasto.stylize()
    elif by == "a filter":
        given = {"image": "grey", "mask_by": "FACES", "material": "NONE", "name": "bricks – red"}
        bpy.ops.impasto.run(tool="plug", parameters='{"value": 1}', **given)
        assert (values("bricks – red_base_color")[pixels_at(textured, [2])] > 254).all()
    else:
        stylize(surface=material.name, mask_by="FACES", across_seams=by == "across seams")
    made = values("bricks – red_base_color")
    assert by == "a filter" or np.abs(made[pixels_at(textured, [2])] - RED).max() < 3
    assert (np.round(made[pixels_at(textured, [0, 1, 3, 4, 5])]) == 100).all()


@pytest.mark.parametrize("kind", ["FACES", "GROUP", "MATERIAL"])
def test_masked_results_are_made_again_with_the_meshs_current_mask(textured, material, style, kind):
    select(textured, 2)
    textured.vertex_groups.new(name="one").add(list(textured.data.polygons[3].vertices), 0.5, "REPLACE")
    for _ in range(2):
        stylize(surface=material.name, mask_by=kind, material="NONE")
    kept = [image for image in bpy.data.images if "impasto_input" in image]
    assert [(image.name, image.use_fake_user) for image in kept] == [(f"grey {kind.lower()}", True)]
    select(textured, 0)
    textured.vertex_groups.clear()
    bpy.ops.impasto.rerun(image="bricks – red_base_color")
    first, again = (bpy.data.images[f"bricks – red_base_color{number}"] for number in ("", ".002"))
    assert " is not the " not in made()["report"]
    assert recipe_of(first) == recipe_of(again)
    assert first.packed_file.data == again.packed_file.data


def test_tools_without_masks_and_images_without_a_mesh_are_refused(textured, material, image):
    refused("takes no mask", "run", tool="negative", image="grey", mask_by="FACES")
    refused(
        "no texture of the active object's material",
        "run",
        tool="plug",
        image=image.name,
        mask_by="FACES",
        material="NONE",
    )


def test_a_tiled_texture_has_a_mask_on_each_tile(extension, over_tiles, material, style):  # noqa: F811
    select(over_tiles, 0, 5)
    masks = drawn(extension, over_tiles, material, "FACES")
    shapes = {name: mask.shape for name, mask in masks.items()}
    assert shapes == {"base_color.1001": (8, 8, 3), "base_color.1012": (4, 16, 3)}
    assert all(mask.any() for mask in masks.values())
    stylize(surface=material.name, mask_by="FACES", material="NONE")
    select(over_tiles)
    bpy.ops.impasto.rerun(image="bricks – red_base_color")
    assert " is not the " not in made()["report"], "it is kept"


def test_a_vertex_group_becomes_the_region_of_a_texture(extension, textured):
    image, regions = bpy.data.images["grey"], extension.region.regions
    refused("no selected object has weights", "use_selection", image=image.name, source="GROUP")
    group = textured.vertex_groups.new(name="one")
    group.add(list(textured.data.polygons[3].vertices), 1.0, "REPLACE")
    bpy.ops.impasto.use_selection(image=image.name, source="GROUP")
    region = regions.region_of(image)
    assert region[pixels_at(textured, [3])].all()
    assert 1 / 12 < region.mean() < 0.5


@pytest.fixture
def pair(extension, textured, material) -> tuple[bpy.types.Object, bpy.types.Object]:
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


@pytest.mark.parametrize(("material_kind", "relief"), [("NEW", 1.0), ("ACTIVE", 0.0), ("NONE", 1.0)])
def test_materials_repainted_together_are_made_again(pair, material, style, material_kind, relief):
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


def test_materials_with_numbered_names_are_distinguished(pair, material, style):
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


def test_named_materials_are_repainted_alone(pair, material, style, tmp_path):
    stylize(surface=material.name)
    assert "paint – red_base_color" not in bpy.data.images
    refused("not written as files", stylize, subject="MATERIAL", out_dir=str(tmp_path))


def test_make_again_needs_all_materials_that_were_repainted_together(pair, material, style):
    stylize(subject="MATERIAL")
    refused("is a part of a result on several materials", "continue_larger", image="bricks – red_base_color")
    bpy.data.materials.remove(bpy.data.materials["paint"])
    refused(
        "the material paint, which bricks – red_base_color was made of, is not",
        "rerun",
        image="bricks – red_base_color",
    )


def test_meshes_lie_on_the_tiles_of_their_textures(extension, pair, material):
    second = pair[1].active_material
    chosen = [extension.bridge.meshes.MeshSurface(one, list(pair)) for one in (material, second)]
    joined = extension.bridge.joined.JoinedMaterials(tuple(chosen))
    alone = [one.mesh(bpy.context) for one in chosen]
    alone[0].uvs[:2] += 3  # an island that begins in another repeat, as its texture does
    data = joined.read(bpy.context)()
    mesh = extension.core.io.ply.mesh_of_ply(data.files["mesh.ply"].tobytes(), "")
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
    refused("no face is selected", stylize, subject="MATERIAL", mask_by="FACES")


def test_a_tiled_texture_and_a_single_one_are_repainted_together(pair, tiled, tiles, material, style):  # noqa: F811
    material.node_tree.nodes["my texture"].image = tiled
    stylize(subject="MATERIAL", material="ACTIVE")
    image = material.node_tree.nodes["my texture"].image
    assert image.source == "TILED"
    assert [tile.number for tile in image.tiles] == [1001, 1012]
    assert pair[1].active_material.node_tree.nodes["my texture"].image.source == "FILE"
    bpy.ops.ed.undo_push()


@pytest.fixture
def paint(scene):
    return scene.tool_settings.image_paint


def test_the_clone_stencil_shows_where_the_result_changed(textured, material, style, paint):
    select(textured, 2)
    stylize(surface=material.name, mask_by="FACES")
    new = textured.active_material
    assert new != material
    bpy.ops.impasto.paint_with_result()
    assert textured.active_material == material
    assert textured.mode == "TEXTURE_PAINT"
    assert (paint.mode, paint.canvas.name) == ("IMAGE", "grey")
    assert (paint.clone_image.name, paint.use_clone_layer) == ("bricks – red_base_color", True)
    assert paint.use_stencil_layer
    assert paint.invert_stencil
    assert textured.data.uv_layer_clone == textured.data.uv_layer_stencil == textured.data.uv_layers.active
    mask = np.array(paint.stencil_image.pixels).reshape(64, 64, 4)[::-1, :, 0]
    assert (mask[pixels_at(textured, [2])] == 1).all()
    assert (mask[pixels_at(textured, [0, 1, 3, 4, 5])] == 0).all()
    assert paint.clone_image.use_fake_user


def test_an_image_is_cloned_without_a_former_material(textured, style, image, paint):
    refused("took the place of no other", "paint_with_result")
    refused("grey is the texture itself", "paint_with_result", image="grey")
    assert not paint.use_clone_layer
    bpy.ops.impasto.paint_with_result(image=image.name)
    assert paint.clone_image == image
    assert tuple(paint.stencil_image.size) == tuple(image.size)


def test_a_texture_that_cannot_be_painted_is_refused_and_painting_is_one_step_of_undo(textured, material, style):
    stylize(surface=material.name)
    result = textured.active_material
    material.node_tree.nodes["my texture"].projection = "BOX"
    refused("bricks are projected from the sides of a box", "paint_with_result")
    assert (textured.active_material, textured.mode) == (result, "OBJECT")
    material.node_tree.nodes["my texture"].projection = "FLAT"
    name = result.name
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.impasto.paint_with_result("EXEC_DEFAULT", True) == {"FINISHED"}
    assert textured.active_material == material
    bpy.ops.ed.undo()
    item = bpy.data.objects["Cube"]
    assert (item.active_material.name, item.mode) == (name, "OBJECT")
