"""Repainting: images, the textures of materials, the render result; thumbnails to choose from; the panel."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from blends import camera, show_image
from conftest import cases, coordinates, packed_image, pixels_of, png, refused
from strips import bumped
from styling import RED, behind, recipe_of, settle, stylize


class TestImages:
    def test_an_image_is_repainted_as_a_new_one(self, image, style):
        before = pixels_of(image)
        bpy.ops.ed.undo_push(message="before")
        assert stylize(image=image.name, parameters={"strength": 1.0}) == {"FINISHED"}
        painted = bpy.data.images["bricks – red"]
        assert tuple(painted.size) == tuple(image.size)
        np.testing.assert_allclose(pixels_of(painted)[..., :3] * 255, np.broadcast_to(RED, (32, 48, 3)), atol=1)
        np.testing.assert_array_equal(pixels_of(image), before)
        assert painted.packed_file
        assert painted.use_fake_user
        assert recipe_of(painted)["inputs"]["source"]["name"] == image.name
        bpy.ops.ed.undo()
        assert "bricks – red" not in bpy.data.images
        assert "bricks.png" in bpy.data.images

    def test_the_panels_settings_are_used_unless_others_are_given(self, scene, settings):
        scene.impasto_parameters.flat.strength, settings.seed = 0.5, 7
        bpy.ops.impasto.stylize()
        assert recipe_of(bpy.data.images["bricks – red"])["seed"] == 7
        assert recipe_of(bpy.data.images["bricks – red"])["steps"][0]["parameters"]["strength"] == 0.5
        bpy.ops.impasto.stylize(seed=8, parameters='{"strength": 0.25}', name="other")
        assert recipe_of(bpy.data.images["other"])["seed"] == 8
        assert recipe_of(bpy.data.images["other"])["steps"][0]["parameters"]["strength"] == 0.25

    def test_files_are_taken_and_files_are_written(self, scene, tmp_path):
        (tmp_path / "wall.png").write_bytes(png(coordinates(16, 16)))
        (tmp_path / "hand.png").write_bytes(png(coordinates(16, 16)))
        out = tmp_path / "out"
        stylize(source=str(tmp_path / "wall.png"), style=str(tmp_path / "hand.png"), out_dir=str(out))
        assert [path.name for path in out.iterdir()] == ["wall – hand_base_color.png"]

    def test_masks_limit_where_a_style_is_painted(self, image, style):
        mask = np.zeros((32, 48, 3), np.uint8)
        mask[:, 24:] = 255
        packed_image("mask.png", mask)
        stylize(image=image.name, inputs='{"mask": "mask.png"}')
        painted, before = pixels_of(bpy.data.images["bricks – red"]), pixels_of(image)
        np.testing.assert_allclose(painted[:, :24], before[:, :24], atol=1 / 255)
        np.testing.assert_allclose(painted[:, 24:, :3] * 255, np.broadcast_to(RED, (32, 24, 3)), atol=1)

    @pytest.mark.parametrize("bits", ["8", "16"])
    def test_a_transparent_image_stays_transparent(self, scene, style, bits):
        pixels = np.dstack([coordinates(16, 16), np.full((16, 16), 100, np.uint8)])
        packed_image("glass.png", pixels)
        stylize(image="glass.png", bits=bits)
        assert [item.name for item in bpy.data.images if "impasto_map" in item] == ["glass – red"]
        np.testing.assert_allclose(pixels_of(bpy.data.images["glass – red"])[..., 3], 100 / 255, atol=1e-3)

    def test_larger_results_continue_from_the_painted_one(self, image, style):
        stylize(image=image.name, seed=3)
        assert bpy.ops.impasto.continue_larger(image="bricks – red", factor=2) == {"FINISHED"}
        larger = bpy.data.images["bricks – red.001"]
        assert tuple(larger.size) == (96, 64)
        recipe = recipe_of(larger)
        assert recipe["seed"] == 3
        assert recipe["steps"][0]["inputs"] == {"start": "start", "style": "style"}
        assert recipe["inputs"]["start"]["name"] == "bricks – red"
        bpy.ops.impasto.continue_larger(image=larger.name)
        assert tuple(bpy.data.images["bricks – red.002"].size) == (192, 128)

    def test_only_painted_images_can_be_continued_larger(self, extension, image, style):
        refused("has no recipe", "continue_larger", image=image.name)
        bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, estimator="none", material="NONE")
        refused(
            r"Checker cannot continue.*choose an image that was repainted",
            "continue_larger",
            image="Texture_base_color",
        )
        stylize(image=image.name)
        is_painted = extension.stylize.request.is_painted
        names = (image.name, "Texture_base_color", "bricks – red")
        assert [is_painted(bpy.data.images[name]) for name in names] == [False, False, True]


class TestMaterials:
    def test_a_painted_copy_replaces_the_material(self, plane, material, image, style):
        assert stylize(surface=material.name) == {"FINISHED"}
        painted = plane.active_material
        assert (painted.name, recipe_of(painted)["steps"][0]["tool"]) == ("bricks – red", "flat")
        node = behind(painted, "Base Color")
        assert (node.name, node.extension, node.image.name) == ("my texture", "MIRROR", "bricks – red_base_color")
        assert node.inputs["Vector"].is_linked
        assert behind(material, "Base Color").image == image
        assert {item["impasto_map"] for item in bpy.data.images if "impasto_map" in item} == {"base_color"}

    def test_the_material_itself_can_be_repainted(self, plane, material, style):
        stylize(subject="MATERIAL", material="ACTIVE")
        assert plane.active_material == material
        assert behind(material, "Base Color").image.name == "bricks – red_base_color"
        assert len(bpy.data.materials) == 2, "with its state before"

    def test_only_the_slots_that_have_the_material_get_the_copy(self, plane, material, style):
        other = bpy.data.materials.new("other")
        plane.data.materials.append(other)
        bpy.ops.mesh.primitive_cube_add()
        cube = bpy.context.object
        cube.data.materials.append(material)
        stylize(surface=material.name)
        assert plane.material_slots[0].material == material  # it is not selected
        assert cube.active_material.name == "bricks – red"

    def test_relief_adds_and_links_missing_maps(self, plane, material, style):
        """The strokes stand out: roughness comes from the socket's own value, laid out as the colour is."""
        stylize(surface=material.name, parameters={"relief": 1.0})
        painted = plane.active_material
        roughness = behind(painted, "Roughness")
        np.testing.assert_allclose(pixels_of(roughness.image)[..., 0], 0.125, atol=1 / 255)
        assert roughness.extension == "MIRROR"
        assert roughness.inputs["Vector"].links[0].from_node.type == "MAPPING"
        assert behind(painted, "Normal").type == "NORMAL_MAP"
        assert painted.node_tree.nodes["Impasto Displacement"].inputs["Scale"].default_value == pytest.approx(0.01)
        assert not painted.node_tree.nodes["Material Output"].inputs["Displacement"].is_linked
        bpy.ops.impasto.rerun(image="bricks – red_normal")
        for name in ("base_color", "roughness", "normal", "height"):
            first, again = (bpy.data.images[f"bricks – red_{name}{number}"] for number in ("", ".001"))
            assert recipe_of(first) == recipe_of(again)
            assert first.packed_file.data == again.packed_file.data

    def test_relief_follows_maps_of_other_sizes_and_of_single_channels(self, plane, material, style):
        """As glTF has them: roughness is the green of an image that also gives the metal."""
        tree = material.node_tree
        texture = show_image(material, packed_image("packed.png", np.full((8, 8, 3), (0, 100, 255), np.uint8)))
        separate = tree.nodes.new("ShaderNodeSeparateColor")
        texture.image.colorspace_settings.name = "Non-Color"
        shader = tree.nodes["Principled BSDF"]
        tree.links.new(texture.outputs["Color"], separate.inputs["Color"])
        tree.links.new(separate.outputs["Green"], shader.inputs["Roughness"])
        tree.links.new(separate.outputs["Blue"], shader.inputs["Metallic"])
        stylize(surface=material.name, parameters={"relief": 1.0})
        painted = plane.active_material
        np.testing.assert_allclose(pixels_of(behind(painted, "Roughness").image)[..., 0], 50 / 255, atol=1 / 255)
        assert behind(painted, "Metallic").type == "SEPARATE_COLOR"

    def test_materials_made_by_impasto_are_repainted_in_all_maps(self, plane, style):
        bpy.ops.impasto.run(tool="checker", width_px=16, height_px=16, estimator="none", name="tiles")
        relief = plane.active_material.node_tree.nodes["Impasto Displacement"].inputs["Scale"]
        relief.default_value = 0.5
        stylize(subject="MATERIAL", parameters={"relief": 1.0})
        painted = plane.active_material
        assert painted.node_tree.nodes["Impasto Base Color"].image.name == "tiles – red_base_color"
        assert painted.node_tree.nodes["Impasto Height"].image.name == "tiles – red_height"
        assert painted.node_tree.nodes["Impasto Metallic"].image.name == "tiles_metallic"
        assert painted.node_tree.nodes["Impasto Displacement"].inputs["Scale"].default_value == pytest.approx(0.01)
        assert relief.default_value == 0.5
        assert sum(node.type == "TEX_IMAGE" for node in painted.node_tree.nodes) == 6

    def test_a_bump_is_a_height(self, plane, material, style):
        texture = show_image(material, packed_image("bump.png", coordinates(8, 8)))
        bump = bumped(material, texture.outputs["Color"])
        stylize(surface=material.name, parameters={"relief": 1.0}, material="ACTIVE")
        assert texture.image.name == "bricks – red_height"
        assert bump.inputs["Distance"].default_value == pytest.approx(0.01)

    def test_a_material_deleted_meanwhile_becomes_a_new_one(self, plane, material, extension, settings):
        settings.subject = "MATERIAL"
        jobs = extension.jobs.session.jobs
        request = extension.stylize.request.from_scene(bpy.context)
        subject = extension.stylize.request.subject_of(bpy.context, "MATERIAL")
        jobs.start(subject.task(bpy.context, request, "NEW"))
        bpy.data.materials.remove(material)
        settle(jobs)
        assert jobs.last_report.level == "WARNING"
        assert "bricks – red" in bpy.data.materials

    def test_procedural_materials_are_refused_with_a_remedy(self, plane, style):
        plane.active_material = bpy.data.materials.new("noise")
        refused(r"no image gives the base colour of the material noise.*bake", stylize, subject="MATERIAL")


class TestRenders:
    @pytest.fixture
    def rendered(self, scene):
        camera((16, 24))
        scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "JPEG", "BW"
        scene.world = bpy.data.worlds.new("grey")
        bpy.ops.render.render()
        return scene

    def test_the_render_result_is_repainted_as_the_view_shows_it(self, rendered, style):
        assert stylize(subject="RENDER", parameters={"strength": 0.0}) == {"FINISHED"}
        painted = bpy.data.images["Render Result – red"]
        assert tuple(painted.size) == (24, 16)
        shown = bpy.data.images.load(str(Path(bpy.app.tempdir) / "Render Result.png"))
        np.testing.assert_allclose(pixels_of(painted), pixels_of(shown), atol=1 / 255)
        settings = rendered.render.image_settings
        assert (settings.file_format, settings.color_mode) == ("JPEG", "BW")

    def test_the_panel_and_the_call_know_whether_something_was_rendered_in_this_file(
        self, rendered, settings, extension, scene, style
    ):
        settings.subject = "RENDER"
        assert extension.stylize.request.subject_poll_message(bpy.context) == ""
        bpy.ops.wm.read_homefile()  # it has the image, though nothing was rendered
        bpy.context.scene.impasto_style.subject = "RENDER"
        assert extension.stylize.request.subject_poll_message(bpy.context) == "Render the scene first (F12)"

        refused(r"no render result yet; render the scene first", stylize, subject="RENDER")


@pytest.mark.parametrize(("given", "message"), cases("stylize"))
def test_bad_input_is_an_error_with_a_remedy_and_changes_nothing(image, style, given, message):
    refused(message, stylize, **{"image": "bricks.png", **given})
