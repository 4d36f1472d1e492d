"""The Style panel: thumbnails to choose from, what it shows, jobs in the background, the live preview."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from blends import new_material, show_image
from conftest import coordinates, packed_image, pixels_of, png, refused
from drawing import drawn, texts_of_number
from styling import RED, recipe_of, settle, stylize, wait_until

PANEL = "IMPASTO_PT_style_view_3d"
BUNDLED = ["Close to the picture", "Only the strokes", "Thick paint"]


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

    def test_pictures_of_the_folder_and_the_blend_are_offered(self, extension, settings, folder):
        normal = packed_image("normal.png", coordinates(8, 8))
        normal.colorspace_settings.name = "Non-Color"
        bundled = [f"file {name}.jpg" for name in ("Ink", "Oil", "Pencil", "Pointillism", "Watercolour", "Woodblock")]
        expected = ["NONE", *bundled, "file hokusai.png", "file monet.png", "image bricks.png", "image red.png"]
        assert self.keys(extension) == expected
        previews = extension.interface.previews._icons.collection
        assert tuple(previews[f"file {folder / 'monet.png'}"].image_size) == (8, 8), (
            "icons have numbers in windows only"
        )
        (folder / "turner.jpg").write_bytes(b"")
        assert len(self.keys(extension)) == len(expected) + 1
        extension.engine.engine.preferences().styles_folder = "/nowhere"
        assert self.keys(extension) == ["NONE", *bundled, "image bricks.png", "image red.png"]

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
        flat.gallery_style = "file Woodblock.jpg"
        assert (flat.input_style.name, tuple(flat.input_style.size)) == ("Woodblock.jpg", (640, 480))
        flat.gallery_style = "NONE"
        second = flat.more_style.add()
        second.gallery_style = "file monet.png"
        assert (flat.gallery_style, second.input_style) == ("NONE", chosen)


class TestPanel:
    def test_the_style_panel_draws_shared_and_special_parameters(self, scene, settings):
        layout = drawn(getattr(bpy.types, PANEL))
        props = layout.props()
        assert {"tool", "subject", "strength", "strokes", "color", "relief", "seed", "seconds"} <= set(props)
        assert texts_of_number(layout, scene.impasto_parameters.flat, "longest_px") == ["As the picture"]
        assert "color_mix" not in props
        assert len(props) == len(set(props))
        chosen = [arguments[1] for what, arguments, _ in layout.drawn if what in ("template_icon_view", "template_ID")]
        assert sorted(chosen) == ["gallery_style", "image", "input_mask", "input_start", "input_style"]
        assert layout.operators("impasto.add_image")
        settings.tool = "blend"
        layout = drawn(getattr(bpy.types, PANEL))
        assert "strength" not in layout.props(), "it has its own inputs only"
        assert layout.operators("impasto.stylize")

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
        for _ in range(14):
            bpy.ops.impasto.add_image(tool="flat", input="style")
        assert bpy.ops.impasto.add_image(tool="flat", input="style") == {"CANCELLED"}, "no recipe holds more"

    def test_a_single_style_has_no_weight(self, extension, settings):
        props = lambda: drawn(getattr(bpy.types, PANEL)).props()  # noqa: E731
        assert "weight" not in props()
        flat = extension.engine.catalogue.catalogue["flat"]
        weight = flat["parameters"]["properties"]["weight"]
        try:
            weight["relative"] = False
            assert "weight" in props()
        finally:
            weight["relative"] = True

    def test_styles_masks_and_weights_reach_the_recipe(self, scene, settings):
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

    def test_the_style_panel_names_missing_inputs(self, extension, scene, settings, plane):
        missing = extension.stylize.request.request_poll_message
        assert missing(bpy.context) == ""
        settings.image = None
        assert missing(bpy.context) == "Choose an image to repaint"
        settings.subject = "MATERIAL"
        assert "the active object has no material" in missing(bpy.context)
        settings.subject = "IMAGE"
        settings.image = bpy.data.images["bricks.png"]
        scene.impasto_parameters.flat.input_style = None
        assert missing(bpy.context) == "Choose an image for style"

    def test_choosing_another_stylizer_keeps_shared_parameters(self, scene, settings, style):
        flat, patches = scene.impasto_parameters.flat, scene.impasto_parameters.patches_style
        flat.strength, flat.color, patches.preservation = 0.5, "lightness", 3.0
        more = flat.more_style.add()
        more.input_style, more.weight = bpy.data.images["bricks.png"], 2.5
        settings.tool = "patches-style"
        assert (patches.strength, patches.color, patches.input_style) == (0.5, "lightness", style)
        assert [(more.input_style.name, more.weight) for more in patches.more_style] == [("bricks.png", 2.5)]
        assert not patches.is_property_set("preservation")

    def test_presets_belong_to_the_stylizer(self, scene, settings):
        scene.impasto_parameters.flat.strength = 0.25
        assert bpy.ops.impasto.style_preset_add(name="Mine soft") == {"FINISHED"}
        scene.impasto_parameters.flat.property_unset("strength")
        (given,) = drawn(bpy.types.IMPASTO_MT_style_presets).operators("impasto.apply_preset")
        bpy.ops.impasto.apply_preset(preset=given.preset, of=given.of)
        assert scene.impasto_parameters.flat.strength == 0.25
        (_add, remove) = drawn(getattr(bpy.types, PANEL)).operators("impasto.style_preset_add")
        bpy.ops.impasto.style_preset_add(name=remove.name, remove_name=True)
        settings.tool = "patches-style"
        listed = drawn(bpy.types.IMPASTO_MT_style_presets).operators("impasto.apply_preset")
        assert [item.preset for item in listed] == BUNDLED


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
        requests = extension.stylize.request
        subject = requests.subject_of(bpy.context, "IMAGE")
        task = subject.task(bpy.context, requests.from_scene(bpy.context), "NONE")
        jobs.start(task)
        wait_until(lambda: task.preview is not None)
        return jobs

    def test_stop_and_keep_keeps_the_result_so_far(self, running):
        assert drawn(bpy.types.IMPASTO_PT_intents_view_3d).operators("impasto.stop")
        assert bpy.ops.impasto.stop() == {"FINISHED"}
        assert not bpy.ops.impasto.stop.poll()
        settle(running)
        assert running.last_report.text == "Made the image bricks – red"
        bpy.data.images["bricks – red"]["impasto_recipe"] = _quick(bpy.data.images["bricks – red"])
        bpy.ops.impasto.continue_larger(image="bricks – red")
        assert recipe_of(bpy.data.images["bricks – red.001"])["made_with"].get("stopped") is None


class TestLivePreview:
    @pytest.fixture
    def live(self, extension, settings, monkeypatch):
        """Switched on; painted by the chosen stylizer itself."""
        for tool in extension.engine.catalogue.catalogue:
            monkeypatch.setitem(tool, "preview_px", 0)
        settings.live_preview = True
        settle(extension.jobs.session.jobs, extension.stylize.preview.live)
        return extension.stylize.preview.live

    def test_the_style_preview_is_small_and_follows_settings(self, extension, scene, live, image):
        assert live.error == ""
        assert live.pixels.shape == (32, 48, 3)  # never larger than the image
        np.testing.assert_allclose(live.pixels, np.broadcast_to(RED, live.pixels.shape), atol=1)
        scene.impasto_parameters.flat.strength = 0.0
        np.testing.assert_allclose(settle(extension.jobs.session.jobs, live), coordinates(32, 48), atol=1)
        scene.impasto_parameters.flat.input_style = None
        live.tick()
        assert not extension.jobs.session.jobs.tasks

    def test_the_style_preview_of_a_material_is_on_the_object(self, extension, scene, settings, live, plane, image):
        material = new_material("Wall")
        show_image(material, image, "Base Color")
        plane.data.materials.append(material)
        settings.subject = "MATERIAL"
        live.ask()
        settle(extension.jobs.session.jobs, live)
        shown = material.node_tree.nodes["Impasto Preview Base Color"].image
        np.testing.assert_allclose(pixels_of(shown)[..., :3] * 255, np.broadcast_to(RED, (256, 256, 3)), atol=1)
        settings.live_preview = False
        assert not [node for node in material.node_tree.nodes if node.name.startswith("Impasto Preview")]

    def test_a_large_image_is_painted_small_with_small_strokes(self, extension, scene, settings, live):
        settings.image = bpy.data.images.new("large", 1024, 512)
        scene.impasto_parameters.flat.strokes_px, scene.impasto_parameters.flat.relief = 400, 1.0
        given = extension.stylize.preview.live.action(bpy.context).recipe.steps[0].parameters
        assert (given["longest_px"], given["strokes_px"], given["relief"]) == (256, 100, 0.0)
        assert settle(extension.jobs.session.jobs, live).shape == (128, 256, 3)

    def test_the_style_preview_yields_to_requested_jobs(self, extension, scene, live, image, style):
        scene.impasto_parameters.flat.seconds = 60
        live._due_s = 0.0
        live.tick()
        assert extension.jobs.session.jobs.tasks
        assert stylize(image=image.name) == {"FINISHED"}
        settle(extension.jobs.session.jobs)

    def test_the_quick_stylizer_paints_previews_with_known_networks(self, extension, settings, scene, image, style):
        catalogue, previewer = extension.engine.catalogue.catalogue, extension.stylize.preview.previewer
        assert previewer(bpy.context)["name"] == "wct"
        settings.tool = "blend"
        assert previewer(bpy.context) is None
        assert "as its source is" in extension.stylize.preview.live.poll_message(bpy.context)
        assert catalogue["blend"]["kind"] == "stylizer"
        painters = {}
        for settings.tool in ("patches-style", "wct", "gatys", "neighbours"):
            painters[settings.tool] = previewer(bpy.context)["name"]
        assert painters == {"patches-style": "patches-style", "wct": "wct", "gatys": "wct", "neighbours": "wct"}

        settings.tool, scene.impasto_parameters.gatys.input_style = "gatys", style
        for network, given in (("vgg16", None), ("style-encoder", "style-encoder")):
            scene.impasto_parameters.gatys.backbone = network
            recipe = extension.stylize.preview.live.action(bpy.context).recipe
            assert recipe.steps[0].parameters.get("backbone") == given


KINDS = ["none", "oil", "pointillism", "ink", "watercolor", "print", "gold", "pencil"]


@pytest.fixture
def painting(scene) -> bpy.types.Image:
    """A picture of soft spots."""
    spots = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    return packed_image("spots.png", spots.repeat(4, 0).repeat(4, 1))


@pytest.fixture
def patches(scene, image, painting):
    """The panel, set to the stylizer that knows kinds, with a picture and a style."""
    settings = scene.impasto_style
    settings.tool, settings.subject, settings.image = "patches-style", "IMAGE", image
    group = scene.impasto_parameters.patches_style
    group.input_style, group.quality = painting, "quick"
    return group


@pytest.mark.slow
@pytest.mark.any_blender
def test_all_kinds_are_shown_and_one_is_taken(extension, scene, patches):
    assert not bpy.ops.impasto.pick_style_kind.poll()
    assert bpy.ops.impasto.style_kinds() == {"FINISHED"}
    settle(extension.jobs.session.jobs)
    pictures = extension.stylize.preview.kind_thumbnails(bpy.context)
    assert list(pictures) == KINDS
    assert {picture.shape for picture in pictures.values()} == {(32, 48, 3)}
    assert (pictures["none"] == pictures["oil"]).all(), "they differ by relief only"
    assert (pictures["none"] != pictures["ink"]).any()
    assert bpy.ops.impasto.pick_style_kind(kind="ink") == {"FINISHED"}
    assert patches.kind == "ink"
    shown = drawn(bpy.types.IMPASTO_PT_style_view_3d)
    assert [button.kind for button in shown.operators("impasto.pick_style_kind")] == KINDS
    scene.impasto_style.tool = "flat"
    assert not extension.stylize.preview.kind_thumbnails(bpy.context)
    refused("this stylizer has no settings for kinds of style", "style_kinds")
    assert not drawn(bpy.types.IMPASTO_PT_style_view_3d).operators("impasto.style_kinds")


@pytest.mark.slow
@pytest.mark.any_blender
def test_only_changed_parameters_override_the_kind(extension, scene, patches):
    patches.kind, patches.preservation = "ink", 1.0
    request = extension.stylize.request.from_scene(bpy.context)
    assert {"kind": "ink", "preservation": 1.0, "quality": "quick"}.items() <= request.parameters.items()
    assert "detail" not in request.parameters
    assert bpy.ops.impasto.stylize(name="inked") == {"FINISHED"}
    settle(extension.jobs.session.jobs)
    (step,) = recipe_of(bpy.data.images["inked"])["steps"]
    assert (step["parameters"]["kind"], step["parameters"]["preservation"]) == ("ink", 1.0)
    assert step["parameters"]["detail"] > 1


@pytest.mark.any_blender
@pytest.mark.parametrize(("kind", "stands_out"), [("oil", True), ("ink", False)])
def test_strokes_of_oil_stand_out_of_a_material(extension, scene, painting, material, plane, kind, stands_out):
    given = json.dumps({"kind": kind, "quality": "quick"})
    bpy.ops.impasto.stylize(tool="patches-style", surface=material.name, style="spots.png", parameters=given)
    settle(extension.jobs.session.jobs)
    assert plane.active_material != material
    shader = plane.active_material.node_tree.nodes["Principled BSDF"]
    assert shader.inputs["Normal"].is_linked == stands_out
