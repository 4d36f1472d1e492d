# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking of odd objects: instances, library overrides, meshes that are inside out or no manifold, faces without UVs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bmesh
import bpy
import numpy as np
import pytest
from baking import BYTE, COLOR, SIZE_PX, bake, material, pixels, plane, srgb, state, without_images
from solids import choose, cube

pytestmark = pytest.mark.usefixtures("scene")
SIZE = {"width_px": 128, "height_px": 128}


def color_of(name: str) -> np.ndarray:
    """The colours (N, 3) of all texels."""
    return pixels(name)[..., :3].reshape(-1, 3)


# Instances, links and overrides


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
    before = state()
    with pytest.raises(RuntimeError, match="Instance is an instance of a collection; make it real"):
        bake()
    assert state() == before

    choose(bpy.data.objects["Strip"], empty)
    before = state()
    assert bake(maps={"base_color"}) == {"FINISHED"}
    assert without_images(state()) == without_images(before)
    assert "left out: Instance is an instance of a collection" in capsys.readouterr().out
    assert np.allclose(color_of("Strip_base_color"), srgb(COLOR), atol=BYTE)


def overridden(folder: Path) -> bpy.types.Object:
    """A library override of a plane that lies in another file."""
    obj = plane(material("linked", base_color=(*COLOR, 1)))
    collection = bpy.data.collections.new("Props")
    collection.objects.link(obj)
    bpy.data.libraries.write(str(folder / "library.blend"), {collection})
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(str(folder / "library.blend"), link=True) as (_, wanted):
        wanted.collections = ["Props"]
    wanted.collections[0].override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
    made = next(one for one in bpy.data.objects if one.override_library)
    choose(made)
    return made


@pytest.mark.parametrize("target", ["NONE", "NEW"])
def test_library_overrides_are_baked_and_take_the_new_material(target: str, tmp_path: Path) -> None:
    obj = overridden(tmp_path)
    before = state()
    assert bake(maps={"base_color"}, material=target) == {"FINISHED"}
    assert np.allclose(color_of("Strip_base_color"), srgb(COLOR), atol=BYTE)
    if target == "NONE":
        assert without_images(state()) == without_images(before)
    else:
        assert obj.active_material.name == "Strip Baked"
        linked = next(one for one in bpy.data.objects if one.library)
        assert linked.active_material.name == "linked"


# UVs


def test_faces_without_area_are_told_and_the_others_are_baked(capsys: pytest.CaptureFixture) -> None:
    obj = plane(material("lost", base_color=(0, 1, 0, 1)), material("kept", base_color=(*COLOR, 1)), faces=2)
    for loop in obj.data.polygons[0].loop_indices:
        obj.data.uv_layers[0].data[loop].uv = (0.2, 0.2)
    before = state()
    assert bake(maps={"base_color"}, margin_px=0) == {"FINISHED"}
    assert "1 of 2 faces have no area in UVMap" in capsys.readouterr().out
    assert np.allclose(pixels("Strip_base_color")[:, SIZE_PX // 2 + 2 :, :3], srgb(COLOR), atol=BYTE)
    assert without_images(state()) == without_images(before)
    for loop in obj.data.uv_layers[0].data:
        loop.uv = (0.5, 0.5)
    with pytest.raises(RuntimeError, match="No face lies in the 0–1 square of the UV map; unwrap"):
        bake()


# Shapes


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
    mesh = bmesh.new()
    mesh.from_mesh(obj.data)
    mesh.faces.ensure_lookup_table()
    mesh.faces[0].normal_flip()
    mesh.to_mesh(obj.data)
    mesh.free()


@pytest.mark.parametrize("change", [no_manifold, inside_out, inside_out_in_part])
def test_odd_shapes_are_baked_by_themselves(change: Callable) -> None:
    obj = cube(2, lambda points: points, "Box", smooth=False)
    obj.data.materials.append(material("paint", base_color=(*COLOR, 1)))
    change(obj)
    choose(obj)
    before = state()
    assert bake(maps={"base_color", "normal", "curvature"}, **SIZE) == {"FINISHED"}
    assert np.allclose(color_of("Box_base_color"), srgb(COLOR), atol=BYTE)
    assert np.isfinite(pixels("Box_normal")).all()
    assert without_images(state()) == without_images(before)


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
    before = state()
    assert bake(maps={"base_color"}, surface="SELECTED", **SIZE) == {"FINISHED"}
    assert np.allclose(color_of("Box_low_base_color"), srgb(COLOR), atol=BYTE)
    assert without_images(state()) == without_images(before)


@pytest.mark.parametrize("which", ["low", "high"])
def test_from_high_to_low_what_is_inside_out_is_told(which: str, capsys: pytest.CaptureFixture) -> None:
    low, high = low_and_high()
    inside_out({"low": low, "high": high}[which])
    choose(low, high)
    before = state()
    assert bake(maps={"base_color"}, surface="SELECTED", **SIZE) == {"FINISHED"}
    assert f"faces of Box_{which} point inwards; turn them" in capsys.readouterr().out.replace(". Turn", "; turn")
    assert without_images(state()) == without_images(before)
    inside_out({"low": low, "high": high}[which])
    bake(maps={"base_color"}, surface="SELECTED", **SIZE)
    assert "point inwards" not in capsys.readouterr().out
