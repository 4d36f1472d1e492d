# SPDX-License-Identifier: GPL-3.0-or-later
"""Maps of an object's shape, against the analytic truth of simple shapes."""

from __future__ import annotations

import itertools
import math

import bmesh
import bpy
import numpy as np
import pytest
from baking import BYTE, SIZE_PX, about, bake, module, pixels, srgb, unchanged
from blends import use_working_space
from mathutils import Euler, Matrix
from strips import material, plane

pytestmark = pytest.mark.usefixtures("scene")


def primitive(kind: str, **sizes: float) -> bmesh.types.BMesh:
    """A mesh of this kind with UVs."""
    mesh = bmesh.new()
    mesh.loops.layers.uv.verify()
    getattr(bmesh.ops, f"create_{kind}")(mesh, calc_uvs=True, **sizes)
    return mesh


def shape(mesh: bmesh.types.BMesh, *, smooth: bool = False) -> bpy.types.Object:
    """The active object of a mesh with UVs."""
    for face in mesh.faces:
        face.smooth = smooth
    data = bpy.data.meshes.new("Shape")
    mesh.to_mesh(data)
    data.materials.append(material())
    made = bpy.data.objects.new("Shape", data)
    bpy.context.collection.objects.link(made)
    bpy.context.view_layer.objects.active = made
    made.select_set(True)
    return made


def sphere(radius: float = 1.0) -> bpy.types.Object:
    return shape(primitive("uvsphere", u_segments=64, v_segments=32, radius=radius), smooth=True)


def cube() -> bpy.types.Object:
    return shape(primitive("cube", size=2.0))


def valley(*, sign: float = -1.0) -> bpy.types.Object:
    """Two squares that meet at a right angle in the plane x = 0: an inner edge, or an outer one for sign 1."""
    mesh = bmesh.new()
    uvs = mesh.loops.layers.uv.verify()
    rows = [[mesh.verts.new((x, y, -sign * abs(x))) for y in (-1, 1)] for x in (-1, 0, 1)]
    for index in range(2):
        face = mesh.faces.new((rows[index][0], rows[index + 1][0], rows[index + 1][1], rows[index][1]))
        for loop in face.loops:
            loop[uvs].uv = (loop.vert.co.x / 2 + 0.5, loop.vert.co.y / 2 + 0.5)
    return shape(mesh)


def baked(name: str) -> np.ndarray:
    return pixels(f"Shape_{name}")[..., :3]


def test_position_is_relative_to_the_objects_bounding_box() -> None:
    obj = plane(material())
    obj.matrix_world = Matrix.LocRotScale((3, -2, 5), Euler((0.4, 1.1, -0.3)), (2, 0.5, 3))
    bake(maps={"position"}, margin_px=0)
    centres = (np.arange(SIZE_PX) + 0.5) / SIZE_PX
    position = pixels("Strip_position")
    # One sample lies anywhere in its pixel.
    assert np.abs(position[..., 0] - centres).max() <= 0.6 / SIZE_PX
    assert np.abs(position[..., 1] - centres[:, None]).max() <= 0.6 / SIZE_PX
    assert np.abs(position[..., 2]).max() == 0
    assert (about("Strip_position")["position_low"], about("Strip_position")["position_high"]) == ([0] * 3, [1, 1, 0])
    assert bpy.data.images["Strip_position"].is_float
    assert bpy.data.images["Strip_position"].colorspace_settings.name == "Non-Color"


def test_normals_of_a_sphere_point_away_from_its_middle_in_either_space() -> None:
    obj = sphere()
    obj.matrix_world = Matrix.LocRotScale((1, 2, 3), Euler((0.5, -0.8, 2.0)), (1, 2, 0.5))
    bake(maps={"position", "object_normal", "world_normal"}, margin_px=0)
    outwards = baked("position") * 2 - 1
    outwards /= np.linalg.norm(outwards, axis=2, keepdims=True)
    of_object, of_world = baked("object_normal") * 2 - 1, baked("world_normal") * 2 - 1
    assert np.median((of_object * outwards).sum(2)) > math.cos(math.radians(0.5))
    expected = outwards @ np.array(obj.matrix_world.to_3x3().inverted(), np.float32)
    expected /= np.linalg.norm(expected, axis=2, keepdims=True)
    assert np.median((of_world * expected).sum(2)) > math.cos(math.radians(0.5))
    assert np.median((of_world * outwards).sum(2)) < 0.95  # the spaces differ


@pytest.mark.slow
@pytest.mark.parametrize(("radius", "band_px"), [(0.5, 24), (2.0, 512)])
def test_the_curvature_of_a_sphere_is_the_same_everywhere(radius: float, band_px: int, monkeypatch) -> None:
    """1 / R: with an edge radius of a tenth of its diameter, 0.2 R, so 0.5 + 0.1. It is computed in bands."""
    monkeypatch.setattr(module("bake.maps.geometry"), "BAND_PX", band_px)
    sphere(radius)
    bake(maps={"curvature"}, width_px=256, height_px=256, samples=4, edge_radius=0.1)
    curvature = baked("curvature")[32:-32, :, 0]  # at the poles pixels are slivers
    assert np.median(curvature) == pytest.approx(0.6, abs=0.002)
    assert np.percentile(np.abs(curvature - 0.6), 95) < 0.02  # noise of the Bevel node
    assert about("Shape_curvature")["curvature_radius"] == pytest.approx(0.2 * radius)


@pytest.mark.slow
def test_a_saddle_has_no_mean_curvature_and_a_bowl_a_negative_one() -> None:
    """z = (x² - y²) / 2 and z = (x² + y²) / 2 at their middles, seen from above."""
    for sign, expected in ((-1.0, 0.0), (1.0, -1.0)):
        mesh = primitive("grid", x_segments=64, y_segments=64, size=0.25)
        for vertex in mesh.verts:
            vertex.co.z = (vertex.co.x**2 + sign * vertex.co.y**2) / 2
        obj = shape(mesh, smooth=True)
        obj.name = f"Relief {sign}"
        bake(maps={"curvature"}, width_px=128, height_px=128, samples=4, edge_radius=0.05)
        name = f"{obj.name}_curvature"
        middle = (np.median(pixels(name)[56:72, 56:72, 0]) - 0.5) * 2 / about(name)["curvature_radius"]
        assert middle == pytest.approx(expected, abs=0.06)
        obj.select_set(False)


def test_hard_edges_are_light_outside_and_dark_inside_and_planes_are_neither() -> None:
    found = {}
    for sign in (1.0, -1.0):
        valley(sign=sign)
        bake(maps={"curvature", "cavity", "edge_mask"}, width_px=128, height_px=128, edge_radius=0.05, margin_px=0)
        found[sign] = {name: baked(name)[20:-20, :, 0] for name in ("curvature", "cavity", "edge_mask")}
        bpy.data.batch_remove([*bpy.data.images, bpy.data.objects["Shape"]])
    edge, flat = slice(63, 65), slice(8, 40)
    convex, concave = found[1.0], found[-1.0]
    assert convex["curvature"][:, edge].mean() > 0.65
    assert concave["curvature"][:, edge].mean() < 0.35
    assert convex["edge_mask"][:, edge].mean() > 0.3 > concave["edge_mask"][:, edge].mean() + 0.25
    assert concave["cavity"][:, edge].mean() > 0.3 > convex["cavity"][:, edge].mean() + 0.25
    for one in found.values():
        assert np.allclose(one["curvature"][:, flat], 0.5, atol=1e-3)
        assert max(one["cavity"][:, flat].max(), one["edge_mask"][:, flat].max()) < 1e-3


def test_edges_beside_a_seam_are_seen_in_both_islands() -> None:
    cube()
    bake(maps={"edge_mask", "position"}, width_px=256, height_px=256, samples=4, edge_radius=0.05, margin_px=0)
    position = np.abs(baked("position") * 2 - 1)
    distance = 1 - np.sort(position, axis=2)[..., 1]  # to the nearest edge
    covered = position.max(axis=2) > 0.999
    edge = baked("edge_mask")[..., 0]
    assert np.mean(edge[covered & (distance < 0.02)] > 0.2) > 0.9
    assert edge[covered & (distance > 0.2)].max() < 0.01


@pytest.mark.slow
def test_thickness_is_the_mean_length_of_rays_inwards() -> None:
    """4/3 R in a sphere; 2t - t²/D in a wide slab of thickness t, for rays of up to a range D."""
    sphere()
    bake(maps={"thickness"}, samples=16, margin_px=0, thickness_range=2.0)
    assert np.median(baked("thickness")) == pytest.approx(4 / 3 / 2, abs=0.01)
    assert about("Shape_thickness")["thickness_range"] == pytest.approx(2.0)
    mesh = primitive("cube", size=1.0)
    bmesh.ops.scale(mesh, vec=(2, 2, 0.2), verts=mesh.verts)
    shape(mesh).name = "Slab"
    bake(maps={"thickness", "position", "object_normal"}, samples=16, margin_px=0, thickness_range=2.0)
    position = pixels("Slab_position")[..., :3] * (2, 2, 0.2) - (1, 1, 0.1)
    middle = (np.abs(position[..., :2]).max(axis=2) < 0.2) & (pixels("Slab_object_normal")[..., 2] > 0.99)
    expected = (2 * 0.2 - 0.2**2 / 2) / 2
    assert np.median(pixels("Slab_thickness")[middle, 0]) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("wall", [0.02, 0.2])
def test_a_hollow_barrel_shows_the_thickness_of_its_wall(wall: float) -> None:
    """A wide wall of thickness t has 2t, which is about the range; rays of up to that are 1.5 t long on average."""
    barrel = primitive("cone", segments=24, radius1=1, radius2=1, depth=3, cap_ends=True)
    modifier = shape(barrel).modifiers.new("Wall", "SOLIDIFY")
    modifier.thickness, modifier.use_even_offset = wall, True
    bpy.context.object.data.materials.clear()
    bake(maps={"thickness"}, margin_px=0)
    assert about("Shape_thickness")["thickness_range"] == pytest.approx(2 * wall, rel=0.3)
    values = baked("thickness")[..., 0]
    assert 0.5 < np.median(values) < 0.95
    assert np.percentile(values, 5) > 0.3


def test_maps_of_geometry_come_in_one_bake_with_others_and_leave_the_scene_alone() -> None:
    obj = cube()
    maps = {*module("bake.maps.geometry").GEOMETRY_MAPS, "roughness"}
    with unchanged():
        bake(maps=maps)
    bake(maps=maps, material="UNUSED", only_changed=True)
    assert np.allclose(baked("roughness"), 0.5, atol=BYTE)
    nodes = {node.label: node for node in bpy.data.materials["Shape Baked"].node_tree.nodes}
    assert nodes["Edge Mask"].image == bpy.data.images["Shape_edge_mask"]
    assert nodes["Roughness"].outputs["Color"].is_linked
    assert not any(nodes[label].outputs["Color"].is_linked for label in ("Edge Mask", "Position", "World Normal"))
    obj.modifiers.new("", "ARRAY").count = 3
    bake(maps={"position"}, margin_px=0)
    assert about("Shape_position.001")["position_high"] == pytest.approx([5, 1, 1]), "modifiers count"


def colors_in(name: str) -> set[tuple[int, ...]]:
    """The different colours of an image, in bytes."""
    return {tuple(color) for color in np.rint(pixels(name)[..., :3] * 255).astype(int).reshape(-1, 3)}


def in_bytes(*colors: tuple[float, ...]) -> set[tuple[int, ...]]:
    return {tuple(round(value * 255) for value in color) for color in colors}


@pytest.mark.parametrize("space", ["Linear Rec.709", "ACEScg"])
def test_each_material_and_each_name_has_one_colour_and_none_blend(space: str) -> None:
    use_working_space(space)
    obj, identity = plane(material("stone"), material("moss"), faces=3), module("bake.maps.identity")
    obj.color = (0.1, 0.2, 0.3, 1)
    known = identity.colors_of(["stone", "moss"])
    for name in ("Left", "Right"):
        obj.name = name
        bake(maps={"material_id", "object_id", "island_id"}, samples=16)
        assert colors_in(f"{name}_object_id") == in_bytes(*identity.colors_of([name]).values())
        assert colors_in(f"{name}_material_id") == in_bytes(*known.values())
        assert colors_in(f"{name}_island_id") == in_bytes(identity.number_color(0))
        assert in_bytes(pixels(f"{name}_material_id")[SIZE_PX // 2, 2, :3]) == in_bytes(known["stone"])
        assert bpy.data.images[f"{name}_material_id"].colorspace_settings.name == "Non-Color"
    assert colors_in("Left_object_id") != colors_in("Right_object_id")
    assert np.allclose(obj.color, (0.1, 0.2, 0.3, 1))


def test_each_uv_island_has_one_colour_and_its_margin_too() -> None:
    obj = plane(material(), faces=4)
    uvs = obj.data.uv_layers[0].data
    for index in (2, 3):  # the last two faces become an island of their own, a little apart
        for loop in obj.data.polygons[index].loop_indices:
            uvs[loop].uv = (0.6 + (uvs[loop].uv[0] - 0.5) * 0.5, uvs[loop].uv[1] * 0.5)
    bake(maps={"island_id"}, samples=16, margin_px=4)
    identity = module("bake.maps.identity")
    assert list(identity.uv_islands(obj.data, "UVMap")) == [0, 0, 1, 1]
    first, second = (identity.number_color(number) for number in (0, 1))
    assert colors_in("Strip_island_id") == in_bytes(first, second, (0, 0, 0))
    row = pixels("Strip_island_id")[SIZE_PX // 4, :, :3]
    assert in_bytes(row[34], row[36], row[50]) == in_bytes(first, second)  # 32 + margin, then 38 - margin
    assert len(obj.data.attributes) == len(plane(material(), faces=4).data.attributes)


def test_islands_stay_flat_under_a_subdivision() -> None:
    obj = plane(material(), faces=2)
    for loop in obj.data.polygons[1].loop_indices:
        obj.data.uv_layers[0].data[loop].uv[1] *= 0.5
    modifier = obj.modifiers.new("", "SUBSURF")
    modifier.levels = modifier.render_levels = 2
    bake(maps={"island_id"}, margin_px=2)
    assert len(colors_in("Strip_island_id") - {(0, 0, 0)}) == 2


def test_vertex_colours_come_back_as_they_are(capsys) -> None:
    plane(material())
    bake(maps={"vertex_color"})
    assert "the mesh has no vertex colours: their map is black" in capsys.readouterr().out
    assert colors_in("Strip_vertex_color") == {(0, 0, 0)}
    bpy.ops.wm.read_homefile(use_empty=True)
    obj = plane(material(), faces=2)
    wanted = ((0.8, 0.2, 0.1), (0.1, 0.4, 0.9))
    attribute = obj.data.color_attributes.new("Paint", "FLOAT_COLOR", "CORNER")
    for polygon, color in zip(obj.data.polygons, wanted, strict=True):
        for loop in polygon.loop_indices:
            attribute.data[loop].color = (*color, 1)
    bake(maps={"vertex_color"}, samples=16)
    for column, color in zip((8, SIZE_PX - 8), wanted, strict=True):
        assert np.allclose(pixels("Strip_vertex_color")[:, column, :3], srgb(color), atol=BYTE)
    assert len(colors_in("Strip_vertex_color")) == 2
    assert bpy.data.images["Strip_vertex_color"].colorspace_settings.name == "sRGB"


def test_colours_are_distinct_and_a_name_keeps_its_own_beside_others() -> None:
    identity = module("bake.maps.identity")
    colors = np.array([identity.number_color(number) for number in range(100)])
    assert min(np.abs(a - b).max() for a, b in itertools.combinations(colors, 2)) > 0.1
    assert colors.max(axis=1).min() > 0.2  # the ground is black
    names = [f"Material.{number:03}" for number in range(40)]
    assert len(set(identity.colors_of(names).values())) == len(names)
    assert identity.colors_of(names) == identity.colors_of(reversed(names))
    assert identity.colors_of(["a", "b"])["a"] == identity.colors_of(["a"])["a"]
