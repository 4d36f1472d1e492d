# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking any object in any state, however odd: clear refusals, and nothing of the user's is touched."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import bmesh
import bpy
import numpy as np
import pytest
from baking import BYTE, COLOR, SIZE_PX, about, bake, bake_refused, baked, module, pixels, srgb, state, unchanged
from blends import from_library
from conftest import refused
from drawing import drawn
from solids import choose, cube
from strips import geometry_group, grouped, material, out_of_square, output, plane, principled

pytestmark = pytest.mark.usefixtures("scene")


def test_every_slot_bakes_its_own_material() -> None:
    same = material("same", base_color=(0, 1, 0, 1))
    plane(material("first", base_color=(1, 0, 0, 1)), same, same, faces=3)
    bpy.context.object.data.materials.append(None)  # no face uses it
    bake(maps={"base_color"}, margin_px=0)
    row = pixels("Strip_base_color")[SIZE_PX // 2, :, :3]
    assert np.allclose(row[:20], (1, 0, 0), atol=BYTE)
    assert np.allclose(row[23:], (0, 1, 0), atol=BYTE)
    assert about("Strip_base_color")["materials"] == ["first", "same"]


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
    obj.modifiers.new("Modify", "NODES").node_group, node = geometry_group(kind)
    return node


def test_materials_and_missing_uvs_of_modifiers_are_reported() -> None:
    node = geometry_nodes(plane(material("own")), "GeometryNodeSetMaterial")
    node.inputs["Material"].default_value = material("brought")
    bake_refused("modifiers of Strip give it materials that no slot has: brought; apply")
    bpy.ops.wm.read_homefile(use_empty=True)
    node = geometry_nodes(plane(material()), "GeometryNodeRemoveAttribute")
    node.inputs["Name"].default_value = "UVMap"
    refused("modifiers of Strip remove its UV map UVMap; apply", bake)


def test_approximated_shaders_are_reported() -> None:
    made = material()
    added = made.node_tree.nodes.new("ShaderNodeAddShader")
    made.node_tree.links.new(principled(made).outputs[0], added.inputs[0])
    made.node_tree.links.new(made.node_tree.nodes.new("ShaderNodeBsdfDiffuse").outputs[0], added.inputs[1])
    made.node_tree.links.new(added.outputs[0], output(made))
    assert "material: Add Shader is only approximated in roughness" in notes(plane(made))


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


def no_manifold(obj: bpy.types.Object) -> None:
    """A third face at an edge, a face that lies doubled, and loose points."""
    mesh = bmesh.new()
    mesh.from_mesh(obj.data)
    edge = next(iter(mesh.edges))
    outer = mesh.verts.new(edge.verts[0].co * 1.5)
    mesh.faces.new((*edge.verts, outer))
    doubled = [mesh.verts.new(one.co) for one in mesh.faces[:][0].verts]
    mesh.faces.new(doubled)
    mesh.verts.new((0, 0, 3))
    mesh.to_mesh(obj.data)
    mesh.free()


def inside_out(obj: bpy.types.Object) -> None:
    obj.data.flip_normals()


def inside_out_in_part(obj: bpy.types.Object) -> None:
    obj.data.polygons[0].flip()


@pytest.mark.parametrize("change", [hide, edit, unselect, exclude, no_manifold, inside_out, inside_out_in_part])
def test_objects_of_any_state_and_shape_bake_unchanged(change: Callable) -> None:
    obj = cube(2, lambda points: points, "Box", smooth=False)
    obj.data.materials.append(material("paint", base_color=(*COLOR, 1)))
    choose(obj)
    change(obj)
    images = set(bpy.data.images.keys())
    with unchanged():
        assert bake(maps={"base_color", "normal", "curvature"}) == {"FINISHED"}
    assert np.allclose(color_of("Box_base_color"), srgb(COLOR), atol=BYTE)
    assert np.isfinite(pixels("Box_normal")).all()
    assert set(bpy.data.images.keys()) - images == {f"Box_{name}" for name in ("base_color", "normal", "curvature")}


def test_linked_objects_and_materials_bake(tmp_path: Path) -> None:
    made = material("linked", base_color=(1, 0, 0, 1))
    grouped(made, 2)
    obj = plane(made)
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {obj})
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    linked = from_library(tmp_path / "library.blend", objects="Strip")
    with unchanged():
        assert np.allclose(baked("base_color"), srgb((0.25, 0, 0.75)), atol=BYTE)
    refused("linked from another file; make it local", bake, material="NEW")
    own = linked.override_create(remap_local_usages=True)
    own.data.override_create(remap_local_usages=True)
    own.active_material.override_create(remap_local_usages=True)
    bpy.context.view_layer.objects.active = own
    with unchanged():
        assert bake(maps={"metallic", "normal"}) == {"FINISHED"}, "of overrides too"


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
    refused("has no material", bake, maps={"ambient_occlusion", "roughness"})


BAD = {
    "UV map; unwrap it": lambda obj: obj.data.uv_layers.remove(obj.data.uv_layers[0]),
    "has no material; add one": lambda obj: obj.data.materials.clear(),
    "Material slot 2 of Strip is empty, but 1 faces use it; give it a material": empty_slot,
    "has no Material Output; add one": lambda obj: obj.material_slots[0].material.node_tree.nodes.clear(),
    "has no faces; add some": lambda obj: obj.data.clear_geometry() or obj.data.uv_layers.new(),
    "modifiers of Strip leave it no faces; add": lambda obj: obj.modifiers.new("Build", "BUILD"),
    "no active object; select a mesh": lambda obj: bpy.data.objects.remove(obj),
    "No face lies in the 0–1 square of the UV map; unwrap": out_of_square,
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused_with_its_remedy_and_loses_nothing(message: str) -> None:
    BAD[message](plane(material()))
    bake_refused(message)


def test_cancelled_bakes_leave_nothing_behind() -> None:
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
    before = state()  # the camera comes and goes
    refused("no UV map called 'Other'; choose from UVMap", bake, uv_map="Other")
    refused("No map is chosen; choose from base_color", bake, maps=set())
    refused(r"relative to a \.blend file that was never saved", bake, out_dir="//textures")
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    bpy.context.collection.objects.link(camera)
    bpy.context.view_layer.objects.active = camera
    refused("Camera is not a mesh but a camera; use Object > Convert", bake)
    bpy.data.cameras.remove(camera.data)
    bpy.context.view_layer.objects.active = bpy.data.objects["Strip"]
    assert state() == before


def test_the_panel_says_which_of_several_objects_are_baked() -> None:
    for name in ("First", "Second"):
        plane(material()).name = name
    said = drawn(bpy.types.IMPASTO_PT_bake_view_3d).labels()
    assert "Second, First" in said
    assert "Left out: Plane has no material" in said


def color_of(name: str) -> np.ndarray:
    """The colours (N, 3) of all texels."""
    return pixels(name)[..., :3].reshape(-1, 3)


def instance() -> bpy.types.Object:
    """An instance of a collection that holds a plane."""
    obj = plane(material(base_color=(*COLOR, 1)))
    collection = bpy.data.collections.new("Props")
    collection.objects.link(obj)
    empty = bpy.data.objects.new("Instance", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", collection
    bpy.context.scene.collection.objects.link(empty)
    choose(empty)
    return empty


def test_an_instance_of_a_collection_is_refused_or_left_out_and_named(capsys: pytest.CaptureFixture) -> None:
    empty = instance()
    bake_refused("Instance is an instance of a collection; make it real")

    choose(bpy.data.objects["Strip"], empty)
    with unchanged():
        assert bake(maps={"base_color"}) == {"FINISHED"}
    assert "left out: Instance is an instance of a collection" in capsys.readouterr().out
    assert np.allclose(color_of("Strip_base_color"), srgb(COLOR), atol=BYTE)


def overridden(folder: Path) -> bpy.types.Object:
    """A library override of a plane that lies in another file."""
    obj = plane(material("linked", base_color=(*COLOR, 1)))
    collection = bpy.data.collections.new("Props")
    collection.objects.link(obj)
    bpy.data.libraries.write(str(folder / "library.blend"), {collection})
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    from_library(folder / "library.blend", collections="Props").override_hierarchy_create(
        bpy.context.scene, bpy.context.view_layer
    )
    made = next(one for one in bpy.data.objects if one.override_library)
    choose(made)
    return made


@pytest.mark.parametrize("target", ["NONE", "NEW"])
def test_library_overrides_are_baked_and_take_the_new_material(target: str, tmp_path: Path) -> None:
    obj = overridden(tmp_path)
    with unchanged() if target == "NONE" else nullcontext():
        assert bake(maps={"base_color"}, material=target) == {"FINISHED"}
    assert np.allclose(color_of("Strip_base_color"), srgb(COLOR), atol=BYTE)
    if target == "NEW":
        assert obj.active_material.name == "Strip Baked"
        linked = next(one for one in bpy.data.objects if one.library)
        assert linked.active_material.name == "linked"


def test_faces_without_area_are_reported_and_the_others_baked(capsys: pytest.CaptureFixture) -> None:
    obj = plane(material("lost", base_color=(0, 1, 0, 1)), material("kept", base_color=(*COLOR, 1)), faces=2)
    for loop in obj.data.polygons[0].loop_indices:
        obj.data.uv_layers[0].data[loop].uv = (0.2, 0.2)
    with unchanged():
        assert bake(maps={"base_color"}, margin_px=0) == {"FINISHED"}
    assert "1 of 2 faces have no area in UVMap" in capsys.readouterr().out
    assert np.allclose(pixels("Strip_base_color")[:, SIZE_PX // 2 + 2 :, :3], srgb(COLOR), atol=BYTE)
    for loop in obj.data.uv_layers[0].data:
        loop.uv = (0.5, 0.5)
    refused("No face lies in the 0–1 square of the UV map; unwrap", bake)


def low_and_high() -> tuple[bpy.types.Object, bpy.types.Object]:
    low = cube(2, lambda points: points, "Box_low", smooth=False)
    high = cube(4, lambda points: 1.05 * points, "Box_high", smooth=False)
    high.data.materials.append(material("paint", base_color=(*COLOR, 1)))
    return low, high


@pytest.mark.parametrize("change", [no_manifold, inside_out_in_part])
def test_from_high_to_low_odd_shapes_are_baked_and_never_black(change: Callable) -> None:
    low, high = low_and_high()
    change(low)
    choose(low, high)
    with unchanged():
        assert bake(maps={"base_color"}, surface="SELECTED") == {"FINISHED"}
    assert np.allclose(color_of("Box_low_base_color"), srgb(COLOR), atol=BYTE)


@pytest.mark.parametrize("which", ["low", "high"])
def test_inside_out_high_objects_are_reported(which: str, capsys: pytest.CaptureFixture) -> None:
    low, high = low_and_high()
    inside_out({"low": low, "high": high}[which])
    choose(low, high)
    with unchanged():
        assert bake(maps={"base_color"}, surface="SELECTED") == {"FINISHED"}
    assert f"faces of Box_{which} point inwards; turn them" in capsys.readouterr().out.replace(". Turn", "; turn")
    inside_out({"low": low, "high": high}[which])
    bake(maps={"base_color"}, surface="SELECTED")
    assert "point inwards" not in capsys.readouterr().out
