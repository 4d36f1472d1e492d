"""A tool's result becomes images and a material, fittingly named, on the selected objects; nothing is lost."""

from __future__ import annotations

import json
import subprocess

import bpy
import numpy as np
import pytest
from blends import from_library, maps_of, reopen
from conftest import cases, coordinates, packed_image, pixels_of, png, refused
from drawing import drawn
from styling import made, recipe_of

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
    assert set(map(tuple, cases("links"))) <= links_of(material)
    # with a normal map, the same relief as bump would be seen twice
    assert DISPLACED not in links_of(material)
    assert material.displacement_method == "BUMP"
    assert material.node_tree.nodes["Impasto Displacement"].inputs["Scale"].default_value == pytest.approx(0.01)


def test_colour_maps_alone_are_colour_managed_and_results_survive_save_and_reload(scene, tmp_path):
    bpy.ops.impasto.run(**CHECKER)
    made = [image for image in bpy.data.images if "impasto_map" in image]
    spaces = {image["impasto_map"]: image.colorspace_settings.name for image in made}
    assert spaces == {**dict.fromkeys(MAPS, "Non-Color"), "base_color": "sRGB"}

    before = {image.name: pixels_of(image) for image in made}
    reopen(tmp_path / "saved.blend")
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


def test_the_size_survives_choosing_other_tools(extension, scene):
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


def test_generate_uses_the_panels_settings_unless_properties_are_given(extension, scene, plane):
    settings = scene.impasto
    settings.tool, settings.source_kind, settings.seed, settings.estimator = "checker", "NONE", 7, "none"
    checker = scene.impasto_parameters.checker
    checker.width_px, checker.height_px, checker.contrast = 24, 12, 0.3
    bpy.ops.impasto.generate()
    (step,), seed = (recipe_of(plane.active_material)[name] for name in ("steps", "seed"))
    assert (step["parameters"]["contrast"], seed) == (0.3, 7)
    assert tuple(bpy.data.images["Texture_height"].size) == (24, 12)
    bpy.ops.impasto.generate(seed=8, width_px=48)
    assert json.loads(plane.active_material["impasto_recipe"])["seed"] == 8
    assert tuple(bpy.data.images["Texture_height.001"].size) == (48, 12)
    for settings.keep_light in (True, False):
        preview = extension.generate.request.from_scene(bpy.context).preview()
        assert preview.options.prepares is not settings.keep_light


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
    plane.active_material = from_library(tmp_path / "library.blend", materials="borrowed")
    refused(r"borrowed is linked .*make it local", "run", **CHECKER, material="ACTIVE")
    assert not [image for image in bpy.data.images if "impasto_map" in image]

    plane.active_material = None
    bpy.data.libraries.write(str(tmp_path / "object.blend"), {plane})
    bpy.data.objects.remove(plane)
    from_library(tmp_path / "object.blend", objects="Plane")
    refused(r"the object Plane is linked.*make it local", "run", **CHECKER)


@pytest.mark.any_blender
@pytest.mark.parametrize(("given", "message"), cases("run"))
def test_bad_input_is_an_error_with_a_remedy_and_changes_nothing(scene, image, given, message):
    refused(message, "run", **given)


def test_named_inputs_are_images_or_files_and_an_opaque_image_has_no_opacity(scene, image, tmp_path):
    (tmp_path / "style.png").write_bytes(png(np.full((8, 8, 3), 255, np.uint8)))
    style = json.dumps({"style": str(tmp_path / "style.png")})
    bpy.ops.impasto.run(tool="blend", image=image.name, inputs=style, material="NONE")
    made = pixels_of(bpy.data.images["bricks – style_base_color"])[..., :3]
    np.testing.assert_allclose(made, (pixels_of(image)[..., :3] + 1) / 2, atol=1 / 255)
    assert {made["impasto_map"] for made in bpy.data.images if "impasto_map" in made} == {"base_color"}


def test_images_without_a_material_are_kept_and_files_can_be_written_instead(plane, tmp_path):
    bpy.ops.impasto.run(**CHECKER, material="NONE")
    made = [image for image in bpy.data.images if "impasto_map" in image]
    assert len(made) == len(MAPS)
    assert all(image.use_fake_user and image.packed_file for image in made)
    assert not bpy.data.materials
    bpy.ops.impasto.run(**CHECKER, out_dir=str(tmp_path), name="tiles", bits="16")
    assert {file.name for file in tmp_path.iterdir()} == {f"tiles_{name}.png" for name in MAPS}
    image = plane.active_material.node_tree.nodes["Impasto Height"].image
    assert image.packed_file is None
    assert image.colorspace_settings.name == "Non-Color"
    assert image.is_float


def test_one_undo_step_removes_the_whole_result(plane):
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


@pytest.fixture
def naming(extension):
    return extension.bridge.naming


@pytest.mark.slow
def test_a_photograph_gives_its_name_and_a_model_its_label(plane, tmp_path):
    (tmp_path / "Old wall v1.5.png").write_bytes(png(coordinates(16, 16)))
    bpy.ops.impasto.run(**CHECKER, source=str(tmp_path / "Old wall v1.5.png"))
    assert plane.active_material.name == "Old wall v1.5"
    assert "Old wall v1.5_base_color" in bpy.data.images
    small = {"width_px": 32, "height_px": 32, "estimator": "none", "image": "Old wall v1.5_base_color"}
    bpy.ops.impasto.run(tool="torus", parameters='{"model": "bricks"}', **small)
    assert plane.active_material.name == "Red bricks", "a model gives its label"
    assert json.loads(plane.active_material["impasto_recipe"])["inputs"] == {}, "it did not use the source"


def test_repainting_again_replaces_the_styles_name(image):
    for name in ("red.png", "blue.jpg"):
        packed_image(name, coordinates(8, 8))
    bpy.ops.impasto.stylize(tool="flat", image=image.name, style="red.png")
    bpy.ops.impasto.stylize(tool="flat", image="bricks – red", style="blue.jpg")
    inputs = '{"style": ["blue.jpg", "red.png"]}'
    bpy.ops.impasto.stylize(tool="flat", image=image.name, inputs=inputs)
    assert {"bricks – red", "bricks – blue", "bricks – blue + red"} <= set(bpy.data.images.keys())


@pytest.mark.slow
def test_repainting_says_whether_it_tiles(scene):
    turn = np.arange(32) / 16 * np.pi
    tile = 128 + 60 * (np.sin(turn)[:, None, None] + np.cos(2 * turn)[None, :, None]) * np.ones(3)
    packed_image("tile.png", tile.astype(np.uint8))
    packed_image("style.png", np.random.default_rng(0).integers(0, 255, (24, 24, 3)).astype(np.uint8))
    bpy.ops.impasto.stylize(tool="patches-style", image="tile.png", style="style.png")
    said = "; its opposite borders fit together, so it was repainted as a texture without seams"
    assert f"Made the image tile – style{said}" in made()["report"]


def test_long_names_leave_room_for_the_map_and_blenders_number(naming, plane, tmp_path):
    name = naming.of_parts("Ein sehr langer Name für eine Fotografie von Ziegeln", "Die Sternennacht von Arles")
    assert len(name.encode()) <= naming.LONGEST_BYTES
    assert name == "Ein sehr langer… – Die Sternennach…"
    for given in ({}, {}, {"replace": True}):
        long = "Ein sehr langer Name für eine Fotografie von Ziegeln an einer Mauer"
        bpy.ops.impasto.run(**CHECKER, name=long, out_dir=str(tmp_path), **given)
    names = sorted(path.name.rpartition("_base")[0][-2:] for path in tmp_path.glob("*base_color*"))
    assert (len(names), names[0]) == (2, "_2"), "files of one name get a number, unless they are to be replaced"
    names = [image.name.removesuffix(".001") for image in bpy.data.images]
    assert all(any(name.endswith(one) for name in names) for one in ("base_color", "ambient_occlusion"))


def test_reports_use_the_name_that_blender_gave(plane, extension, capsys):
    for expected in ("the material Texture", "the material Texture.001"):
        bpy.ops.impasto.run(**CHECKER)
        assert f"Made {expected}\n" in capsys.readouterr().out
    assert [one.name for one in extension.bridge.replaced.latest_results()] == ["Texture.001", "Texture"]
    bpy.ops.impasto.run(**CHECKER, material="NONE")
    assert "the images Texture_base_color.002, " in capsys.readouterr().out


def test_any_name_becomes_one_that_files_can_have(naming, extension):
    assert naming.of_source(packed_image("Rome – Forum.jpg", coordinates(8, 8))) == "Rome – Forum"
    names = {"a/b:c?": "a_b_c_", " .hidden. ": "hidden", "aux": "aux_", "...": "Texture", "Über – N": "Über – N"}
    for name, file in names.items():
        assert naming.of_files(name) == file
        extension.core.system.names.check_name(file, "the name")


def test_scripts_get_the_names_of_results_and_none_after_an_error(plane, tmp_path):
    bpy.ops.impasto.run(**CHECKER, name="squares")
    assert made()["materials"] == [plane.active_material.name]
    assert {bpy.data.images[name]["impasto_map"] for name in made()["images"]} >= {"base_color", "height"}
    assert made()["report"].startswith("Made the material")
    assert made()["files"] == made()["models"] == []
    first = made()
    bpy.ops.impasto.run(**CHECKER, out_dir=str(tmp_path), name="squares")
    assert made()["materials"] != first["materials"], "the new ones, where the same is made twice"
    assert bpy.data.materials[made()["materials"][0]] == plane.active_material
    assert sorted(made()["files"]) == sorted(map(str, tmp_path.glob("*.png")))
    with pytest.raises(AttributeError):
        bpy.context.window_manager.impasto_made = "{}"

    refused("the bug in this tool", "run", tool="raises")
    assert made()["materials"] == made()["images"] == []
    assert "the bug in this tool" in made()["report"]


@pytest.mark.slow
def test_images_and_baked_maps_are_named(image, plane):
    bpy.ops.impasto.make_seamless(image=image.name, width_px=32, height_px=32)
    (name,) = made()["images"]
    assert "seamless" in name
    assert made()["materials"] == []
    plane.active_material = bpy.data.materials.new("plain")
    bpy.ops.impasto.bake(maps={"base_color"}, width_px=16, height_px=16, samples=1, material="NEW")
    assert [bpy.data.images[name]["impasto_map"] for name in made()["images"]] == ["base_color"]
    assert made()["materials"][0] in bpy.data.materials


COBBLES = {"tool": "cobbles", "width_px": 64, "height_px": 48, "estimator": "none"}


@pytest.fixture
def tiles(plane):
    """The plane's material, with all maps of cobbles."""
    bpy.ops.impasto.run(**COBBLES, name="tiles")
    return plane.active_material


@pytest.mark.slow
def test_a_height_made_of_a_materials_normals_is_joined_to_it(plane, tiles):
    before = maps_of(tiles)
    bpy.ops.impasto.run(tool="normal-to-height", image="tiles_normal", material="NEW", bits="16")
    made = plane.active_material
    after = maps_of(made)
    assert np.ptp(pixels_of(after["height"])[..., 0]) > 0.9
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} in ({"height"}, {"height", "normal"})
    assert made != tiles


def test_normals_and_occlusion_made_of_a_height_image_are_joined(plane, tiles):
    of_height, given = {"image": "tiles_height", "material": "ACTIVE"}, '{"bent_normals": true, "height_range_m": 0.2}'
    bpy.ops.impasto.run(tool="height-to-occlusion", **of_height, parameters=given)
    after = maps_of(plane.active_material)
    assert pixels_of(after["ambient_occlusion"])[..., 0].min() < 0.95
    links = {(link.from_node, link.to_node) for link in tiles.node_tree.links}
    bent = next(node for node in tiles.node_tree.nodes if node.type == "TEX_IMAGE" and "bent" in node.image.name)
    assert not [link for link in links if link[0] == bent], "no shader of Blender uses bent normals"
    bpy.ops.impasto.run(tool="height-to-normal", **of_height, parameters='{"strength": 2}')
    assert maps_of(tiles)["normal"] != after["normal"]
    assert any(node.type == "NORMAL_MAP" for _, node in links)


HOURS = (12, 3, 6, 9)
SIDE_PX = 64


@pytest.fixture
def photographs(tmp_path):
    """A folder with photographs of one bumpy surface, lit from twelve, three, six and nine o'clock."""
    paint = np.random.default_rng(0).uniform(0.3, 0.6, (SIDE_PX, SIDE_PX))
    y, x = np.indices((SIDE_PX, SIDE_PX)) / 8
    for index, hour in enumerate(HOURS):
        angle = np.radians(90 - 30 * hour)
        lit = paint * (1 - 0.3 * (np.cos(angle) * np.cos(x) - np.sin(angle) * np.cos(y)))
        pixels = np.repeat(np.uint8(255 * lit)[..., None], 3, 2)
        (tmp_path / f"light_{index}.png").write_bytes(png(pixels))
    return tmp_path


def open_photographs(folder, count=4):
    files = [{"name": f"light_{index}.png"} for index in range(count)]
    bpy.ops.impasto.open_images(tool="photometric-stereo", input="photo", directory=str(folder), files=files)
    group = bpy.context.scene.impasto_parameters.photometric_stereo
    for value, hour in zip([group, *group.more_photo], HOURS, strict=False):
        value.clock = hour


def test_photographs_and_their_clock_angles_become_a_material(plane, photographs):
    bpy.context.scene.impasto.tool = "photometric-stereo"
    open_photographs(photographs)
    panel = drawn(bpy.types.IMPASTO_PT_view_3d)
    assert panel.props().count("clock") == len(HOURS)
    assert bpy.ops.impasto.generate(name="measured") == {"FINISHED"}
    assert plane.active_material.name == "measured"
    maps = {image["impasto_map"] for image in bpy.data.images if "impasto_map" in image}
    assert {"base_color", "normal", "height", "roughness", "ambient_occlusion", "confidence"} <= maps
    linked = {link.from_node.name for link in plane.active_material.node_tree.links}
    assert "Impasto Normal" in linked
    assert "Impasto Confidence" not in linked


def test_the_panel_asks_for_as_many_photographs_as_are_needed(scene, photographs):
    scene.impasto.tool = "photometric-stereo"
    open_photographs(photographs, count=2)
    refused("3 or more", "generate")
    open_photographs(photographs)
    group = scene.impasto_parameters.photometric_stereo
    assert [value.input_photo.name for value in (group, *group.more_photo)] == [f"light_{i}.png" for i in range(4)]
    open_photographs(photographs, count=3)
    assert len(group.more_photo) == 2
