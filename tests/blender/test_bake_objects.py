# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking any object in any state: its own slots and UVs, clear refusals, and nothing of the user's is touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import (
    BYTE,
    COLOR,
    SIZE_PX,
    bake,
    baked,
    grouped,
    material,
    module,
    out_of_square,
    output,
    pixels,
    plane,
    principled,
    srgb,
    state,
    without_images,
)
from drawing import drawn

pytestmark = pytest.mark.usefixtures("scene")


def test_every_slot_bakes_its_own_material() -> None:
    same = material("same", base_color=(0, 1, 0, 1))
    plane(material("first", base_color=(1, 0, 0, 1)), same, same, faces=3)
    bpy.context.object.data.materials.append(None)  # no face uses it
    bake(maps={"base_color"}, margin_px=0)
    row = pixels("Strip_base_color")[SIZE_PX // 2, :, :3]
    assert np.allclose(row[:20], (1, 0, 0), atol=BYTE)
    assert np.allclose(row[23:], (0, 1, 0), atol=BYTE)
    assert json.loads(bpy.data.images["Strip_base_color"]["impasto_baked"])["materials"] == ["first", "same"]


def test_the_chosen_uv_map_is_used() -> None:
    obj = plane(material("left", base_color=(1, 0, 0, 1)), material("right", base_color=(0, 0, 1, 1)), faces=2)
    mirrored = obj.data.uv_layers.new(name="Mirrored")
    for loop in mirrored.data:
        loop.uv = (1 - loop.uv[0], loop.uv[1])
    bake(maps={"base_color"}, margin_px=0)
    bake(maps={"base_color"}, margin_px=0, uv_map="Mirrored")
    straight, turned = pixels("Strip_base_color"), pixels("Strip_base_color.001")
    assert np.allclose(straight[5, 5, :3], (1, 0, 0), atol=BYTE)
    assert np.allclose(turned[5, 5, :3], (0, 0, 1), atol=BYTE)


def notes(obj: bpy.types.Object) -> str:
    options = module("bake.settings").BakeOptions(maps=("roughness",), width_px=SIZE_PX, height_px=SIZE_PX)
    return "; ".join(note for item in module("bake.render.baked_maps").bake_maps(obj, options) for note in item.notes)


def test_uvs_outside_and_overlapping_are_counted() -> None:
    obj = plane(material(), faces=4)
    assert notes(obj) == ""
    layer = obj.data.uv_layers[0].data
    for index in obj.data.polygons[0].loop_indices:
        layer[index].uv[0] += 0.5
    assert "2 of 4 faces overlap" in notes(obj)
    for index in obj.data.polygons[0].loop_indices:
        layer[index].uv[0] += 1.0
    assert "1 of 4 faces reach out of the 0–1 square" in notes(obj)
    obj = plane(material(), faces=2)
    obj.modifiers.new("Mirror", "MIRROR")
    assert "overlap" in notes(obj), "modifiers count"


def geometry_nodes(obj: bpy.types.Object, kind: str) -> bpy.types.Node:
    """Give the object a modifier of one geometry node."""
    tree = bpy.data.node_groups.new("Modify", "GeometryNodeTree")
    for in_out in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Geometry", in_out=in_out, socket_type="NodeSocketGeometry")
    start, node, end = (tree.nodes.new(name) for name in ("NodeGroupInput", kind, "NodeGroupOutput"))
    tree.links.new(start.outputs[0], node.inputs[0])
    tree.links.new(node.outputs[0], end.inputs[0])
    obj.modifiers.new("Modify", "NODES").node_group = tree
    return node


def test_materials_from_modifiers_and_uvs_that_they_remove_are_said_not_baked_black() -> None:
    node = geometry_nodes(plane(material("own")), "GeometryNodeSetMaterial")
    node.inputs["Material"].default_value = material("brought")
    before = state()
    with pytest.raises(RuntimeError, match="modifiers of Strip give it materials that no slot has: brought; apply"):
        bake()
    assert state() == before
    bpy.ops.wm.read_homefile(use_empty=True)
    node = geometry_nodes(plane(material()), "GeometryNodeRemoveAttribute")
    node.inputs["Name"].default_value = "UVMap"
    with pytest.raises(RuntimeError, match="modifiers of Strip remove its UV map UVMap; apply"):
        bake()


def test_what_is_only_approximated_is_said() -> None:
    made = material()
    added = made.node_tree.nodes.new("ShaderNodeAddShader")
    made.node_tree.links.new(principled(made).outputs[0], added.inputs[0])
    made.node_tree.links.new(made.node_tree.nodes.new("ShaderNodeBsdfDiffuse").outputs[0], added.inputs[1])
    made.node_tree.links.new(added.outputs[0], output(made))
    assert "material: Add Shader is only approximated in roughness" in notes(plane(made))


# Nothing is lost


def hide(obj: bpy.types.Object) -> None:
    obj.hide_render = True
    obj.is_holdout = True


def edit(_obj: bpy.types.Object) -> None:
    bpy.ops.object.mode_set(mode="EDIT")


def unselect(obj: bpy.types.Object) -> None:
    obj.select_set(False)
    bpy.context.scene.render.engine = "BLENDER_WORKBENCH"
    bpy.context.scene.render.bake.margin = 3
    bpy.context.scene.cycles.samples = 77


def exclude(_obj: bpy.types.Object) -> None:
    bpy.context.scene.render.film_transparent = True
    bpy.context.scene.frame_set(33)


@pytest.mark.parametrize("change", [hide, edit, unselect, exclude])
def test_any_state_bakes_and_stays(change: Callable) -> None:
    change(plane(material(base_color=(*COLOR, 1))))
    before = state()
    assert np.allclose(baked("base_color"), srgb(COLOR), atol=BYTE)
    after = state()
    assert without_images(after) == without_images(before)
    assert set(after["images"]) - set(before["images"]) == {"Strip_base_color"}


def test_linked_objects_and_materials_bake(tmp_path: Path) -> None:
    made = material("linked", base_color=(1, 0, 0, 1))
    grouped(made, 2)
    obj = plane(made)
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {obj})
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.objects = ["Strip"]
    bpy.context.collection.objects.link(wanted.objects[0])
    bpy.context.view_layer.objects.active = wanted.objects[0]
    before = state()
    assert np.allclose(baked("base_color"), srgb((0.25, 0, 0.75)), atol=BYTE)
    assert without_images(state()) == without_images(before)
    with pytest.raises(RuntimeError, match="linked from another file; make it local"):
        bake(material="NEW")
    own = wanted.objects[0].override_create(remap_local_usages=True)
    own.data.override_create(remap_local_usages=True)
    own.active_material.override_create(remap_local_usages=True)
    bpy.context.view_layer.objects.active = own
    before = state()
    assert bake(maps={"metallic", "normal"}) == {"FINISHED"}, "of overrides too"
    assert without_images(state()) == without_images(before)


def empty_slot(obj: bpy.types.Object) -> None:
    obj.data.materials.append(None)
    obj.data.polygons[0].material_index = 1


def test_maps_of_the_mesh_need_no_material() -> None:
    """Nor do faces of an empty slot; a material's maps, and a material's mask, still do."""
    obj = plane()
    for maps in ({"ambient_occlusion"}, {"thickness", "curvature", "object_id", "island_id", "position"}):
        assert bake(maps=maps) == {"FINISHED"}
    obj.data.materials.append(None)
    assert bake(maps={"world_normal"}, material="NEW") == {"FINISHED"}
    obj.data.materials.clear()
    with pytest.raises(RuntimeError, match="has no material"):
        bake(maps={"ambient_occlusion", "roughness"})


BAD = {
    "UV map; unwrap it": lambda obj: obj.data.uv_layers.remove(obj.data.uv_layers[0]),
    "has no material; add one": lambda obj: obj.data.materials.clear(),
    "Material slot 2 of Strip is empty, but 1 faces use it; give it a material": empty_slot,
    "has no Material Output; add one": lambda obj: obj.material_slots[0].material.node_tree.nodes.clear(),
    "has no faces; add some": lambda obj: obj.data.clear_geometry() or obj.data.uv_layers.new(),
    "no active object; select a mesh": lambda obj: bpy.data.objects.remove(obj),
    "No face lies in the 0–1 square of the UV map; unwrap": out_of_square,
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused_with_its_remedy_and_loses_nothing(message: str) -> None:
    BAD[message](plane(material()))
    before = state()
    with pytest.raises(RuntimeError, match=message):
        bake()
    assert state() == before


def test_a_bake_that_is_given_up_leaves_nothing_behind() -> None:
    obj = plane(material())
    grouped(obj.active_material, 2)
    before = state()
    options = module("bake.settings").BakeOptions(width_px=SIZE_PX, height_px=SIZE_PX)
    passes = module("bake.render.baked_maps").bake_maps(obj, options)
    next(passes)
    assert len(bpy.data.scenes) == 2
    passes.close()
    assert state() == before


def test_bad_properties_are_refused() -> None:
    plane(material()).select_set(False)
    before = state()
    with pytest.raises(RuntimeError, match="no UV map called 'Other'; choose from UVMap"):
        bake(uv_map="Other")
    with pytest.raises(RuntimeError, match="No map is chosen; choose from base_color"):
        bake(maps=set())
    with pytest.raises(RuntimeError, match=r"relative to a \.blend file that was never saved"):
        bake(out_dir="//textures")
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    bpy.context.collection.objects.link(camera)
    bpy.context.view_layer.objects.active = camera
    with pytest.raises(RuntimeError, match="Camera is not a mesh but a camera; use Object > Convert"):
        bake()
    bpy.data.cameras.remove(camera.data)
    bpy.context.view_layer.objects.active = bpy.data.objects["Strip"]
    assert state() == before


def test_the_panel_says_which_of_several_objects_are_baked() -> None:
    for name in ("First", "Second"):
        plane(material()).name = name
    said = drawn(bpy.types.IMPASTO_PT_bake_view_3d).labels()
    assert "Second, First" in said
    assert "Left out: Plane has no material" in said
