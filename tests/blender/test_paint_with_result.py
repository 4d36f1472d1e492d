"""Painting by hand with a result: the state of Blender's own clone brush and stencil, and the way back."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from styling import stylize
from test_across_seams import cube, meshes  # noqa: F401  fixtures
from test_mesh_masks import pixels_at, select, textured  # noqa: F401


@pytest.fixture
def paint(scene):
    return scene.tool_settings.image_paint


def test_the_result_is_cloned_into_the_texture_where_it_has_changed(textured, material, style, paint):  # noqa: F811
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
    bpy.ops.object.mode_set(mode="OBJECT")


def test_an_image_is_cloned_without_a_former_material(textured, style, image, paint):  # noqa: F811
    with pytest.raises(RuntimeError, match="took the place of no other"):
        bpy.ops.impasto.paint_with_result()
    with pytest.raises(RuntimeError, match="grey is the texture itself"):
        bpy.ops.impasto.paint_with_result(image="grey")
    assert not paint.use_clone_layer
    bpy.ops.impasto.paint_with_result(image=image.name)
    assert paint.clone_image == image
    assert tuple(paint.stencil_image.size) == tuple(image.size)
    bpy.ops.object.mode_set(mode="OBJECT")


def test_it_is_one_step_of_undo(textured, material, style):  # noqa: F811
    stylize(surface=material.name)
    name = textured.active_material.name
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.impasto.paint_with_result("EXEC_DEFAULT", True) == {"FINISHED"}
    bpy.ops.ed.undo()
    item = bpy.data.objects["Cube"]
    assert item.active_material.name == name
    assert item.mode == "OBJECT"
