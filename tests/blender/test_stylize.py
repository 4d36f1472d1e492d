"""Repainting: images, the textures of materials, the render result; thumbnails to choose from; the panel."""

from __future__ import annotations

import ast
import json
import time
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import coordinates, packed_image, pixels_of, png
from drawing import drawn

LIMIT_S = 120.0
RED = (200, 40, 20)
PANEL = "IMPASTO_PT_style_view_3d"
SHIPPED = ["Close_to_the_picture", "Only_the_strokes", "Thick_paint"]


@pytest.fixture
def style(scene) -> bpy.types.Image:
    """A picture whose mean colour is red."""
    return packed_image("red.png", np.full((8, 8, 3), RED, np.uint8))


@pytest.fixture
def settings(scene, extension, image, style):
    """The Style panel, set to paint the image flat."""
    scene.impasto_style.tool, scene.impasto_style.image = "flat", image
    scene.impasto_parameters.flat.input_style = style
    yield scene.impasto_style
    extension.stylize.preview.live.clear()


@pytest.fixture
def material(plane, image):
    """A material with a colour, a rather smooth surface and a node of the user's own, on the plane."""
    material = bpy.data.materials.new("bricks")
    if bpy.app.version < (5, 0):
        material.use_nodes = True
    tree = material.node_tree
    texture = tree.nodes.new("ShaderNodeTexImage")
    texture.image, texture.name, texture.extension = image, "my texture", "MIRROR"
    mapping = tree.nodes.new("ShaderNodeMapping")
    tree.links.new(mapping.outputs["Vector"], texture.inputs["Vector"])
    shader = tree.nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = 0.25
    tree.links.new(texture.outputs["Color"], shader.inputs["Base Color"])
    plane.active_material = material
    return material


def stylize(**given) -> set[str]:
    parameters = given.pop("parameters", {})
    return bpy.ops.impasto.stylize(
        **{"tool": "flat", "style": "red.png", "parameters": json.dumps(parameters), **given}
    )


def recipe_of(item) -> dict:
    return json.loads(item["impasto_recipe"])


def behind(material, socket: str):
    """The image node that is joined to a socket of the Principled BSDF."""
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    return shader.inputs[socket].links[0].from_node


def settle(jobs, live=None) -> None:
    """Tick, as the timers do, until nothing is due and no task runs."""
    deadline = time.monotonic() + LIMIT_S
    while live and live.tick():
        time.sleep(0.01)
    while jobs.tasks:
        assert time.monotonic() < deadline, "it took too long"
        jobs.tick()
        time.sleep(0.01)


class TestImages:
    def test_an_image_is_repainted_as_a_new_one(self, image, style):
        before = pixels_of(image)
        assert stylize(image=image.name, parameters={"strength": 1.0}) == {"FINISHED"}
        painted = bpy.data.images["bricks – red"]
        assert tuple(painted.size) == tuple(image.size)
        np.testing.assert_allclose(pixels_of(painted)[..., :3] * 255, np.broadcast_to(RED, (32, 48, 3)), atol=1)
        np.testing.assert_array_equal(pixels_of(image), before)
        assert painted.packed_file
        assert painted.use_fake_user
        assert recipe_of(painted)["inputs"]["source"]["name"] == image.name

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

    def test_a_mask_says_where(self, image, style):
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

    def test_a_larger_one_goes_on_from_what_was_painted(self, image, style):
        stylize(image=image.name, seed=3)
        assert bpy.ops.impasto.go_on_larger(image="bricks – red", factor=2) == {"FINISHED"}
        larger = bpy.data.images["bricks – red.001"]
        assert tuple(larger.size) == (96, 64)
        recipe = recipe_of(larger)
        assert recipe["seed"] == 3
        assert recipe["steps"][0]["inputs"] == {"start": "start", "style": "style"}
        assert recipe["inputs"]["start"]["name"] == "bricks – red"
        bpy.ops.impasto.go_on_larger(image=larger.name)
        assert tuple(bpy.data.images["bricks – red.002"].size) == (192, 128)

    def test_only_what_was_painted_goes_on_larger(self, extension, image, style):
        with pytest.raises(RuntimeError, match="holds no recipe"):
            bpy.ops.impasto.go_on_larger(image=image.name)
        bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, estimator="none", material="NONE")
        with pytest.raises(RuntimeError, match=r"Checker cannot go on.*choose an image that was repainted"):
            bpy.ops.impasto.go_on_larger(image="Texture_base_color")
        stylize(image=image.name)
        is_painted = extension.stylize.subject.is_painted
        names = (image.name, "Texture_base_color", "bricks – red")
        assert [is_painted(bpy.data.images[name]) for name in names] == [False, False, True]

    def test_one_undo_step_takes_it_away(self, image, style):
        bpy.ops.ed.undo_push(message="before")
        stylize(image=image.name)
        bpy.ops.ed.undo()
        assert "bricks – red" not in bpy.data.images
        assert "bricks.png" in bpy.data.images


class TestMaterials:
    def test_a_copy_with_the_painted_texture_takes_the_materials_place(self, plane, material, image, style):
        assert stylize(surface=material.name) == {"FINISHED"}
        painted = plane.active_material
        assert (painted.name, recipe_of(painted)["steps"][0]["tool"]) == ("bricks – red", "flat")
        node = behind(painted, "Base Color")
        assert (node.name, node.extension, node.image.name) == ("my texture", "MIRROR", "bricks – red_base_color")
        assert node.inputs["Vector"].is_linked
        assert behind(material, "Base Color").image == image
        assert {item["impasto_map"] for item in bpy.data.images if "impasto_map" in item} == {"base_color"}

    def test_only_the_slots_that_have_the_material_get_the_copy(self, plane, material, style):
        other = bpy.data.materials.new("other")
        plane.data.materials.append(other)
        bpy.ops.mesh.primitive_cube_add()
        cube = bpy.context.object
        cube.data.materials.append(material)
        stylize(surface=material.name)
        assert plane.material_slots[0].material == material  # it is not selected
        assert cube.active_material.name == "bricks – red"

    def test_the_material_itself_can_be_repainted(self, plane, material, style):
        stylize(subject="MATERIAL", material="ACTIVE")
        assert plane.active_material == material
        assert behind(material, "Base Color").image.name == "bricks – red_base_color"
        assert len(bpy.data.materials) == 1

    def test_relief_joins_the_maps_that_it_makes(self, plane, material, style):
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

    def test_relief_follows_maps_of_other_sizes_and_of_single_channels(self, plane, material, style):
        """As glTF has them: roughness is the green of an image that also gives the metal."""
        tree = material.node_tree
        texture, separate = tree.nodes.new("ShaderNodeTexImage"), tree.nodes.new("ShaderNodeSeparateColor")
        texture.image = packed_image("packed.png", np.full((8, 8, 3), (0, 100, 255), np.uint8))
        texture.image.colorspace_settings.name = "Non-Color"
        shader = tree.nodes["Principled BSDF"]
        tree.links.new(texture.outputs["Color"], separate.inputs["Color"])
        tree.links.new(separate.outputs["Green"], shader.inputs["Roughness"])
        tree.links.new(separate.outputs["Blue"], shader.inputs["Metallic"])
        stylize(surface=material.name, parameters={"relief": 1.0})
        painted = plane.active_material
        np.testing.assert_allclose(pixels_of(behind(painted, "Roughness").image)[..., 0], 50 / 255, atol=1 / 255)
        assert behind(painted, "Metallic").type == "SEPARATE_COLOR"

    def test_what_impasto_made_is_repainted_map_by_map(self, plane, style):
        bpy.ops.impasto.run(tool="checker", width_px=16, height_px=16, estimator="none", name="tiles")
        relief = plane.active_material.node_tree.nodes["Impasto Displacement"].inputs["Scale"]
        relief.default_value = 0.5
        stylize(subject="MATERIAL", parameters={"relief": 1.0})
        painted = plane.active_material
        assert behind(painted, "Base Color").image.name == "tiles – red_base_color"
        assert painted.node_tree.nodes["Impasto Height"].image.name == "tiles – red_height"
        assert painted.node_tree.nodes["Impasto Metallic"].image.name == "tiles_metallic"
        assert painted.node_tree.nodes["Impasto Displacement"].inputs["Scale"].default_value == pytest.approx(0.01)
        assert relief.default_value == 0.5
        assert sum(node.type == "TEX_IMAGE" for node in painted.node_tree.nodes) == 6

    def test_a_bump_is_a_height(self, plane, material, style):
        tree = material.node_tree
        texture, bump = tree.nodes.new("ShaderNodeTexImage"), tree.nodes.new("ShaderNodeBump")
        texture.image = packed_image("bump.png", coordinates(8, 8))
        tree.links.new(texture.outputs["Color"], bump.inputs["Height"])
        tree.links.new(bump.outputs["Normal"], tree.nodes["Principled BSDF"].inputs["Normal"])
        stylize(surface=material.name, parameters={"relief": 1.0}, material="ACTIVE")
        assert texture.image.name == "bricks – red_height"
        assert bump.inputs["Distance"].default_value == pytest.approx(0.01)

    def test_images_only(self, plane, material, style):
        stylize(surface=material.name, material="NONE")
        assert plane.active_material == material
        assert "bricks – red_base_color" in bpy.data.images

    def test_a_material_that_is_gone_when_it_is_done_becomes_a_new_one(self, plane, material, extension, settings):
        settings.subject = "MATERIAL"
        jobs = extension.jobs.session.jobs
        request = extension.stylize.request.from_scene(bpy.context)
        subject = extension.stylize.subject.subject_of(bpy.context, "MATERIAL")
        jobs.start(subject.task(bpy.context, request, "NEW"))
        bpy.data.materials.remove(material)
        settle(jobs)
        assert jobs.last_report.level == "WARNING"
        assert "bricks – red" in bpy.data.materials

    def test_a_procedural_material_says_what_to_do(self, plane, style):
        plane.active_material = bpy.data.materials.new("noise")
        with pytest.raises(RuntimeError, match=r"no image gives the base colour of the material noise.*bake"):
            stylize(subject="MATERIAL")


class TestRenders:
    @pytest.fixture
    def rendered(self, scene):
        scene.render.engine, scene.cycles.samples = "CYCLES", 1
        scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 24, 16, 100
        scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "JPEG", "BW"
        scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        scene.collection.objects.link(scene.camera)
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

    def test_it_goes_on_larger_in_the_same_session(self, rendered, style):
        stylize(image="Render Result")
        bpy.ops.impasto.go_on_larger(image="Render Result – red")
        assert tuple(bpy.data.images["Render Result – red.001"].size) == (48, 32)

    def test_the_panel_knows_whether_something_was_rendered_in_this_file(self, rendered, settings, extension):
        settings.subject = "RENDER"
        assert extension.stylize.subject.why_no_subject(bpy.context) == ""
        bpy.ops.wm.read_homefile()  # it has the image, though nothing was rendered
        bpy.context.scene.impasto_style.subject = "RENDER"
        assert extension.stylize.subject.why_no_subject(bpy.context) == "Render the scene first (F12)"

    def test_without_a_render_it_says_what_to_do(self, scene, style):
        with pytest.raises(RuntimeError, match=r"no render result yet; render the scene first"):
            stylize(subject="RENDER")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tool": "checker"}, "checker is no stylizer; choose from .*patches-style"),
        ({"tool": "nonsense"}, "no tool called 'nonsense'.*choose from"),
        ({"style": ""}, "flat needs the input style"),
        ({"style": "/nowhere/monet.png"}, "no image and no file called /nowhere/monet.png"),
        ({"image": "nothing"}, "no image called 'nothing'"),
        ({"image": "", "surface": "nothing"}, "no material called 'nothing'"),
        ({"image": ""}, "no image is given; choose one, or open one in the image editor"),
        ({"image": "", "subject": "MATERIAL"}, "active object has no material"),
        ({"parameters": {"strength": 7}}, "strength got 7.*less than or equal to 1"),
        ({"inputs": '{"maks": "bricks.png"}'}, "flat has no input 'maks'; did you mean 'mask'"),
        ({"inputs": "mask.png"}, "inputs is not JSON"),
        ({"inputs": '{"mask": 3}'}, "the input mask is no name and no list of names"),
        ({"inputs": '{"mask": ["", "bricks.png"]}'}, "more values for mask than for style"),
    ],
)
def test_bad_input_is_an_error_with_a_remedy_and_changes_nothing(image, style, given, message):
    images, materials = list(bpy.data.images), list(bpy.data.materials)
    with pytest.raises(RuntimeError, match=message):
        stylize(**{"image": "bricks.png", **given})
    assert (images, materials) == (list(bpy.data.images), list(bpy.data.materials))


class TestStyles:
    @pytest.fixture
    def folder(self, extension, tmp_path):
        folder = tmp_path / "styles"
        folder.mkdir()
        for name in ("monet", "hokusai"):
            (folder / f"{name}.png").write_bytes(png(coordinates(8, 8)))
        (folder / "notes.txt").write_text("no picture")
        extension.engine.engine.preferences().styles_folder = str(folder)
        yield folder
        extension.engine.engine.preferences().styles_folder = ""

    def keys(self, extension) -> list[str]:
        return [item[0] for item in extension.stylize.gallery.gallery_items(None, bpy.context)]

    def test_the_folders_pictures_and_those_of_the_blend_are_offered(self, extension, settings, folder):
        normal = packed_image("normal.png", coordinates(8, 8))
        normal.colorspace_settings.name = "Non-Color"
        expected = ["NONE", "file hokusai.png", "file monet.png", "image bricks.png", "image red.png"]
        assert self.keys(extension) == expected

    def test_a_chosen_file_becomes_an_image_once(self, extension, scene, settings, folder):
        flat = scene.impasto_parameters.flat
        for _ in range(2):
            flat.gallery_style = "file monet.png"
        chosen = flat.input_style
        assert Path(chosen.filepath) == folder / "monet.png"
        assert flat.gallery_style == "file monet.png"
        assert self.keys(extension).count("image monet.png") == 0
        flat.gallery_style = "image red.png"
        assert flat.input_style.name == "red.png"
        flat.gallery_style = "NONE"
        assert flat.input_style is None

    def test_each_style_has_thumbnails_of_its_own(self, scene, settings, folder):
        flat = scene.impasto_parameters.flat
        second = flat.more_style.add()
        second.gallery_style = "file monet.png"
        assert (flat.gallery_style, second.gallery_style) == ("image red.png", "file monet.png")
        assert second.input_style.name == "monet.png"

    def test_a_new_file_is_seen(self, extension, settings, folder):
        before = len(self.keys(extension))
        (folder / "turner.jpg").write_bytes(b"")
        assert len(self.keys(extension)) == before + 1

    def test_a_folder_that_is_gone_offers_nothing(self, extension, scene):
        extension.engine.engine.preferences().styles_folder = "/nowhere"
        assert self.keys(extension) == ["NONE"]
        extension.engine.engine.preferences().styles_folder = ""

    def test_thumbnails_are_loaded(self, extension, settings, folder):
        """Icons have numbers in windows only: what is looked at is the previews themselves."""
        self.keys(extension)
        previews = extension.interface.previews._icons.collection
        preview = previews[f"file {folder / 'monet.png'}"]
        assert tuple(preview.image_size) == (8, 8)


class TestPanel:
    def test_it_draws_what_all_stylizers_have_and_what_only_one_has(self, settings):
        layout = drawn(getattr(bpy.types, PANEL))
        props = layout.props()
        assert {"tool", "subject", "strength", "strokes", "color", "relief", "longest_px", "seed", "seconds"} <= set(
            props
        )
        assert "color_mix" not in props
        assert len(props) == len(set(props))
        assert [arguments[1] for what, arguments, _ in layout.drawn if what == "template_icon_view"] == [
            "gallery_style"
        ]
        pointers = [arguments[1] for what, arguments, _ in layout.drawn if what == "template_ID"]
        assert sorted(pointers) == ["image", "input_mask", "input_start", "input_style"]
        assert layout.operators("impasto.add_image")

    def test_each_further_style_is_drawn_with_a_weight_a_mask_and_a_button_that_removes_it(self, scene, settings):
        flat = scene.impasto_parameters.flat
        for _ in range(2):
            assert bpy.ops.impasto.add_image(tool="flat", input="style") == {"FINISHED"}
        flat.more_style[1].input_style = bpy.data.images["bricks.png"]
        layout = drawn(getattr(bpy.types, PANEL))
        drawn_of = [arguments for what, arguments, _ in layout.drawn if what in ("template_ID", "template_icon_view")]
        holders = [flat, *flat.more_style]
        for names in ("gallery_style", "input_style", "input_mask"):
            assert [arguments[0] for arguments in drawn_of if arguments[1] == names] == holders
        assert layout.props().count("weight") == 3
        assert [given.index for given in layout.operators("impasto.remove_image")] == [0, 1]
        bpy.ops.impasto.remove_image(tool="flat", input="style", index=0)
        assert [value.input_style.name for value in flat.more_style] == ["bricks.png"]

    def test_no_more_styles_can_be_added_than_a_recipe_holds(self, scene):
        for _ in range(15):
            bpy.ops.impasto.add_image(tool="flat", input="style")
        assert bpy.ops.impasto.add_image(tool="flat", input="style") == {"CANCELLED"}
        assert len(scene.impasto_parameters.flat.more_style) == 15

    def test_styles_masks_and_weights_of_the_panel_reach_the_recipe_and_what_has_no_image_is_left_out(
        self, scene, settings
    ):
        packed_image("blue.jpg", np.full((8, 8, 3), (0, 0, 255), np.uint8))
        packed_image("mask.png", np.full((32, 48, 3), 255, np.uint8))
        flat = scene.impasto_parameters.flat
        empty, second = flat.more_style.add(), flat.more_style.add()
        empty.weight, second.weight = 7.0, 0.25
        second.input_style, second.input_mask = bpy.data.images["blue.jpg"], bpy.data.images["mask.png"]
        assert bpy.ops.impasto.stylize() == {"FINISHED"}
        step = recipe_of(bpy.data.images["bricks – red + blue"])["steps"][0]
        assert step["inputs"] == {"style": ["style", "style-2"], "mask": ["", "mask-2"]}
        assert step["parameters"]["weight"] == [1.0, 0.25]

    def test_a_stylizer_with_its_own_inputs_only_is_drawn_too(self, settings):
        settings.tool = "blend"
        layout = drawn(getattr(bpy.types, PANEL))
        assert "strength" not in layout.props()
        assert layout.operators("impasto.stylize")

    def test_it_says_what_is_missing(self, extension, scene, settings, plane):
        missing = extension.stylize.request.why_incomplete
        assert missing(bpy.context) == ""
        settings.image = None
        assert missing(bpy.context) == "Choose an image to repaint"
        settings.subject = "MATERIAL"
        assert "the active object has no material" in missing(bpy.context)
        settings.subject = "IMAGE"
        settings.image = bpy.data.images["bricks.png"]
        scene.impasto_parameters.flat.input_style = None
        assert missing(bpy.context) == "Choose an image for style"

    def test_the_materials_maps_are_named(self, settings, material):
        settings.subject = "MATERIAL"
        labels = [options.get("text") for what, _, options in drawn(getattr(bpy.types, PANEL)).drawn if what == "label"]
        assert {"bricks", "Base color"} <= set(labels)

    def test_another_stylizer_keeps_what_both_can_be_told(self, scene, settings, style):
        flat, patches = scene.impasto_parameters.flat, scene.impasto_parameters.patches_style
        flat.strength, flat.color, patches.preservation = 0.5, "lightness", 3.0
        more = flat.more_style.add()
        more.input_style, more.weight = bpy.data.images["bricks.png"], 2.5
        settings.tool = "patches-style"
        assert (patches.strength, patches.color, patches.input_style) == (0.5, "lightness", style)
        assert [(more.input_style.name, more.weight) for more in patches.more_style] == [("bricks.png", 2.5)]
        assert not patches.is_property_set("preservation")

    def test_presets_are_the_stylizers(self, scene, settings):
        scene.impasto_parameters.flat.strength = 0.25
        try:
            assert bpy.ops.impasto.style_preset_add(name="Mine soft") == {"FINISHED"}
            scene.impasto_parameters.flat.property_unset("strength")
            menu = drawn(bpy.types.IMPASTO_MT_style_presets)
            (path,) = [given.filepath for given in menu.operators("script.execute_preset")]
            bpy.ops.script.execute_preset(filepath=path, menu_idname="IMPASTO_MT_style_presets")
            assert scene.impasto_parameters.flat.strength == 0.25
            assert drawn(getattr(bpy.types, PANEL)).operators("impasto.style_preset_add")[1].name == "Mine soft"
        finally:
            bpy.ops.impasto.style_preset_add(name="Mine soft", remove_name=True)

    def test_presets_that_come_along_set_what_they_say_and_nothing_else(self, extension, scene, settings):
        settings.tool = "patches-style"
        tool = extension.engine.catalogue.catalogue["patches-style"]
        defaults = extension.parameters.properties.parameters_of(scene, tool)
        given = drawn(bpy.types.IMPASTO_MT_style_presets).operators("script.execute_preset")
        assert [Path(item.filepath).stem for item in given] == SHIPPED
        for item in given:
            bpy.ops.script.execute_preset(filepath=item.filepath, menu_idname="IMPASTO_MT_style_presets")
            lines = [line for line in ast.parse(Path(item.filepath).read_text()).body if isinstance(line, ast.Assign)]
            said = {line.targets[0].attr: line.value.value for line in lines if hasattr(line.targets[0], "attr")}
            assert extension.parameters.properties.parameters_of(scene, tool) == defaults | said

    def test_settings_survive_save_and_reload(self, scene, settings, tmp_path):
        scene.impasto_parameters.flat.strength, settings.subject = 0.5, "RENDER"
        scene.impasto_parameters.flat.more_style.add().weight = 3.0
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
        scene = bpy.context.scene
        assert (scene.impasto_style.tool, scene.impasto_style.subject) == ("flat", "RENDER")
        flat = scene.impasto_parameters.flat
        assert (flat.gallery_style, flat.strength, flat.more_style[0].weight) == ("image red.png", 0.5, 3.0)


def _quick(image) -> str:
    """Its recipe, to be carried out at once."""
    recipe = recipe_of(image)
    recipe["steps"][0]["parameters"]["seconds"] = 0.0
    return json.dumps(recipe)


class TestRunning:
    @pytest.fixture
    def running(self, extension, scene, settings):
        """A long repainting, started as a click does."""
        scene.impasto_parameters.flat.seconds = 60
        jobs = extension.jobs.session.jobs
        request, subject = (
            extension.stylize.request.from_scene(bpy.context),
            extension.stylize.subject.subject_of(bpy.context, "IMAGE"),
        )
        task = subject.task(bpy.context, request, "NONE")
        jobs.start(task)
        deadline = time.monotonic() + LIMIT_S
        while task.preview is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return jobs

    def test_stopped_early_it_keeps_what_there_is(self, running):
        assert drawn(getattr(bpy.types, PANEL)).operators("impasto.stop")
        assert bpy.ops.impasto.stop() == {"FINISHED"}
        assert not bpy.ops.impasto.stop.poll()
        settle(running)
        assert running.last_report.text == "Made the image bricks – red"
        bpy.data.images["bricks – red"]["impasto_recipe"] = _quick(bpy.data.images["bricks – red"])
        bpy.ops.impasto.go_on_larger(image="bricks – red")
        assert recipe_of(bpy.data.images["bricks – red.001"])["made_with"].get("stopped") is None

    def test_cancelled_it_leaves_nothing(self, running):
        bpy.ops.impasto.cancel()
        settle(running)
        assert running.last_report.level == "CANCELLED"
        assert "bricks – red" not in bpy.data.images

    def test_other_tools_cannot_be_stopped_and_kept(self, extension, scene):
        jobs = extension.jobs.session.jobs
        request = extension.tools.request.Request(tool="slow", estimator="none", width_px=8, height_px=8)
        jobs.start(request.task(extension.bridge.target.Target("slow")))
        assert not bpy.ops.impasto.stop.poll()
        bpy.ops.impasto.cancel()
        settle(jobs)


class TestLivePreview:
    @pytest.fixture
    def live(self, extension, settings, monkeypatch):
        """Switched on; painted by the chosen stylizer itself."""
        for tool in extension.engine.catalogue.catalogue:
            monkeypatch.setitem(tool, "preview_px", 0)
        settings.live_preview = True
        settle(extension.jobs.session.jobs, extension.stylize.preview.live)
        return extension.stylize.preview.live

    def test_it_is_small_and_follows_parameters_and_style(self, extension, scene, live, image):
        assert live.error == ""
        assert live.pixels.shape == (32, 48, 3)  # never larger than the image
        np.testing.assert_allclose(live.pixels, np.broadcast_to(RED, live.pixels.shape), atol=1)
        scene.impasto_parameters.flat.strength = 0.0
        settle(extension.jobs.session.jobs, live)
        np.testing.assert_allclose(live.pixels, coordinates(32, 48), atol=1)
        scene.impasto_parameters.flat.input_style = None
        live.tick()
        assert not extension.jobs.session.jobs.tasks

    def test_a_large_image_is_painted_small_with_small_strokes(self, extension, scene, settings, live):
        settings.image = bpy.data.images.new("large", 1024, 512)
        scene.impasto_parameters.flat.strokes_px, scene.impasto_parameters.flat.relief = 400, 1.0
        _, request, _ = extension.stylize.preview.preview_inputs(bpy.context)
        given = request.parameters
        assert (given["longest_px"], given["strokes_px"], given["relief"]) == (256, 100, 0.0)
        settle(extension.jobs.session.jobs, live)
        assert live.pixels.shape == (128, 256, 3)

    def test_it_gives_way_to_what_is_asked_for(self, extension, scene, live, image, style):
        scene.impasto_parameters.flat.seconds = 60
        live._due_s = 0.0
        live.tick()
        assert extension.jobs.session.jobs.tasks
        assert stylize(image=image.name) == {"FINISHED"}
        settle(extension.jobs.session.jobs)

    def test_the_quick_stylizer_paints_it_for_all_that_can_be_told_the_same(self, extension, settings):
        catalogue, previewer = extension.engine.catalogue.catalogue, extension.stylize.preview.previewer
        assert previewer(bpy.context)["name"] in ("wct", "patches-style")
        settings.tool = "blend"
        assert previewer(bpy.context) is None
        assert "as its source is" in extension.stylize.preview.why_no_preview(bpy.context)
        assert catalogue["blend"]["kind"] == "stylizer"
