"""Masks of textures from the mesh: selected faces, vertex groups, and faces with a material."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from styling import RED, recipe_of, stylize
from test_across_seams import cube, made, meshes  # noqa: F401  fixtures
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
    surface = extension.bridge.meshes.Surface(material, [item])
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
def test_what_a_mask_restricts_is_made_again_when_the_mesh_has_another(textured, material, style, kind):
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


def test_a_tool_that_takes_no_mask_and_an_image_of_no_mesh_are_refused(textured, material, image):
    with pytest.raises(RuntimeError, match="takes no mask"):
        bpy.ops.impasto.run(tool="negative", image="grey", mask_by="FACES")
    with pytest.raises(RuntimeError, match="no texture of the active object's material"):
        bpy.ops.impasto.run(tool="plug", image=image.name, mask_by="FACES", material="NONE")


def test_a_tiled_texture_has_a_mask_on_each_tile(extension, over_tiles, material, style):  # noqa: F811
    select(over_tiles, 0, 5)
    masks = drawn(extension, over_tiles, material, "FACES")
    assert {name: mask.shape for name, mask in masks.items()} == {
        "base_color.1001": (8, 8, 3),
        "base_color.1012": (4, 16, 3),
    }
    assert all(mask.any() for mask in masks.values())
    stylize(surface=material.name, mask_by="FACES", material="NONE")
    select(over_tiles)
    bpy.ops.impasto.rerun(image="bricks – red_base_color")
    assert " is not the " not in made()["report"], "it is kept"


def test_a_vertex_group_becomes_the_region_of_a_texture(extension, textured):
    image, regions = bpy.data.images["grey"], extension.region.regions
    with pytest.raises(RuntimeError, match="no selected object has weights"):
        bpy.ops.impasto.use_selection(image=image.name, source="GROUP")
    group = textured.vertex_groups.new(name="one")
    group.add(list(textured.data.polygons[3].vertices), 1.0, "REPLACE")
    bpy.ops.impasto.use_selection(image=image.name, source="GROUP")
    region = regions.region_of(image)
    assert region[pixels_at(textured, [3])].all()
    assert 1 / 12 < region.mean() < 0.5
