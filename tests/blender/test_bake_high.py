# SPDX-License-Identifier: GPL-3.0-or-later
"""High to low against solids of known form, and the cases in which it cannot work."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import numpy as np
import pytest
from baking import BYTE, COLOR, about, bake, bake_refused, module, pixels, srgb, state, unchanged
from conftest import refused
from drawing import drawn
from mathutils import Matrix
from solids import (
    angles,
    chamfered,
    chamfered_normals,
    choose,
    cube,
    displaced,
    displaced_normals,
    read_normals,
    sphere,
    unit,
)
from strips import material, plane

pytestmark = pytest.mark.usefixtures("scene")
SIZE_PX = 256
SIZE = {"width_px": SIZE_PX, "height_px": SIZE_PX}


@pytest.mark.slow
def test_normals_of_a_displaced_sphere_are_its_own(capsys: pytest.CaptureFixture) -> None:
    low = cube(8, sphere, "Ball_low", smooth=True)
    choose(low, cube(96, displaced, "Ball_high", smooth=True))
    bake(maps={"normal"}, surface="SELECTED", margin_px=0, **SIZE)
    points, normals = read_normals(low, pixels("Ball_low_normal"))
    off = angles(normals, displaced_normals(unit(points)))
    flat = angles(unit(points), displaced_normals(unit(points)))
    assert len(points) > 0.8 * SIZE_PX**2
    assert np.median(flat) > 5
    assert np.median(off) < 1
    assert np.percentile(off, 99) < 3
    assert "show no high object" not in capsys.readouterr().out


@pytest.mark.parametrize("scale", [1.0, 1.2])
def test_a_chamfer_on_a_cube_with_hard_or_split_edges_has_no_gaps(scale: float, capsys: pytest.CaptureFixture) -> None:
    """Edges are split by exports. Straight rays would see less of the larger chamfer."""
    low, high = cube(1, lambda points: points, "Box_low", smooth=False), chamfered("Box_high")
    if scale > 1:
        low.modifiers.new("Split", "EDGE_SPLIT")
    high.scale = (scale, scale, scale)
    choose(low, high)
    bake(maps={"normal"}, surface="SELECTED", margin_px=0, **SIZE)
    points, normals = read_normals(low, pixels("Box_low_normal"))
    off = angles(normals, chamfered_normals(points))
    assert np.median(off) < 1
    assert np.mean(off < 1) > 0.97, "all but the pixels on the edges of the chamfer"
    assert "show no high object" not in capsys.readouterr().out


def plates(name: str, heights: tuple[float, float]) -> bpy.types.Object:
    """Two plates that face each other, whose islands are the left and the right half of the square."""
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    mesh = bpy.data.meshes.new(name)
    points = [(x, y, height) for height in heights for x, y in corners]
    mesh.from_pydata(points, [], [(0, 1, 2, 3), (7, 6, 5, 4)])
    layer = mesh.uv_layers.new(name="UVMap").data
    for loop in mesh.loops:
        x, y = corners[loop.vertex_index % 4]
        layer[loop.index].uv = ((x + 1.2) / 4.8 + loop.vertex_index // 4 / 2, (y + 1.2) / 2.4)
    for face, color in zip(mesh.polygons, ((1, 0, 0, 1), (0, 0, 1, 1)), strict=True):
        mesh.materials.append(material(f"{name} {face.index}", base_color=color))
        face.material_index = face.index
    made = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(made)
    return made


def test_rays_do_not_begin_beyond_the_opposite_wall() -> None:
    choose(plates("Gap_low", (0.0, 0.5)), plates("Gap_high", (-0.1, 0.6)))
    bake(maps={"base_color"}, surface="SELECTED", **SIZE)
    baked, half = pixels("Gap_low_base_color"), SIZE_PX // 2
    assert np.allclose(baked[20:-20, 20 : half - 20, :3], (1, 0, 0), atol=BYTE)
    assert np.allclose(baked[20:-20, half + 20 : -20, :3], (0, 0, 1), atol=BYTE)


# Values


def painted_high(name: str, color: tuple[float, ...] = COLOR, scale: float = 1.05) -> bpy.types.Object:
    high = cube(4, lambda points: scale * points, name, smooth=False)
    high.data.materials.append(material(f"{name} paint", base_color=(*color, 1), roughness=0.3, metallic=1.0))
    return high


def low_cube(name: str = "Box_low") -> bpy.types.Object:
    return cube(1, lambda points: points, name, smooth=False)


def faces(name: str) -> np.ndarray:
    """Colours (6, 3) in the middle of the islands of the faces."""
    baked = pixels(name)
    places = [((index // 3 + 0.5) / 2, (index % 3 + 0.5) / 3) for index in range(6)]
    return np.array([baked[int(v * len(baked)), int(u * len(baked)), :3] for v, u in places])


def test_values_are_those_of_the_high_materials(capsys: pytest.CaptureFixture) -> None:
    """Of several objects, of which one has no material; an empty, such as an instance, is left out and named."""
    top = cube(1, lambda points: 0.5 * points + (0, 0, 0.6), "Top", smooth=False)
    empty = bpy.data.objects.new("Instances", None)
    bpy.context.collection.objects.link(empty)
    choose(low_cube(), painted_high("Box_high", scale=0.98), top, empty)
    bake(maps={"base_color", "roughness", "metallic"}, surface="SELECTED", **SIZE)
    assert "left out: Instances" in capsys.readouterr().out
    painted, bare = [0, 1, 2, 3, 5], 4
    assert np.allclose(faces("Box_low_base_color")[painted], srgb(COLOR), atol=BYTE)
    assert np.allclose(faces("Box_low_base_color")[bare], srgb((0.8, 0.8, 0.8)), atol=BYTE)
    assert np.allclose(faces("Box_low_roughness")[painted], 0.3, atol=BYTE)
    assert np.allclose(faces("Box_low_metallic")[painted], 1.0, atol=BYTE)
    record = about("Box_low_base_color")
    assert set(record["high"].split(", ")) == {"Box_high", "Top"}
    assert record["materials"] == ["Box_high paint"]


@pytest.mark.slow
def test_occlusion_is_that_of_the_high_objects() -> None:
    """A lid close above the top face lies in the dark below; neither the low object nor the cage shades anything."""
    low = low_cube()
    choose(low, painted_high("Box_high", scale=0.99))
    bake(maps={"ambient_occlusion"}, surface="SELECTED", **SIZE)
    assert faces("Box_low_ambient_occlusion").min() > 0.99


@pytest.mark.parametrize("scale", [0.01, 100.0])
def test_scaled_objects_are_met(scale: float, capsys: pytest.CaptureFixture) -> None:
    high = cube(4, lambda points: 1.05 / scale * points, "Box_high", smooth=False)
    high.scale = [scale] * 3
    choose(low_cube(), high)
    bake(maps={"normal"}, surface="SELECTED", **SIZE)
    assert np.allclose(faces("Box_low_normal"), (0.5, 0.5, 1), atol=1e-3)
    assert "show no high object" not in capsys.readouterr().out


def subdivided(high: bpy.types.Object) -> None:
    bpy.context.view_layer.objects.active = high
    high.modifiers.new("Multires", "MULTIRES")
    bpy.ops.object.multires_subdivide(modifier="Multires", mode="SIMPLE")


def hidden(high: bpy.types.Object) -> None:
    high.hide_render = high.hide_viewport = True


def in_hidden_collection(high: bpy.types.Object) -> None:
    away = bpy.data.collections.new("Away")
    bpy.context.scene.collection.children.link(away)
    for collection in high.users_collection:
        collection.objects.unlink(high)
    away.objects.link(high)
    bpy.context.view_layer.layer_collection.children["Away"].exclude = True


@pytest.mark.parametrize("change", [subdivided, hidden, in_hidden_collection])
def test_multiresolution_and_hidden_objects_are_baked_and_stay(change: Callable) -> None:
    low, high = low_cube(), painted_high("Box_high")
    change(high)
    choose(low)
    with unchanged():
        bake(maps={"base_color", "normal"}, surface="NAMED", **SIZE)
    assert np.allclose(faces("Box_low_base_color"), srgb(COLOR), atol=BYTE)
    assert np.allclose(faces("Box_low_normal"), (0.5, 0.5, 1), atol=1e-3)


# Names, sets and cages


def test_names_find_the_high_objects_of_each_low_one() -> None:
    first, second = low_cube("Crate_low"), low_cube("Lid_LOW")
    second.location.x = 5
    bpy.context.view_layer.update()
    painted_high("Crate_high.001", (1, 0, 0))
    painted_high("crate_high_bolts", (1, 0, 0), 1.01)
    painted_high("Crate_highway", (0, 1, 0), 1.06)
    painted_high("Lid_high", (0, 0, 1)).location.x = 5
    choose(first, second)
    bake(maps={"base_color"}, surface="NAMED", material="NEW", **SIZE)
    assert np.allclose(faces("Crate_low_base_color"), (1, 0, 0), atol=BYTE)
    assert np.allclose(faces("Lid_LOW_base_color"), (0, 0, 1), atol=BYTE)
    assert about("Crate_low_base_color")["high"] == ("Crate_high.001, crate_high_bolts")
    assert [item.active_material.name for item in (first, second)] == ["Crate_low Baked", "Lid_LOW Baked"]


def test_other_suffixes_can_be_chosen() -> None:
    choose(low_cube("Box.lp"))
    painted_high("Box.hp")
    suffixes = {"low_suffix": ".lp", "high_suffix": ".hp"}
    bake(maps={"base_color"}, surface="NAMED", **suffixes, **SIZE)
    assert np.allclose(faces("Box.lp_base_color"), srgb(COLOR), atol=BYTE)
    refused(
        "suffixes of low, high and cage are not three different ones",
        bake,
        surface="NAMED",
        **{**suffixes, "high_suffix": ".LP"},
    )


def halve(low: bpy.types.Object, left: float) -> None:
    for loop in low.data.uv_layers[0].data:
        loop.uv[0] = loop.uv[0] / 2 + left


def test_low_objects_can_share_a_set_and_each_shows_its_own_high_one() -> None:
    for left, name, color in ((0.0, "First", (1, 0, 0)), (0.5, "Second", (0, 0, 1))):
        halve(low_cube(f"{name}_low"), left)
        painted_high(f"{name}_high", color)
    choose(bpy.data.objects["First_low"], bpy.data.objects["Second_low"])
    bake(maps={"base_color"}, surface="NAMED", target="ONE", margin_type="EXTEND", **SIZE)
    baked = pixels("First_low_base_color")
    assert np.allclose(baked[:, : SIZE_PX // 2 - 8, :3], (1, 0, 0), atol=BYTE)
    assert np.allclose(baked[:, SIZE_PX // 2 + 8 :, :3], (0, 0, 1), atol=BYTE)


def test_among_several_cages_the_low_objects_number_decides() -> None:
    for number in ("", ".001"):
        low_cube(f"Box_low{number}")
    painted_high("Box_high", (1, 0, 0))
    painted_high("Box_high_shell", (0, 1, 0), 1.5)
    for number, size in (("", 1.2), (".001", 1.8)):
        cube(1, lambda points, size=size: size * points, f"Box_cage{number}", smooth=False)
    choose(bpy.data.objects["Box_low.001"], bpy.data.objects["Box_low"])
    bake(maps={"base_color"}, surface="NAMED", **SIZE)
    assert np.allclose(faces("Box_low_base_color"), (1, 0, 0), atol=BYTE)
    assert np.allclose(faces("Box_low.001_base_color"), (0, 1, 0), atol=BYTE)


def test_a_cage_decides_where_rays_begin() -> None:
    """A shell outside a cage is not seen."""
    choose(low_cube())
    painted_high("Box_high", (1, 0, 0))
    painted_high("Box_high_shell", (0, 1, 0), 1.5)
    cage_of(1.2)
    bake(maps={"base_color"}, surface="NAMED", **SIZE)
    assert np.allclose(faces("Box_low_base_color"), (1, 0, 0), atol=BYTE)
    assert not module("bake.overlay").are_misses_on(), "no ray missed"
    bpy.data.objects.remove(bpy.data.objects["Box_cage"])
    bake(maps={"base_color"}, surface="NAMED", extrusion=0.8, **SIZE)
    assert np.allclose(faces("Box_low_base_color.001"), (0, 1, 0), atol=BYTE)


# Bad cases


def cage_of(size: float, steps: int = 1) -> bpy.types.Object:
    return cube(steps, lambda points: size * points, "Box_cage", smooth=False)


def other_cage(low: bpy.types.Object) -> None:
    painted_high("Box_high")
    cage_of(1.2, steps=2)


def turned_cage(low: bpy.types.Object) -> None:
    painted_high("Box_high")
    cage_of(1.2).data.flip_normals()


def without_uvs(low: bpy.types.Object) -> None:
    painted_high("Box_high")
    low.data.uv_layers.remove(low.data.uv_layers[0])


def far_away(low: bpy.types.Object) -> None:
    cube(1, lambda points: 0.1 * points + (0, 50, 50), "Box_high", smooth=False)


def without_faces(low: bpy.types.Object) -> None:
    painted_high("Box_high").data.clear_geometry()


BAD = {
    "cage Box_cage has another topology than Box_low; make it of a copy of Box_low": other_cage,
    "cage Box_cage has another topology": turned_cage,
    "Box_low has no UV map; unwrap it": without_uvs,
    "Box_low has no high object; call one Box_high, or change High Suffix": lambda low: None,
    "no high object lies above or below the faces of Box_low; move them": far_away,
    "no high object lies above or below the faces": without_faces,
    "No selected mesh has _low in its name; select the low objects": lambda low: setattr(low, "name", "Box"),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused_with_its_remedy_and_loses_nothing(message: str) -> None:
    low = low_cube()
    BAD[message](low)
    choose(low)
    bake_refused(message, surface="NAMED", **SIZE)


def test_high_objects_that_no_ray_meets_or_that_are_not_there_are_refused() -> None:
    choose(low_cube(), painted_high("Box_high", scale=2.0))
    refused(
        "no ray from the low objects meets a high one; set Extrusion",
        bake,
        surface="SELECTED",
        extrusion=0.1,
        ray_distance=0.1,
        **SIZE,
    )
    refused("set Ray Distance to 0, so that it is found", bake, surface="SELECTED", ray_distance=0.1, **SIZE)

    choose(bpy.data.objects["Box_low"])
    refused("No other mesh is selected; select the high objects, and Box_low last", bake, surface="SELECTED")


def test_advice_never_names_a_distance_that_is_0_already(capsys: pytest.CaptureFixture) -> None:
    """Only the lower face has a high one, so that found distances cannot help."""
    high = plane(material())
    high.name = "Low_high"
    high.data.transform(Matrix.Translation((-0.5, -0.5, -1.05)))
    choose(low_cube(), high)
    bake(maps={"base_color"}, surface="SELECTED", **SIZE)
    said = capsys.readouterr().out
    assert "pixels show no high object" in said
    assert "let the high objects cover the low one" in said
    assert "to 0" not in said


# The cage and the misses in the 3D view


def cage_points(extrusion: float = 0.0) -> np.ndarray:
    """The points of the cage that is drawn, once it is known."""
    overlay = module("bake.overlay")
    overlay.shells_now(bpy.context)
    overlay.shells.catch_up()
    (shell,) = overlay.shells_now(bpy.context).shells
    assert shell.triangles.max() == shell.edges.max() == len(shell.cage.surface) - 1
    return shell.cage.points(extrusion)


def test_the_cage_that_is_drawn_is_where_rays_begin_and_follows_its_extrusion() -> None:
    low, high = low_cube(), painted_high("Box_high", scale=1.2)
    low.location = high.location = (3, 0, 0)
    high.hide_viewport = True
    choose(low)
    bpy.context.scene.impasto_bake.surface = "NAMED"
    bpy.context.view_layer.update()
    before = state()
    found = np.abs(cage_points() - (3, 0, 0))
    assert np.allclose(found, found[0, 0]), "the cage of a cube is a cube"
    assert 1.2 < found[0, 0] < 1.4
    assert np.allclose(np.abs(cage_points(0.7) - (3, 0, 0)), 1.7)
    assert state() == before
    bpy.context.view_layer.update()
    assert not module("bake.overlay").shells._is_stale, "it would be computed again and again"
    cage = cage_of(1.5)
    for own, other in zip(cage.data.vertices, low.data.vertices, strict=True):
        assert np.dot(own.co, other.co) > 0
    bpy.context.view_layer.update()
    assert np.allclose(np.abs(cage_points(0.7)), 1.5), "a given cage stays where it is"


def test_a_cage_that_cannot_be_made_says_why_in_the_panel() -> None:
    other_cage(low := low_cube())
    choose(low)
    bpy.context.scene.impasto_bake.surface = "NAMED"
    overlay = module("bake.overlay")
    before = state()
    bpy.ops.impasto.show_cage()
    overlay.shells_now(bpy.context)
    overlay.shells.catch_up()
    said = " ".join(drawn(bpy.types.IMPASTO_PT_bake_view_3d).labels())
    assert "The cage Box_cage has another topology than Box_low" in said
    assert state() == before
    bpy.ops.impasto.show_cage()
    assert not overlay.is_cage_on()


def test_missed_pixels_are_shown_where_they_lie_and_move_with_the_object(capsys: pytest.CaptureFixture) -> None:
    """The high cube lacks its upper half. The pixels are filled, and never black."""
    low, half = low_cube(), painted_high("Box_high")
    lower = np.array([one.co for one in half.data.vertices]).clip(-1.05, 0.0)
    half.data.vertices.foreach_set("co", (lower * (2, 2, 1) + (1.05, 1.05, 0)).ravel())
    choose(low, half)
    options = {"surface": "SELECTED", "extrusion": 0.1, "ray_distance": 0.2}
    bake(maps={"base_color", "roughness"}, **options, **SIZE)
    assert "pixels show no high object, and are filled" in capsys.readouterr().out
    assert np.allclose(pixels("Box_low_base_color")[..., :3], srgb(COLOR), atol=BYTE)
    overlay = module("bake.overlay")
    points = np.array(overlay.missed_points())
    assert overlay.are_misses_on()
    assert overlay.missed_count() > len(points) > 1000
    assert np.allclose(np.abs(points).max(axis=1), 1.0, atol=1e-3), "not on the cube"
    assert points[:, 2].min() > -0.05, "the lower half is not missed"
    low.location.x = 5
    bpy.context.view_layer.update()
    assert np.allclose(np.array(overlay.missed_points()), np.add(points, (5, 0, 0)), atol=1e-5)
    bpy.data.objects.remove(low)
    assert not overlay.missed_points()
    bpy.ops.wm.read_homefile(use_empty=True)
    assert not overlay.are_misses_on()
    assert not overlay.missed_count()
