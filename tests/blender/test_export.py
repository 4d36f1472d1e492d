"""Exporting a material's maps for an engine, from the panel's settings and by a call."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from conftest import packed_image
from drawing import drawn
from test_batch import textured


@pytest.mark.essential
def test_a_material_is_exported_as_its_engine_expects(extension, plane, tmp_path):
    material = textured("brick", (40, 80, 120))
    bpy.context.view_layer.objects.active = bpy.data.objects["brick"]
    material.node_tree.nodes["Principled BSDF"].inputs["Metallic"].default_value = 1.0
    bpy.ops.impasto.export(preset="unreal", out_dir=str(tmp_path))
    made = extension.jobs.session.jobs.made
    assert {path.name for path in tmp_path.iterdir()} == {"T_brick_BC.png", "T_brick_ORM.png"}
    assert sorted(made.files) == sorted(map(str, tmp_path.iterdir()))
    image = bpy.data.images.load(str(tmp_path / "T_brick_ORM.png"))
    image.colorspace_settings.name = "Non-Color"
    occlusion, roughness, metallic = np.array(image.pixels[:]).reshape(-1, 4)[0, :3]
    assert (occlusion, metallic) == (1, 1)
    assert roughness == pytest.approx(0.5, abs=0.01)
    settings = bpy.context.scene.impasto_export
    settings.preset, settings.pictures, settings.out_dir = "custom", "smooth=1-roughness", str(tmp_path / "own")
    bpy.ops.impasto.export(material="brick")
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["brick_smooth.png"]
    panel = drawn(bpy.types.IMPASTO_PT_export)
    assert {"preset", "pictures", "out_dir", "format"} <= set(panel.props())
    assert panel.operators("impasto.export")


@pytest.mark.slow
def test_files_get_a_number_unless_they_are_to_be_replaced_as_everywhere(extension, plane, tmp_path):
    textured("brick")
    for preset in ("unreal", "materialx"):
        for given in ({}, {}, {"replace": True}):
            bpy.ops.impasto.export(material="brick", preset=preset, out_dir=str(tmp_path / preset), **given)
    assert {path.name for path in (tmp_path / "unreal").iterdir()} == {
        *("T_brick_BC.png", "T_brick_ORM.png", "T_brick_2_BC.png", "T_brick_2_ORM.png")
    }
    assert {path.name for path in (tmp_path / "materialx").glob("*.mtlx")} == {"brick.mtlx", "brick_2.mtlx"}
    scene = bpy.context.scene
    assert not scene.impasto_export.replace
    assert not scene.impasto_bake.replace


@pytest.mark.slow
def test_opacity_becomes_the_alpha_of_what_is_exported(extension, plane, tmp_path):
    material = textured("leaf")
    nodes, links = material.node_tree.nodes, material.node_tree.links
    node = nodes.new("ShaderNodeTexImage")
    node.image = packed_image("leaf_opacity.png", np.full((16, 16, 3), 51, np.uint8))
    node.image.colorspace_settings.name = "Non-Color"
    links.new(node.outputs["Color"], nodes["Principled BSDF"].inputs["Alpha"])
    bpy.ops.impasto.export(material="leaf", preset="gltf", out_dir=str(tmp_path))
    image = bpy.data.images.load(str(tmp_path / "leaf_baseColor.png"))
    assert np.array(image.pixels[:]).reshape(-1, 4)[0, 3] == pytest.approx(0.2, abs=0.005)
    with pytest.raises(RuntimeError, match="do not become materials"):
        bpy.ops.impasto.batch(tool="tint", out_dir=str(tmp_path), export="godot", result="MATERIALS")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"out_dir": ""}, "no folder for the files is given"),
        ({"preset": "custom"}, "no pictures are given"),
        ({"preset": "custom", "pictures": "orm=roughnes"}, "no map called 'roughnes'"),
    ],
)
def test_a_wrong_export_says_why(extension, plane, tmp_path, given, said):
    textured("wall")
    with pytest.raises(RuntimeError, match=said):
        bpy.ops.impasto.export(material="wall", **{"out_dir": str(tmp_path), **given})
