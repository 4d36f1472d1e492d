"""A tool's result becomes images and a material on the selected objects; nothing that was there is lost."""

from __future__ import annotations

import json
import subprocess

import bpy
import numpy as np
import pytest
from conftest import cases, coordinates, pixels_of, png
from drawing import drawn

SIZE = ["width_px", "height_px"]
CHECKER = {"tool": "checker", "width_px": 32, "height_px": 16, "estimator": "none"}
MAPS = {"base_color", "roughness", "metallic", "normal", "height", "ambient_occlusion"}


def links_of(material):
    tree = material.node_tree
    return {(link.from_node.name, link.to_node.type, link.to_socket.name) for link in tree.links}


DISPLACED = ("Impasto Displacement", "OUTPUT_MATERIAL", "Displacement")


def test_maps_are_joined_to_the_principled_bsdf(plane):
    assert bpy.ops.impasto.run(**CHECKER, name="tiles") == {"FINISHED"}
    material = plane.active_material
    assert material.name == "tiles"
    expected = {
        ("Impasto Base Color", "VECT_MATH", "Vector"),
        ("Impasto Sliders base_color", "BSDF_PRINCIPLED", "Base Color"),
        ("Impasto Metallic", "BSDF_PRINCIPLED", "Metallic"),
        ("Impasto Roughness", "MATH", "Value"),
        ("Impasto Sliders roughness", "BSDF_PRINCIPLED", "Roughness"),
        ("Impasto Normal", "VECT_MATH", "Vector"),
        ("Impasto Sliders normal", "NORMAL_MAP", "Color"),
        ("Impasto Normal Map", "BSDF_PRINCIPLED", "Normal"),
        ("Impasto Height", "MATH", "Value"),
        ("Impasto Height", "GROUP", "Height Map"),
        ("Impasto Sliders height", "DISPLACEMENT", "Height"),
    }
    assert expected <= links_of(material)
    # with a normal map, the same relief as bump would be seen twice
    assert DISPLACED not in links_of(material)
    assert material.displacement_method == "BUMP"
    assert material.node_tree.nodes["Impasto Displacement"].inputs["Scale"].default_value == pytest.approx(0.01)


def test_colour_maps_alone_are_colour_managed_and_results_survive_save_and_reload(scene, tmp_path):
    bpy.ops.impasto.run(**CHECKER)
    spaces = {
        image["impasto_map"]: image.colorspace_settings.name for image in bpy.data.images if "impasto_map" in image
    }
    assert set(spaces) == MAPS
    assert {name for name, space in spaces.items() if space == "sRGB"} == {"base_color"}
    assert {space for name, space in spaces.items() if name != "base_color"} == {"Non-Color"}

    before = {image.name: pixels_of(image) for image in bpy.data.images if "impasto_map" in image}
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    for name, pixels in before.items():
        np.testing.assert_array_equal(pixels_of(bpy.data.images[name]), pixels)
        assert json.loads(bpy.data.images[name]["impasto_recipe"])["steps"][0]["tool"] == "checker"
    assert json.loads(bpy.data.materials["Texture"]["impasto_recipe"])["seed"] == 0


@pytest.mark.essential
def test_blender_and_the_command_line_make_the_same_pixels(scene, engine_python, tmp_path):
    """To the bit: both have the worker encode 8-bit PNG from the same recipe."""
    picture = tmp_path / "wall.png"
    picture.write_bytes(png(coordinates(24, 40)))
    options = ["--source", picture, "--size", "32x16", "--seed", "5", "--squares", "6", "--out", tmp_path / "files"]
    command = [engine_python, "-P", "-m", "impasto", "generate", "checker", *options, "--estimator", "none"]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    bpy.ops.impasto.run(**CHECKER, source=str(picture), seed=5, parameters='{"squares": 6}')
    for name in MAPS:
        file = bpy.data.images.load(str(tmp_path / "files" / f"wall_{name}.png"))
        if name != "base_color":
            file.colorspace_settings.name = "Non-Color"
        np.testing.assert_array_equal(pixels_of(bpy.data.images[f"wall_{name}"]), pixels_of(file))


def test_the_panel_and_scripts_set_the_estimators_parameters(scene, image):
    scene.impasto.source_kind, scene.impasto.image = "IMAGE", image
    scene.impasto_parameters.photo_maps.metallic = 1.0
    bpy.ops.impasto.generate(name="panel")
    bpy.ops.impasto.run(tool="quilt", image=image.name, estimator_parameters='{"metallic": 0.5}', name="script")
    assert pixels_of(bpy.data.images["panel_metallic"])[..., 0].min() == 1
    assert np.allclose(pixels_of(bpy.data.images["script_metallic"])[..., 0], 0.5, atol=1 / 255)


def test_the_size_is_kept_when_another_tool_is_chosen_and_past_one_that_has_none(extension, scene):
    parameters = scene.impasto_parameters
    scene.impasto.tool = "quilt"
    parameters.quilt.width_px, parameters.quilt.height_px = 320, 256
    for name in ("checker", "tint", "torus"):
        scene.impasto.tool = name
        panel, group = drawn(bpy.types.IMPASTO_PT_view_3d), getattr(parameters, name)
        shown = [arguments[1] for what, arguments, _ in panel.drawn if what == "prop" and arguments[0] == group]
        assert [prop for prop in shown if prop in SIZE] == ([] if name == "tint" else SIZE)
    assert (parameters.torus.width_px, parameters.torus.height_px) == (320, 256)
    parameters.torus.width_px = 0
    scene.impasto.tool = "quilt"
    assert (parameters.quilt.width_px, parameters.quilt.height_px) == (0, 256)
    request = extension.generate.request.from_scene(bpy.context)
    assert (request.width_px, request.height_px) == (0, 256)


def test_generate_uses_the_panels_settings_unless_properties_are_given(scene, plane):
    scene.impasto.tool = "checker"
    scene.impasto.source_kind = "NONE"
    scene.impasto.seed, scene.impasto.estimator = 7, "none"
    checker = scene.impasto_parameters.checker
    checker.width_px, checker.height_px, checker.contrast = 24, 12, 0.3
    bpy.ops.impasto.generate()
    recipe = json.loads(plane.active_material["impasto_recipe"])
    assert recipe["steps"][0]["parameters"]["contrast"] == 0.3
    assert (recipe["seed"], len(recipe["steps"])) == (7, 1)
    assert tuple(bpy.data.images["Texture_height"].size) == (24, 12)
    bpy.ops.impasto.generate(seed=8, width_px=48)
    assert json.loads(plane.active_material["impasto_recipe"])["seed"] == 8
    assert tuple(bpy.data.images["Texture_height.001"].size) == (48, 12)


def test_the_active_material_keeps_its_own_nodes(extension, scene, plane):
    plane.active_material = material = extension.bridge.materials.new("mine")
    mine = material.node_tree.nodes.new("ShaderNodeTexNoise")
    mine.name = "my noise"
    material.node_tree.nodes["Principled BSDF"].inputs["IOR"].default_value = 1.3
    for _ in range(2):
        bpy.ops.impasto.run(**CHECKER, material="ACTIVE")
    assert plane.active_material == material
    assert len(bpy.data.materials) == 3, "with its two states before"
    assert "my noise" in material.node_tree.nodes
    assert material.node_tree.nodes["Principled BSDF"].inputs["IOR"].default_value == pytest.approx(1.3)
    assert sum(node.type == "TEX_IMAGE" for node in material.node_tree.nodes) == 6


def test_ambient_occlusion_and_displacement_are_options(plane):
    bpy.ops.impasto.run(**CHECKER, use_ambient_occlusion=True, use_displacement=True)
    material = plane.active_material
    assert ("Impasto Ambient Occlusion", "MIX", "B") in links_of(material)
    assert ("Impasto Occlude", "BSDF_PRINCIPLED", "Base Color") in links_of(material)
    assert DISPLACED in links_of(material)
    assert material.displacement_method == "DISPLACEMENT"


def test_a_linked_material_or_object_is_refused_and_left_alone(scene, plane, tmp_path):
    material = bpy.data.materials.new("borrowed")
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {material})
    bpy.data.materials.remove(material)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.materials = ["borrowed"]
    plane.active_material = wanted.materials[0]
    with pytest.raises(RuntimeError, match=r"borrowed is linked .*make it local"):
        bpy.ops.impasto.run(**CHECKER, material="ACTIVE")
    assert not [image for image in bpy.data.images if "impasto_map" in image]

    plane.active_material = None
    bpy.data.libraries.write(str(tmp_path / "object.blend"), {plane})
    bpy.data.objects.remove(plane)
    with bpy.data.libraries.load(str(tmp_path / "object.blend"), link=True) as (_, wanted):
        wanted.objects = ["Plane"]
    bpy.context.collection.objects.link(wanted.objects[0])
    wanted.objects[0].select_set(True)
    with pytest.raises(RuntimeError, match=r"the object Plane is linked.*make it local"):
        bpy.ops.impasto.run(**CHECKER)


@pytest.mark.any_blender
@pytest.mark.parametrize(("given", "message"), cases("run"))
def test_bad_input_is_an_error_with_a_remedy_and_changes_nothing(scene, image, given, message):
    images, materials = list(bpy.data.images), list(bpy.data.materials)
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.impasto.run(**given)
    assert (images, materials) == (list(bpy.data.images), list(bpy.data.materials))


def test_named_inputs_are_images_or_files_and_an_opaque_image_has_no_opacity(scene, image, tmp_path):
    (tmp_path / "style.png").write_bytes(png(np.full((8, 8, 3), 255, np.uint8)))
    style = json.dumps({"style": str(tmp_path / "style.png")})
    bpy.ops.impasto.run(tool="blend", image=image.name, inputs=style, material="NONE")
    made = pixels_of(bpy.data.images["bricks – style_base_color"])[..., :3]
    np.testing.assert_allclose(made, (pixels_of(image)[..., :3] + 1) / 2, atol=1 / 255)
    assert {made["impasto_map"] for made in bpy.data.images if "impasto_map" in made} == {"base_color"}


def test_images_without_a_material_are_kept(scene):
    bpy.ops.impasto.run(**CHECKER, material="NONE")
    made = [image for image in bpy.data.images if "impasto_map" in image]
    assert len(made) == len(MAPS)
    assert all(image.use_fake_user and image.packed_file for image in made)
    assert not bpy.data.materials


def test_files_can_be_written_instead_of_packed(plane, tmp_path):
    bpy.ops.impasto.run(**CHECKER, out_dir=str(tmp_path), name="tiles", bits="16")
    assert {file.name for file in tmp_path.iterdir()} == {f"tiles_{name}.png" for name in MAPS}
    image = plane.active_material.node_tree.nodes["Impasto Height"].image
    assert image.packed_file is None
    assert image.colorspace_settings.name == "Non-Color"
    assert image.is_float


def test_one_undo_step_takes_all_of_it_away(plane):
    """Both ways, and the plane that was there before stays. Each selected object has the material."""
    bpy.ops.mesh.primitive_cube_add()
    plane.select_set(True)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.impasto.run(**CHECKER)
    assert plane.active_material == bpy.context.object.active_material is not None
    bpy.ops.ed.undo()
    assert not bpy.data.materials
    assert not [image for image in bpy.data.images if "impasto_map" in image]
    assert "Plane" in bpy.data.objects
    bpy.ops.ed.redo()
    assert bpy.data.objects["Plane"].active_material.name == "Texture"
    assert tuple(bpy.data.images["Texture_height"].size) == (32, 16)
