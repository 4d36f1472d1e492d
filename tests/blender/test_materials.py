"""Materials made of maps: units of the scene, room for the nodes, what is not used waits, filters keep other maps."""

from __future__ import annotations

import json

import bpy
import numpy as np
import pytest
from conftest import coordinates, packed_image, pixels_of

CHECKER = {"tool": "checker", "width_px": 32, "height_px": 16, "estimator": "none"}


def made_images() -> dict[str, bpy.types.Image]:
    return {image["impasto_map"]: image for image in bpy.data.images if "impasto_map" in image}


def nodes_of(material):
    return material.node_tree.nodes


def overlapping(extension, tree) -> list[tuple[str, str]]:
    boxes = [(node.name, extension.bridge.node_layout.box_of(node)) for node in tree.nodes if node.type != "FRAME"]
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
    def test_what_is_not_used_waits_in_the_material_and_goes_with_it(self, plane):
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

    def test_an_empty_tree_gets_its_shader_beside_what_is_there(self, plane, extension):
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

    def test_a_tinted_photograph_makes_one_of_its_own_and_a_filter_of_all_maps_replaces_all(
        self, plane, tiles, tmp_path
    ):
        bpy.ops.impasto.run(**CHECKER, out_dir=str(tmp_path / "set"), name="other", seed=1, material="NONE")
        bpy.ops.impasto.run(tool="tint", source=str(tmp_path / "set"), material="ACTIVE")
        shown = {node.image["impasto_map"]: node.image.name for node in nodes_of(tiles) if node.type == "TEX_IMAGE"}
        assert set(shown) == set(made_images())
        assert all(name.startswith("set_") for name in shown.values())
        np.testing.assert_array_equal(
            pixels_of(bpy.data.images[shown["height"]]), pixels_of(bpy.data.images["other_height"])
        )

        packed_image("photo.png", coordinates(8, 8))
        bpy.ops.impasto.run(tool="tint", image="photo.png")
        assert plane.active_material.name == "photo"
        assert sum(node.type == "TEX_IMAGE" for node in nodes_of(plane.active_material)) == 1
