"""Regions of images: their shapes; painted, taken from selections, kept with the image, and filled with all maps."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from blends import edit_faces, show_image
from conftest import packed_image, pixels_of, refused
from styling import made

STROKE = "[[0.25, 0.5], [0.5, 0.5]]"


@pytest.fixture
def regions(extension):
    return extension.region.regions


@pytest.fixture(autouse=True)
def doubles(extension, scene, monkeypatch):
    """The tools for tests, which fill and find in ways that are easy to check."""
    catalogue = extension.engine.catalogue.catalogue
    usual = {"fill": "plug", "landmarks": "spot", "mend": "negative"}
    monkeypatch.setattr(catalogue, "usual", lambda task: usual.get(task) or type(catalogue).usual(catalogue, task))


def test_a_painted_region_is_kept_with_the_image_and_its_pixels_are_not_touched(image, regions, tmp_path):
    before = pixels_of(image)
    bpy.ops.impasto.paint_region(image=image.name, points=STROKE, radius_px=4)
    mask = regions.region_of(image)
    assert mask.shape == (32, 48)
    assert mask[16, 12:24].all()
    assert not mask[:10].any()
    bpy.ops.impasto.paint_region(image=image.name, points="[[0.5, 0.5]]", radius_px=4, erase=True)
    assert not regions.region_of(image)[16, 23]
    assert regions.region_of(image)[16, 12]
    assert (pixels_of(image) == before).all()
    assert not image.is_dirty
    image.use_fake_user = True
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "kept.blend"))
    kept = regions.region_of(image).copy()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "kept.blend"))
    image = bpy.data.images["bricks.png"]
    assert (regions.region_of(image) == kept).all()
    image.scale(96, 64)
    assert (regions.region_of(image)[::2, ::2] == kept).all(), "it follows the image's size"
    bpy.ops.impasto.clear_region(image=image.name)
    assert not regions.has_region(image)
    for text in ("", "nonsense", "48x32 !!", "48x32 AAAA", "-1x5 AAAA"):
        image[regions.REGION] = text
        assert not regions.region_of(image).any(), text


@pytest.mark.essential
def test_filling_makes_a_new_image_that_differs_only_in_the_region(image, regions):
    bpy.ops.impasto.paint_region(image=image.name, points=STROKE, radius_px=4)
    mask, before = regions.region_of(image), pixels_of(image)
    bpy.ops.impasto.fill_region(image=image.name, parameters='{"value": 1.0}')
    assert made()["images"] == ["bricks_filled"]
    after = pixels_of(bpy.data.images["bricks_filled"])
    assert (after[mask][:, :3] == 1).all()
    assert (after[~mask] == before[~mask]).all()
    assert (pixels_of(image) == before).all()
    assert regions.has_region(image)
    assert not regions.has_region(bpy.data.images["bricks_filled"])
    bpy.ops.impasto.heal_stroke(image="bricks_filled", points="[[0.9, 0.1]]", radius_px=2)
    assert made()["images"] == ["bricks_filled.001"], "not …_filled_filled"


def test_an_empty_region_a_black_mask_and_a_sequence_are_refused(image):
    refused("no region", "fill_region", image=image.name)
    packed_image("black.png", np.zeros((8, 8, 3), np.uint8))
    refused("is black", "fill_region", image=image.name, mask="black.png")
    refused("no image called", "fill_region", image=image.name, mask="nowhere")
    frames = bpy.data.images.new("frames", 8, 8)
    frames.source = "SEQUENCE"
    for call in (bpy.ops.impasto.paint_region, bpy.ops.impasto.heal_stroke):
        refused("is a sequence", call, image=frames.name, points=STROKE)
    for points, reason in {"": "no points", "[1]": "no list", '{"a": 1}': "no list", "nonsense": "no list"}.items():
        refused(reason, "paint_region", image=image.name, points=points)


def test_all_maps_of_a_material_are_filled_together_and_old_ones_kept(material, image, extension):
    old = image.name
    rough = packed_image("rough.png", np.full((16, 24, 3), 200, np.uint8))
    rough.colorspace_settings.name = "Non-Color"
    show_image(material, rough, "Roughness")
    bpy.ops.impasto.paint_region(image=rough.name, points="[[0.5, 0.5]]", radius_px=3)
    bpy.ops.impasto.fill_region(image=rough.name, parameters='{"value": 0.0}')
    nodes = extension.bridge.surfaces.map_nodes(material)
    assert set(nodes) == {"base_color", "roughness"}
    assert made()["materials"] == ["bricks"]
    color, now = nodes["base_color"].image, nodes["roughness"].image
    assert (tuple(color.size), tuple(now.size)) == ((48, 32), (48, 32)), "at the size of the base colour"
    assert (pixels_of(color)[14:18, 22:26, :3] == 0).all()
    assert (pixels_of(now)[14:18, 22:26, :3] == 0).all()
    assert np.allclose(pixels_of(now)[:8, :, 0], 200 / 255, atol=0.01)
    assert now.colorspace_settings.is_data
    assert bpy.data.images[old] == image
    assert bpy.data.images["rough.png"] == rough
    assert set(extension.bridge.replaced.images_of(material)) == {"base_color", "roughness"}
    holes = show_image(material, packed_image("holes.png", np.full((32, 48, 3), 128, np.uint8)), "Alpha")
    holes.image.colorspace_settings.name = "Non-Color"
    packed_image("left.png", np.pad(np.full((16, 12, 3), 255, np.uint8), ((0, 0), (0, 12), (0, 0))))
    bpy.ops.impasto.fill_region(image=color.name, mask="left.png", parameters='{"value": 1.0}')
    assert holes.image.name != "holes.png", "a separate opacity stays separate"
    assert (pixels_of(holes.image)[1:, :23, 0] == 1).all()
    assert (pixels_of(holes.image)[1:, 25:, 0] < 0.6).all()
    before = extension.bridge.surfaces.map_nodes(material)["base_color"].image
    bpy.ops.impasto.mend_tiling(image=before.name)
    mended = extension.bridge.surfaces.map_nodes(material)["base_color"].image
    assert np.allclose(pixels_of(mended)[..., :3], 1 - pixels_of(before)[..., :3], atol=0.01)


def test_found_landmarks_become_the_region(regions):
    dark = np.full((32, 48, 3), 200, np.uint8)
    dark[4:8, 10:20] = 20
    image = packed_image("wall.png", dark)
    bpy.ops.impasto.find_landmarks(image=image.name)
    mask = regions.region_of(image)
    assert mask[4:8, 10:20].all()
    assert mask.sum() == 40
    assert "check the region" in made()["report"]
    even = packed_image("even.png", np.full((8, 8, 3), 9, np.uint8))
    bpy.ops.impasto.find_landmarks(image=even.name)
    assert "Found nothing" in made()["report"]
    assert not regions.has_region(even)


@pytest.fixture
def quads(plane):
    """The plane in edit mode as 4×4 faces, of which only one is selected."""
    edit_faces(bpy.ops.mesh.subdivide, number_cuts=3)
    for face in plane.data.polygons:
        face.select = face.center.x < -0.25 and face.center.y > 0.25  # the upper left quarter of a quarter
    bpy.context.tool_settings.mesh_select_mode = (False, False, True)
    bpy.ops.object.mode_set(mode="EDIT")
    return plane


@pytest.fixture
def mapped(material):
    """The material, with textures that UVs map."""
    tree = material.node_tree
    texture, mapping = tree.nodes["my texture"], tree.nodes["Mapping"]
    texture.extension = "REPEAT"
    source = tree.nodes.new("ShaderNodeTexCoord")
    tree.links.new(source.outputs["UV"], mapping.inputs["Vector"])
    return material


def test_selected_faces_are_filled_within_their_island(quads, mapped, image, extension):
    bpy.ops.impasto.fill_faces(margin_px=0)
    now = pixels_of(extension.bridge.surfaces.map_nodes(mapped)["base_color"].image)
    is_changed = (now != pixels_of(image)).any(2)
    assert is_changed[:8, :12].all()
    assert is_changed.sum() == 8 * 12
    assert np.allclose(now[:8, :12, 0], 1 / 255, atol=1e-3), "the island's colour is its number"
    bpy.ops.impasto.fill_faces(margin_px=2)
    wider = (pixels_of(extension.bridge.surfaces.map_nodes(mapped)["base_color"].image) != now).any(2)
    assert wider[:8, 12:14].all()
    assert wider[:8, -2:].all(), "the margin goes on beyond the borders"
    assert not wider[:, 20:40].any()


def test_faces_follow_the_mapping_of_the_material(quads, mapped, extension):
    mapping = mapped.node_tree.nodes["Mapping"]
    mapping.inputs["Scale"].default_value = (2, 2, 1)
    mapping.inputs["Location"].default_value = (0.5, 0, 0)
    chosen = extension.region.faces.faces_of(bpy.context, "", 0)
    assert chosen.mask[0][:16, 24:].all()
    assert chosen.mask[0].sum() == 16 * 24
    source = mapping.inputs["Vector"].links[0].from_node
    mapped.node_tree.links.new(source.outputs["Object"], mapping.inputs["Vector"])
    refused("not mapped by UVs alone", "fill_faces")


def test_islands_apart_are_in_other_colours(plane, mapped, image, extension):
    """Two halves of the plane are split in the UVs: only the one with the selected face may be used."""
    edit_faces(bpy.ops.mesh.subdivide, number_cuts=1)
    mesh = plane.data
    for face in mesh.polygons:
        face.select = face.center.x < 0 and face.center.y < 0
        for loop in face.loop_indices:
            uv = mesh.uv_layers.active.data[loop].uv
            uv.x = uv.x * 0.8 + (0.2 if face.center.x > 0 else 0)
    chosen = extension.region.faces.faces_of(bpy.context, plane.name, 0)
    islands = chosen.islands[0]
    colors = {place: tuple(islands[-1, place]) for place in (2, -2, 24)}
    assert colors == {2: (1, 0, 0), -2: (2, 0, 0), 24: (0, 0, 0)}, "in the one, in the other, between them"
    assert (islands[chosen.mask[0]] == (1, 0, 0)).all()


def test_filling_faces_names_what_is_missing(quads, mapped, image):
    texture = mapped.node_tree.nodes["my texture"]
    texture.image = bpy.data.images.new("frames", 8, 8)
    texture.image.source = "SEQUENCE"
    refused("is a sequence", "fill_faces")
    texture.image = image
    bpy.ops.mesh.select_all(action="DESELECT")
    refused("no face of Plane is selected", "fill_faces")
    refused("no mesh object called", "fill_faces", object="nothing")


def test_a_region_is_taken_from_selected_faces_or_from_the_uv_editors_own_selection(quads, image, regions, extension):
    bpy.context.tool_settings.use_uv_select_sync = True
    bpy.ops.impasto.use_selection(image=image.name, source="FACES")
    mask = regions.region_of(image)
    assert mask[:8, :12].all()
    assert mask.sum() == 8 * 12
    bpy.ops.mesh.select_all(action="DESELECT")
    refused("no faces are selected", "use_selection", image=image.name, source="FACES")
    bpy.ops.impasto.clear_region(image=image.name)
    import bmesh

    bpy.ops.mesh.select_all(action="SELECT")
    bpy.context.tool_settings.use_uv_select_sync = False
    mesh = bmesh.from_edit_mesh(quads.data)
    layer = mesh.loops.layers.uv.active
    for face in mesh.faces:
        is_chosen = face.calc_center_median().x > 0.25
        for loop in face.loops:
            if hasattr(loop, "uv_select_vert"):
                loop.uv_select_vert = is_chosen
            else:
                loop[layer].select = is_chosen
    bmesh.update_edit_mesh(quads.data)
    bpy.ops.impasto.use_selection(image=image.name, source="FACES")
    mask = regions.region_of(image)
    assert mask[:, 36:].all()
    assert not mask[:, :36].any()


def test_a_region_is_taken_from_a_mask_or_another_image(image, regions):
    mask = bpy.data.masks.new("spot")
    spline = mask.layers.new(name="one").splines.new()
    spline.use_cyclic = True
    spline.points.add(3)
    for point, (x, y) in zip(spline.points, [(0.25, 0.25), (0.5, 0.25), (0.5, 0.5), (0.25, 0.5)], strict=True):
        point.co = point.handle_left = point.handle_right = (x, y)
        point.handle_type = "VECTOR"
    bpy.ops.impasto.use_selection(image=image.name, source="MASK")
    found = regions.region_of(image)
    assert found.sum() == found[16:28, 12:24].sum() == 12 * 12, "masks are square on the longer side"
    white = np.zeros((32, 48, 3), np.uint8)
    white[:2] = 255
    packed_image("white.png", white)
    bpy.ops.impasto.use_selection(image=image.name, source="IMAGE", name="white.png")
    assert regions.region_of(image).sum() == 12 * 12 + 2 * 48
    refused("no mask called", "use_selection", image=image.name, source="MASK", name="nothing")


@pytest.fixture
def real(doubles, monkeypatch):
    """The tools that artists use."""
    monkeypatch.undo()


def test_the_tools_of_artists_fill_find_mend_and_extend(real, material, image, extension, regions):
    noise = np.random.default_rng(0).integers(90, 160, (64, 64, 3), np.uint8)
    noise[20:26, 20:26] = 255
    wall = packed_image("wall.png", noise)
    bpy.ops.impasto.find_landmarks(image=wall.name)
    assert regions.region_of(wall)[21:25, 21:25].all()
    bpy.ops.impasto.fill_region(image=wall.name)
    filled = pixels_of(bpy.data.images["wall_filled"])
    assert filled[20:26, 20:26, :3].max() < 0.8
    bpy.ops.impasto.mend_tiling(image=wall.name)
    assert made()["images"] == ["wall_mended"]
    bpy.ops.impasto.extend_image(image=wall.name, left=16, bottom=8)
    extended = bpy.data.images[made()["images"][0]]
    assert tuple(extended.size) == (80, 72)
    assert np.allclose(pixels_of(extended)[:64, 16:, :3], noise / 255, atol=0.01)
    refused("no side is extended", "extend_image", image=wall.name)
    bpy.ops.impasto.extend_image(image=image.name, right=24)
    new = bpy.data.materials[made()["materials"][0]]
    before = extension.bridge.materials.width_of(material.node_tree)
    assert extension.bridge.materials.width_of(new.node_tree) == pytest.approx(1.5 * before)
    assert material.node_tree.nodes["my texture"].image == image, "the mapping of the old one would not fit"


@pytest.fixture
def shapes(extension):
    return extension.region.shapes


def test_triangles_have_the_pixels_whose_centres_they_hold(shapes):
    triangles, low, high = shapes.triangles, 2.6, 5.4
    corners = np.float32([[(low, low), (high, low), (low, high)], [(high, low), (high, high), (low, high)]])
    found = triangles((8, 8), corners, np.int32([1, 2]))
    assert sorted(map(tuple, np.argwhere(found))) == [(3, 3), (3, 4), (4, 3), (4, 4)]
    assert (found[3, 3], found[4, 4]) == (1, 2)
    assert (triangles((8, 8), corners + np.float32((16, 8)), np.int32([1, 2])) == found).all(), "a texture repeats"
    assert set(triangles((8, 8), corners[[0, 0]], np.int32([1, 2])).flat) == {0, 2}, "the last of those that overlap"
    assert not triangles((8, 8), np.zeros((0, 3, 2)), np.zeros(0, np.int32)).any()


def test_a_stroke_is_round_and_wraps_where_it_shall(shapes):
    mask = np.zeros((20, 30), bool)
    shapes.stroke(mask, (10, 10), (20, 10), 3, True, False)
    assert mask[10, 8:22].all()
    assert mask.sum() == pytest.approx(10 * 6 + np.pi * 9, rel=0.05)
    shapes.stroke(mask, (10, 10), (20, 10), 3, False, False)
    assert not mask.any()
    shapes.stroke(mask, (29, 0), (29, 0), 3, True, False)
    assert not mask[-3:].any()
    assert not mask[:, :3].any()
    shapes.stroke(mask, (29, 20), (29, 20), 3, True, True)
    assert mask[[-1, 0, 0, -1], [0, 0, -1, -1]].all()
    assert mask.sum() == pytest.approx(np.pi * 9, rel=0.15)


def test_a_polygon_is_filled_by_the_even_odd_rule(shapes):
    inside = shapes.polygon((10, 10), [(2, 1), (7, 1), (7, 6), (2, 6)])
    assert inside.sum() == inside[1:6, 2:7].sum() == 25
    twice = [(2, 1), (7, 1), (7, 6), (2, 6)] * 2
    assert not shapes.polygon((10, 10), twice).any()
    around = shapes.polygon((10, 10), [(8, 8), (12, 8), (12, 12), (8, 12)], wraps=True)
    assert around.sum() == 16
    assert around[[9, 0, 1], [9, 0, 9]].all()


def test_a_shifted_view_meets_the_borders_in_the_middle(extension):
    view = extension.region.view
    plain = view.EditorView((100.0, 100.0), (50.0, 20.0))
    assert plain.to_image((50, 20), (10, 20)) == (0, 10)
    assert plain.to_image((150, 120), (10, 20)) == (20, 0)
    shifted = view.EditorView((100.0, 100.0), (50.0, 20.0), is_shifted=True)
    x, y = shifted.to_image((100, 70), (10, 20))
    assert (x % 20, y % 10) == (0, 0)
    assert [part for _, part in shifted.tiles((200, 200))] == [
        (0.5, 0.5, 1.0, 1.0),
        (0.0, 0.5, 0.5, 1.0),
        (0.5, 0.0, 1.0, 0.5),
        (0.0, 0.0, 0.5, 0.5),
    ]
    repeated = view.EditorView((100.0, 100.0), (50.0, 20.0), repeats=True)
    assert len(repeated.tiles((200, 200))) == 9
    assert len(view.EditorView((0.1, 0.1), (0.0, 0.0), repeats=True).tiles((2000, 2000))) <= 64**2
