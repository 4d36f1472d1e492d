"""Materials made of maps: units of the scene, mapping to surfaces, room for the nodes, filters keep other maps."""

from __future__ import annotations

import json
import math

import bpy
import numpy as np
import pytest
from blends import camera, edit_faces, links_of, maps_of, render, show_image
from conftest import coordinates, packed_image, pixels_of

CHECKER = {"tool": "checker", "width_px": 16, "height_px": 8, "estimator": "none"}


def made_images() -> dict[str, bpy.types.Image]:
    return {image["impasto_map"]: image for image in bpy.data.images if "impasto_map" in image}


def nodes_of(material):
    return material.node_tree.nodes


def overlapping(extension, tree) -> list[tuple[str, str]]:
    boxes = [(node.name, extension.bridge.shader_tree.box_of(node)) for node in tree.nodes if node.type != "FRAME"]
    return [(one, other) for i, (one, a) in enumerate(boxes) for other, b in boxes[:i] if _share(a, b)]


def _share(a, b) -> bool:
    return a.left < b.right and b.left < a.right and a.bottom < b.top and b.bottom < a.top


class TestUnits:
    @pytest.mark.parametrize(("system", "scale", "shown"), [("METRIC", 0.01, "60 cm"), ("IMPERIAL", 1.0, "1.969'")])
    def test_a_tile_spans_its_real_width_in_the_scenes_units(self, scene, plane, image, system, scale, shown):
        """With a unit of a centimetre, 0.6 m are 60 units; the relief of the checker is 0.01 m."""
        scene.unit_settings.system, scene.unit_settings.scale_length = system, scale
        scene.impasto.tool, scene.impasto.source_kind, scene.impasto.image = "checker", "IMAGE", image
        scene.impasto.estimator, scene.impasto.width_m = "none", 0.6 / scale
        bpy.ops.impasto.generate()
        nodes = nodes_of(plane.active_material)
        assert nodes["Impasto Mapping"].inputs["Scale"].default_value[0] == pytest.approx(scale / 0.6, rel=1e-4)
        assert nodes["Impasto Mapping"].label == f"Real-World Scale ({shown} wide)"
        assert nodes["Impasto Displacement"].inputs["Scale"].default_value == pytest.approx(0.01 / scale, rel=1e-4)
        assert json.loads(plane.active_material["impasto_recipe"])["inputs"]["source"]["width_m"] == pytest.approx(0.6)

    def test_scripts_give_metres_and_relief_is_repainted_in_them_whatever_the_units(self, scene, plane, image):
        scene.unit_settings.scale_length = 0.01
        bpy.ops.impasto.run(**CHECKER, image=image.name, width_m=0.6)
        recipe = json.loads(plane.active_material["impasto_recipe"])
        assert recipe["inputs"]["source"]["width_m"] == pytest.approx(0.6)

        bpy.ops.impasto.run(**CHECKER, width_m=0.5)
        bpy.ops.impasto.stylize(
            tool="flat", subject="MATERIAL", style=image.name, parameters='{"relief": 1.0}', material="ACTIVE"
        )
        recipe = json.loads(plane.active_material["impasto_recipe"])
        assert recipe["inputs"]["source"]["width_m"] == pytest.approx(0.5)
        assert recipe["inputs"]["source"]["height_range_m"] == pytest.approx(0.01, rel=1e-4)
        scale = nodes_of(plane.active_material)["Impasto Displacement"].inputs["Scale"].default_value
        assert scale == pytest.approx(1.0, rel=1e-4)


class TestNodes:
    def test_unused_maps_stay_unlinked_in_the_material(self, plane):
        bpy.ops.impasto.run(**CHECKER)
        occlusion = nodes_of(plane.active_material)["Impasto Ambient Occlusion"]
        assert occlusion.image == made_images()["ambient_occlusion"]
        assert not occlusion.outputs["Color"].is_linked
        assert not any(image.use_fake_user for image in made_images().values())
        bpy.data.materials.remove(plane.active_material)
        bpy.data.orphans_purge()
        assert not made_images()

    def test_lava_glows_and_glass_transmits(self, extension):
        materials = extension.bridge.materials
        made = materials.new("glowing glass")
        images = {name: bpy.data.images.new(name, 8, 8) for name in ("emission", "transmission_weight")}
        materials.apply_maps(made, images, materials.Look())
        shader = extension.bridge.shader_tree.principled_of(made.node_tree)
        for name, socket in (("emission", "Emission Color"), ("transmission_weight", "Transmission Weight")):
            (link,) = shader.inputs[socket].links
            assert link.from_node.image == images[name]
        assert shader.inputs["Emission Strength"].default_value == 1

    def test_new_nodes_lie_on_none_that_is_there(self, plane, extension, image):
        """Also those of the second time, and those that a repainting adds."""
        material = extension.bridge.materials.new("mine")
        plane.active_material, tree = material, material.node_tree
        for x, y in ((-600, 500), (-640, 300), (-300, -200), (-900, 0)):
            tree.nodes.new("ShaderNodeTexNoise").location = (x, y)
        mine = {node.name: tuple(node.location) for node in tree.nodes}
        before = len(overlapping(extension, tree))
        for _ in range(2):
            bpy.ops.impasto.run(**CHECKER, material="ACTIVE")
            assert len(overlapping(extension, tree)) == before
        for name in ("Impasto Roughness", "Impasto Height", "Impasto Normal"):
            tree.nodes.remove(tree.nodes[name])
        given = {"parameters": '{"relief": 1.0}', "material": "ACTIVE", "style": image.name}
        bpy.ops.impasto.stylize(tool="flat", subject="MATERIAL", **given)
        assert {"Impasto Roughness", "Impasto Height", "Impasto Normal"} <= set(tree.nodes.keys())
        assert len(overlapping(extension, tree)) == before
        assert {name: tuple(tree.nodes[name].location) for name in mine} == mine

    def test_empty_node_trees_get_a_shader_beside_other_nodes(self, plane, extension):
        material = extension.bridge.materials.new("mine")
        material.node_tree.nodes.clear()
        material.node_tree.nodes.new("ShaderNodeTexNoise").location = (10, 300)
        plane.active_material = material
        bpy.ops.impasto.run(**CHECKER, material="ACTIVE")
        assert not overlapping(extension, material.node_tree)


class TestFilters:
    @pytest.fixture
    def tiles(self, plane):
        bpy.ops.impasto.run(**CHECKER, name="tiles")
        return plane.active_material

    @pytest.mark.parametrize("material", ["ACTIVE", "NEW"])
    def test_a_tinted_material_keeps_its_other_maps(self, plane, tiles, material):
        before = {name: node.image for name, node in nodes_of(tiles).items() if node.type == "TEX_IMAGE"}
        links = len(tiles.node_tree.links)
        blue = '{"dark": [0, 0, 0.2], "light": [0.2, 0.3, 1]}'
        bpy.ops.impasto.run(tool="tint", image="tiles_base_color", parameters=blue, material=material)
        made = plane.active_material
        after = {name: node.image for name, node in nodes_of(made).items() if node.type == "TEX_IMAGE"}
        tinted = after.pop("Impasto Base Color")
        assert tinted != before.pop("Impasto Base Color")
        assert after == before
        assert len(made.node_tree.links) == links
        mean = pixels_of(tinted)[..., :3].mean((0, 1))
        assert mean[2] > mean[0]
        assert (made == tiles) == (material == "ACTIVE")
        if material == "NEW":
            assert nodes_of(tiles)["Impasto Base Color"].image.name == "tiles_base_color"

    def test_tinted_photographs_make_new_materials_and_filters_replace_all_maps(self, plane, tiles, tmp_path):
        bpy.ops.impasto.run(**CHECKER, out_dir=str(tmp_path / "set"), name="other", seed=1, material="NONE")
        bpy.ops.impasto.run(tool="tint", source=str(tmp_path / "set"), material="ACTIVE")
        shown = {name: image.name for name, image in maps_of(tiles).items()}
        assert set(shown) == set(made_images())
        assert all(name.startswith("set_") for name in shown.values())
        heights = [pixels_of(bpy.data.images[name]) for name in (shown["height"], "other_height")]
        np.testing.assert_array_equal(*heights)

        packed_image("photo.png", coordinates(8, 8))
        bpy.ops.impasto.run(tool="tint", image="photo.png")
        assert plane.active_material.name == "photo"
        assert sum(node.type == "TEX_IMAGE" for node in nodes_of(plane.active_material)) == 1


@pytest.fixture
def cube(scene) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add()
    return bpy.context.object


def described(material: bpy.types.Material) -> tuple:
    """Coordinates, scale and projection, and by what the relief is seen."""
    nodes, links = nodes_of(material), links_of(material)
    images = {(node.projection, round(node.projection_blend, 3)) for node in nodes if node.type == "TEX_IMAGE"}
    (coordinates,) = {start for _, start, node, _ in links if node == "Impasto Mapping"}
    scale = tuple(round(value, 4) for value in nodes["Impasto Mapping"].inputs["Scale"].default_value)
    relief = {node.removeprefix("Impasto ") for node, _, _, end in links if end in ("Normal", "Displacement")}
    return coordinates, scale, images, relief


UV = ("UV", (1.5, 3.0, 1.0), {("FLAT", 0.0)}, {"Normal Map"})
BOX = ("Object", (1.5, 1.5, 3.0), {("BOX", 0.2)}, {"Displacement"})
ABOVE = ("Object", (1.5, 3.0, 1.0), {("FLAT", 0.0)}, {"Displacement"})
"""Two metres are three of its tiles, which are half as high as wide."""


def test_the_mapping_is_chosen_with_the_result_at_its_real_width_or_after_it(cube, image):
    for kind, expected in {"UV": UV, "BOX": BOX, "ABOVE": ABOVE}.items():
        bpy.ops.impasto.run(**CHECKER, image=image.name, width_m=2, mapping=kind)
        material = cube.active_material
        assert (material.impasto_mapping, described(material)) == (kind, expected)
    before = links_of(material)
    for kind, expected in {"UV": UV, "BOX": BOX, "ABOVE": ABOVE}.items():
        material.impasto_mapping = kind
        assert (material.impasto_mapping, described(material)) == (kind, expected)
    assert links_of(material) == before


def test_true_displacement_and_a_scale_that_was_changed_by_hand_stay(cube):
    bpy.ops.impasto.run(**CHECKER, use_displacement=True)
    material = cube.active_material
    nodes_of(material)["Impasto Mapping"].inputs["Scale"].default_value = (3, 5, 1)
    material.impasto_mapping = "BOX"
    assert described(material)[1::2] == ((3, 3, 5), {"Displacement"})
    material.impasto_mapping = "UV"
    assert described(material)[1::2] == ((3, 5, 1), {"Normal Map", "Displacement"})


def test_mapping_is_offered_only_for_unchanged_nodes(extension, cube, material):
    is_offered = extension.bridge.mapping.is_offered
    assert not is_offered(material)
    material.impasto_mapping = "BOX"
    assert material.impasto_mapping == "UV"
    bpy.ops.impasto.run(**CHECKER)
    made = cube.active_material
    assert is_offered(made)
    made.node_tree.nodes.remove(nodes_of(made)["Impasto Mapping"])
    assert not is_offered(made)
    assert made.impasto_mapping == "UV"


def rendered(azimuth: float) -> np.ndarray:
    """Brightness (H, W) of the middle of the cube, as an upright camera sees it from this side."""
    upright = camera((24, 24), width_m=1.6, samples=4)
    upright.location = (5 * math.sin(azimuth), -5 * math.cos(azimuth), 0.0)
    upright.rotation_euler = (math.pi / 2, 0, azimuth)
    return render()[..., 0]


def test_rows_lie_level_on_every_side_of_a_box(extension, scene, cube):
    """As Cycles renders it. With the UVs of a cube they stand upright on some sides."""
    rows = np.repeat((np.arange(16)[:, None, None] // 2 % 2) * 200 + 20, 16, 1).repeat(3, 2).astype(np.uint8)
    materials = extension.bridge.materials
    cube.active_material = made = materials.new("rows")
    materials.apply_maps(made, {"emission": packed_image("rows.png", rows)}, materials.Look(width_m=2.0))
    levels = {}
    for kind in ("UV", "BOX"):
        made.impasto_mapping = kind
        sides = [rendered(turn * math.pi / 2) for turn in range(4)]
        levels[kind] = [side.mean(1).std() > 4 * side.std(1).mean() for side in sides]
    assert levels["BOX"] == [True] * 4
    assert levels["UV"] != [True] * 4


def test_the_width_of_a_tile_is_changed_in_each_mapping_and_gives_the_density_of_texels(cube, image, extension):
    for kind in ("UV", "BOX", "ABOVE"):
        bpy.ops.impasto.run(**CHECKER, image=image.name, width_m=2, mapping=kind)
        material = cube.active_material
        before = nodes_of(material)["Impasto Mapping"].inputs["Scale"].default_value[:]
        width = material.impasto_tile_width
        assert before[0] == pytest.approx(1 / width)
        material.impasto_tile_width = width / 2
        now = nodes_of(material)["Impasto Mapping"].inputs["Scale"].default_value[:]
        factors = (2, 2, 2) if kind == "BOX" else (2, 2, 1)
        assert now == pytest.approx([scale * factor for scale, factor in zip(before, factors, strict=True)])
        size_px = next(node.image.size[0] for node in nodes_of(material) if node.type == "TEX_IMAGE")
        assert extension.bridge.mapping.texel_density(material) == pytest.approx(2 * size_px / width)


@pytest.mark.parametrize(("name", "kind"), [("old_gravel_01", "gravel"), ("Red brick wall", "bricks")])
def test_unknown_widths_are_guessed_from_names_with_a_report(cube, image, extension, name, kind):
    catalogue = extension.engine.catalogue
    width_m = catalogue.properties_of(catalogue.catalogue[kind])["width_m"]["default"]
    bpy.ops.impasto.run(**CHECKER, image=image.name, name=name)
    assert cube.active_material.impasto_tile_width == pytest.approx(width_m)
    assert "Real Width guessed" in extension.jobs.session.jobs.outcome.text
    bpy.ops.impasto.run(**CHECKER, image=image.name, name="something")
    assert cube.active_material.impasto_tile_width == pytest.approx(1.0)
    assert "guessed" not in extension.jobs.session.jobs.outcome.text
    assert (cube.active_material.impasto_mapping, extension.bridge.mapping.why(cube.active_material)) == ("UV", "")
    assert nodes_of(cube.active_material)["Impasto Mapping"].inputs["Scale"].default_value[0] == pytest.approx(1.0)

    def relief(**given) -> float:
        bpy.ops.impasto.run(tool="photo-maps", image=image.name, **given)
        return nodes_of(cube.active_material)["Impasto Displacement"].inputs["Scale"].default_value

    assert relief(name=name) == pytest.approx(width_m * relief(name="something"), rel=1e-5)
    given = {"parameters": '{"height_range_m": 0.02}'}
    assert relief(name=name, **given) == pytest.approx(0.02)

    image.name = "Red brick wall"
    given = {"parameters": '{"repeat_m": 2.0}', "width_px": 32, "height_px": 32}
    bpy.ops.impasto.run(tool="cover-object", image=image.name, **given)
    assert "guessed" not in extension.jobs.session.jobs.outcome.text
    assert cube.active_material.impasto_tile_width == pytest.approx(1.0)


WIDTH_M = 1.8
"""Real width of a tile of the procedural bricks."""
BRICKS = {"tool": "bricks", "width_px": 32, "height_px": 32, "estimator": "none"}


def unwrapped_monkey() -> None:
    bpy.ops.mesh.primitive_monkey_add()
    edit_faces(bpy.ops.uv.smart_project)


def without_uvs() -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.object.data.uv_layers.remove(bpy.context.object.data.uv_layers[0])


def upright_wall() -> None:
    """A plane of 3 m by 2 m, scaled as an object."""
    bpy.ops.mesh.primitive_plane_add(size=1, rotation=(math.pi / 2, 0, 0))
    bpy.context.object.scale = (3, 2, 1)


PLACED = {
    "cube": (bpy.ops.mesh.primitive_cube_add, "BOX", "Box: the UVs of Cube turn the texture", (1.0, 1.0)),
    "monkey": (unwrapped_monkey, "BOX", "Box: the UVs of Suzanne turn the texture", (1.0, 1.0)),
    "without": (without_uvs, "BOX", "Box: Cube has no UVs", (1.0, 1.0)),
    "plane": (lambda: bpy.ops.mesh.primitive_plane_add(size=10), "UV", "UV: one unit of UVs is 10 m", (10.0, 10.0)),
    "wall": (upright_wall, "UV", "UV: one unit of UVs is 3 m", (3.0, 2.0)),
}


@pytest.mark.parametrize("shape", PLACED)
def test_bricks_have_their_true_size_with_the_mapping_that_suits_the_uvs(scene, extension, shape):
    add, kind, why, unit = PLACED[shape]
    add()
    bpy.ops.impasto.run(**BRICKS)
    material = bpy.context.object.active_material
    scale = nodes_of(material)["Impasto Mapping"].inputs["Scale"].default_value[:2]
    assert (material.impasto_mapping, extension.bridge.mapping.why(material)) == (kind, why)
    assert scale == pytest.approx([one / WIDTH_M for one in unit], rel=1e-3)
    assert material.impasto_tile_width == pytest.approx(WIDTH_M)
    assert extension.bridge.materials.width_of(material.node_tree) == pytest.approx(WIDTH_M)


def test_chosen_mappings_keep_their_scale(scene, extension, cube):
    bpy.ops.impasto.run(**BRICKS)
    material = cube.active_material
    bpy.ops.impasto.run(**BRICKS, material="ACTIVE")
    assert extension.bridge.mapping.why(material) == "Box: the UVs of Cube turn the texture"
    material.impasto_mapping = "UV"
    scale = nodes_of(material)["Impasto Mapping"].inputs["Scale"].default_value[0]
    assert scale == pytest.approx(8 / WIDTH_M, rel=1e-3), "a cube's UVs take up 8 m"
    bpy.ops.impasto.run(**BRICKS, material="ACTIVE", seed=2)
    assert material.impasto_mapping == "UV"
    assert nodes_of(material)["Impasto Mapping"].inputs["Scale"].default_value[0] == pytest.approx(scale)
    assert extension.bridge.mapping.why(material) == ""
    assert material.impasto_tile_width == pytest.approx(WIDTH_M)


@pytest.mark.parametrize("kind", ["UV", "BOX", "ABOVE"])
def test_masks_are_painted_where_the_material_shows_its_textures(extension, cube, image, kind):
    """Cycles bakes what the nodes show on the middle of each face: the same colours are at the UVs to paint by."""
    image.colorspace_settings.name = "Non-Color"
    material = extension.bridge.materials.new("bricks")
    extension.bridge.materials.apply_maps(material, {"base_color": image}, extension.bridge.materials.Look(0.7, 0.8))
    extension.bridge.mapping.change(material, kind)
    mapping = nodes_of(material)["Impasto Mapping"]
    mapping.inputs["Location"].default_value, mapping.inputs["Rotation"].default_value[2] = (0.13, 0.21, 0.17), 0.4
    cube.active_material = material
    baked = _baked(material)
    own = cube.data.uv_layers.active.name
    extension.layers.painted_uvs.activate(cube, material)
    assert cube.data.uv_layers.active.name == "Impasto Painting"
    painted = _at(pixels_of(image), cube, "Impasto Painting")
    np.testing.assert_allclose(painted, _at(baked, cube, own), atol=0.06)
    extension.layers.painted_uvs.put_back(cube.data)
    assert [layer.name for layer in cube.data.uv_layers] == [cube.data.uv_layers.active.name] == [own]


def _baked(material: bpy.types.Material) -> np.ndarray:
    """The colours of a material on the active object, 512², by its UVs."""
    nodes, links = nodes_of(material), material.node_tree.links
    links.new(nodes["Impasto Base Color"].outputs["Color"], nodes["Principled BSDF"].inputs["Emission Color"])
    nodes["Principled BSDF"].inputs["Emission Strength"].default_value = 1.0
    image = bpy.data.images.new("baked", 512, 512, is_data=True, float_buffer=True)
    nodes.active = show_image(material, image)
    bpy.context.scene.render.engine, bpy.context.scene.cycles.samples = "CYCLES", 4
    bpy.ops.object.bake(type="EMIT")
    return pixels_of(image)


def _at(pixels: np.ndarray, item: bpy.types.Object, name: str) -> np.ndarray:
    """Colours of an image, which goes on beyond its borders, at the UVs of the middles of faces."""
    uvs = item.data.uv_layers[name].uv
    u, v = np.array([np.mean([uvs[loop].vector for loop in face.loop_indices], 0) for face in item.data.polygons]).T
    height, width = pixels.shape[:2]
    return pixels[np.floor(-v % 1 * height).astype(int), np.floor(u % 1 * width).astype(int), :3]
