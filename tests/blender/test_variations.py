"""Previews: the result scaled down in the panel, four seeds to choose from, and pictures on the object itself.

Timers never fire without a window, so the tests call what the timers call.
"""

from __future__ import annotations

import json
import time
from importlib import import_module

import bpy
import numpy as np
import pytest
import styling
from blends import camera, links_of, reopen, show_image
from conftest import packed_image, pixels_of
from drawing import drawn


@pytest.fixture
def checker(scene, extension):
    """The panel, set to a quick generator that needs no source."""
    settings = scene.impasto
    settings.tool, settings.source_kind, settings.estimator = "checker", "NONE", "none"
    yield scene.impasto_parameters.checker
    extension.generate.variations.live.clear()


@pytest.fixture
def live(extension, checker, scene):
    """The live preview, switched on; nothing is due yet."""
    scene.impasto.live_preview = True
    settle(extension)
    return extension.generate.variations.live


def settle(extension) -> np.ndarray:
    """Tick, as the timers do, until nothing is due and no task runs; the picture then."""
    return styling.settle(extension.jobs.session.jobs, extension.generate.variations.live)


@pytest.mark.slow
@pytest.mark.any_blender
def test_a_changed_parameter_makes_a_new_picture(live, extension, checker, scene, image):
    before = live.pixels
    checker.color = (0.0, 1.0, 0.0)
    assert live.tick() > 0
    assert not extension.jobs.session.jobs.tasks, "nothing is started until the changes have paused"
    assert settle(extension).shape == (256, 256, 3)  # of a result of 1024²
    assert live.pixels.dtype == np.uint8
    assert live.pixels[..., 1].max() > 200
    assert live.pixels[..., 0].max() == 0
    assert before is not live.pixels
    poll_message = extension.generate.variations.live.poll_message
    assert poll_message(bpy.context) == ""
    checker.width_px = checker.height_px = 8192
    assert "too large" in poll_message(bpy.context)
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.image = "tint", "IMAGE", image
    assert "as its source is" in poll_message(bpy.context)
    live.clear()
    scene.impasto.live_preview, scene.impasto.seed = False, 3
    assert not bpy.app.timers.is_registered(live.timer)


@pytest.mark.slow
@pytest.mark.any_blender
def test_previews_are_the_lit_result_scaled_down(live, extension, checker, scene):
    """As the artist generates it afterwards, of its size, seed and maps; within 3 of 255, as the maps have 8 bits."""
    scene.impasto.tool, scene.impasto.estimator = "blotches", "photo-maps"
    blotches, scene.impasto.seed = scene.impasto_parameters.blotches, 5
    blotches.width_px, blotches.height_px = 512, 256
    np.testing.assert_allclose(settle(extension), real_result(extension), atol=3)
    bpy.ops.impasto.variations()
    varied = extension.generate.variations.latest_variations(bpy.context)[2]
    bpy.ops.impasto.pick_variation(index=2)
    np.testing.assert_allclose(varied.pixels, real_result(extension), atol=3)


def real_result(extension) -> np.ndarray:
    """Result of Generate under the light of thumbnails, each pixel the mean of four; 0 to 255."""
    before, color = set(bpy.data.images), import_module(f"{extension.__name__}.core.surface.color")
    bpy.ops.impasto.generate()
    made = {image["impasto_map"]: pixels_of(image)[..., :3] for image in bpy.data.images if image not in before}
    facing = np.maximum((2 * made["normal"] - 1) @ (-0.45, 0.45, 0.77), 0)[..., None] / 0.77
    lit = color.linear_to_srgb(np.clip(color.srgb_to_linear(made["base_color"]) * (0.35 + 0.65 * facing), 0, 1))
    assert lit.std() > 0.01
    return 255 * lit.reshape(128, 2, 256, 2, 3).mean((1, 3))


@pytest.mark.any_blender
def test_newer_previews_show_partial_results(live, extension, scene):
    before = live.pixels
    scene.impasto.tool = "slow"
    while live.tick():
        time.sleep(0.01)
    styling.wait_until(lambda: live.picture is not before)
    assert live.is_running
    assert live.fraction < 1
    live.cancel()
    styling.settle(extension.jobs.session.jobs)
    assert live.picture is before


def test_only_the_last_of_many_changes_is_shown(live, extension, scene):
    """The tool that is asked for first takes a minute: the newer picture supersedes it."""
    scene.impasto.tool = "slow"
    live._due_s = 0.0
    assert live.tick() is None
    scene.impasto.tool = "checker"
    scene.impasto_parameters.checker.color = (0.0, 0.0, 1.0)
    settle(extension)
    assert live.pixels[..., 2].max() > 200


def test_pending_previews_end_with_their_file(live, extension, checker):
    checker.squares = 5
    assert bpy.app.timers.is_registered(live.timer)
    bpy.ops.wm.read_homefile(use_empty=True)
    settings = bpy.context.scene.impasto
    settings.tool, settings.source_kind = "checker", "NONE"
    live._due_s = 0.0
    assert live.tick() is None
    assert not extension.jobs.session.jobs.tasks


@pytest.mark.any_blender
def test_an_error_is_told_in_the_panel_and_in_no_window(live, extension, scene):
    scene.impasto.source_kind, scene.impasto.filepath = "FILE", "/nowhere.png"
    settle(extension)
    assert "nowhere" in live.error
    assert extension.jobs.session.jobs.last_report is None


@pytest.mark.any_blender
def test_four_variations_are_shown_and_one_sets_the_seed(extension, checker, scene):
    assert not bpy.ops.impasto.pick_variation.poll()
    assert bpy.ops.impasto.variations() == {"FINISHED"}
    four = extension.generate.variations.latest_variations(bpy.context)
    assert len({variation.seed for variation in four}) == 4
    assert len({variation.pixels.tobytes() for variation in four}) == 4
    scene.impasto.lock_seed = False
    bpy.ops.impasto.pick_variation(index=2)
    assert (scene.impasto.seed, scene.impasto.lock_seed) == (four[2].seed, True)
    buttons = drawn(bpy.types.IMPASTO_PT_view_3d).operators("impasto.pick_variation")
    assert [button.index for button in buttons] == [0, 1, 2, 3]
    are_of_other_settings = extension.generate.variations.are_of_other_settings
    assert not are_of_other_settings(bpy.context)
    checker.squares = 7
    assert are_of_other_settings(bpy.context)
    scene.impasto.tool = "slow"
    assert extension.generate.variations.latest_variations(bpy.context) == ()
    scene.impasto.tool = "checker"
    assert len(extension.generate.variations.latest_variations(bpy.context)) == 4
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.context.scene.impasto.tool = "checker"
    assert extension.generate.variations.latest_variations(bpy.context) == ()


def test_the_seed_changes_only_while_it_is_unlocked(extension, checker, scene, plane):
    checker.width_px = checker.height_px = 8
    scene.impasto.seed = 7
    bpy.ops.impasto.generate()
    assert scene.impasto.seed == 7
    scene.impasto.lock_seed = False
    bpy.ops.impasto.generate()
    assert scene.impasto.seed != 7
    assert json.loads(plane.active_material["impasto_recipe"])["seed"] == scene.impasto.seed
    scene.impasto.seed = 9
    bpy.ops.impasto.generate(seed=5)
    assert scene.impasto.seed == 9


NODE = "Impasto Preview Base Color"


@pytest.fixture
def layers_live(extension, scene, plane):
    """The live preview of layers of a new material on the plane."""
    for tool in ("checker", "tint"):
        bpy.ops.impasto.add_layer(tool=tool)
    squares = plane.active_material.impasto_layers.layers[0].impasto_parameters.checker
    squares.width_px = squares.height_px = 16
    scene.impasto.live_preview = True
    yield extension.layers.preview.live
    bpy.context.scene.impasto.live_preview = False
    extension.layers.preview.live.clear()


def wait(extension, live) -> None:
    """Make a picture, as Blender's timers would."""
    live.ask()
    styling.settle(extension.jobs.session.jobs, live)
    assert not live.error


def test_previews_on_the_object_keep_their_image_while_layers_change(extension, layers_live, plane):
    material = plane.active_material
    before = links_of(material)
    wait(extension, layers_live)
    image, nodes = material.node_tree.nodes[NODE].image, len(material.node_tree.nodes)
    shown = pixels_of(image)
    assert shown[..., :3].std() > 0.05
    assert (NODE, "Color", "Principled BSDF", "Base Color") in links_of(material)
    material.impasto_layers.layers[1].impasto_parameters.tint.light = (1, 0, 0)
    wait(extension, layers_live)
    assert material.node_tree.nodes[NODE].image == image
    assert len(material.node_tree.nodes) == nodes
    assert np.abs(pixels_of(image) - shown).max() > 0.1
    bpy.context.scene.impasto.live_preview = False
    assert links_of(material) == before
    assert not [one for one in bpy.data.images if "impasto_preview" in one]


@pytest.mark.parametrize("kind", ["picture", "emission", "endless", "endless without maps"])
def test_previews_use_a_separate_shader_for_foreign_materials(extension, layers_live, plane, kind):
    material, on_object = plane.active_material, extension.bridge.on_object
    if kind.startswith("endless"):
        bpy.ops.impasto.run_layers()
        bpy.ops.impasto.make_endless()
    tree = material.node_tree
    if kind == "endless without maps":
        for node in [one for one in tree.nodes if one.type == "TEX_IMAGE"]:
            tree.nodes.remove(node)
    if kind == "picture":
        node = show_image(material, packed_image("own.png", np.full((8, 8, 3), 90, np.uint8)), "Base Color")
        node.projection = "BOX"
        tree.links.new(tree.nodes.new("ShaderNodeTexCoord").outputs["Object"], node.inputs["Vector"])
    elif kind == "emission":
        light, output = tree.nodes.new("ShaderNodeEmission"), extension.bridge.shader_tree.output_of(tree)
        tree.links.new(light.outputs[0], output.inputs["Surface"])
    before, count, own = links_of(material), len(tree.nodes), extension.bridge.surfaces.map_nodes(material)
    wait(extension, layers_live)
    shown = tree.nodes[NODE]
    assert pixels_of(shown.image)[..., :3].std() > 0.05
    (link,) = extension.bridge.shader_tree.output_of(tree).inputs["Surface"].links
    assert (link.from_node.name, link.from_node.inputs[0].default_value) == ("Impasto Preview Mix", 1)
    assert extension.bridge.surfaces.map_nodes(material) == own
    if kind == "picture":
        assert (shown.projection, shown.inputs["Vector"].links[0].from_socket.name) == ("BOX", "Object")
    elif kind != "emission":
        assert shown.inputs["Vector"].is_linked, "it repeats as the group's images do"
    wait(extension, layers_live)
    on_object.take_back()
    assert (links_of(material), len(tree.nodes)) == (before, count)
    wait(extension, layers_live)
    camera((8, 8))
    bpy.ops.render.render()
    assert (links_of(material), len(tree.nodes)) == (before, count), "nothing is rendered but the material itself"


def test_results_replace_the_preview_on_the_object(extension, layers_live, plane):
    material = plane.active_material
    wait(extension, layers_live)
    bpy.ops.impasto.run_layers()
    assert NODE not in material.node_tree.nodes
    before, own = links_of(material), extension.bridge.surfaces.base_color_of(material)
    wait(extension, layers_live)
    assert NODE in material.node_tree.nodes
    assert links_of(material) != before
    assert extension.bridge.surfaces.base_color_of(material) == own
    extension.bridge.on_object.take_back()
    assert links_of(material) == before


@pytest.mark.parametrize("how", ["save", "undo"])
def test_previews_on_the_object_are_not_saved_or_undone(extension, layers_live, plane, tmp_path, how):
    bpy.ops.impasto.run_layers()
    wait(extension, layers_live)
    name = plane.active_material.name
    assert NODE in plane.active_material.node_tree.nodes
    if how == "save":
        reopen(tmp_path / "file.blend")
    else:
        bpy.ops.ed.undo_push(message="with the preview")
        bpy.ops.ed.undo_push(message="after it")
        bpy.ops.ed.undo()
    assert NODE not in bpy.data.materials[name].node_tree.nodes
    assert extension.bridge.surfaces.base_color_of(bpy.data.materials[name])


def test_panel_previews_have_roughness_and_normals_until_a_result(extension, scene, plane):
    settings, bricks, live = scene.impasto, scene.impasto_parameters.bricks, extension.generate.variations.live
    settings.tool, bricks.width_px, bricks.height_px = "bricks", 32, 32
    bpy.ops.impasto.generate()
    material = plane.active_material
    before = links_of(material)
    settings.live_preview = True
    try:
        wait(extension, live)
        shown = [node.image for node in material.node_tree.nodes if node.name.startswith("Impasto Preview")]
        is_data = {image["impasto_preview"]: image.colorspace_settings.is_data for image in shown}
        assert is_data == {"base_color": False, "roughness": True, "normal": True}
        assert all(pixels_of(image)[..., :3].std() > 0.005 for image in shown)
        assert not {link for link in links_of(material) if link[0] == "Impasto Normal"}
        bpy.ops.impasto.add_layer(tool="checker")
        extension.bridge.on_object.take_back()
        assert links_of(material) == before
        wait(extension, live)
        assert links_of(material) == before, "layers have a preview of their own"
        material.impasto_layers.layers.clear()
        wait(extension, live)
        assert links_of(material) != before
        bpy.ops.impasto.generate()
        assert links_of(material) == before
    finally:
        settings.live_preview = False
        live.clear()
