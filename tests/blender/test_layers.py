"""The recipe of a material as layers: changed, run, previewed, and opened again from any result."""

from __future__ import annotations

import json
import sys

import bpy
import numpy as np
import pytest
import styling
from blends import maps_of, reopen, show_image
from conftest import MODULE, packed_image, pixels_of, png, refused
from drawing import drawn


@pytest.fixture
def stack(scene, plane):
    """The layers of a new material on the plane: small squares, tinted."""
    bpy.ops.impasto.add_layer(tool="checker")
    bpy.ops.impasto.add_layer(tool="tint")
    layers = plane.active_material.impasto_layers
    squares = layers.layers[0].impasto_parameters.checker
    squares.width_px = squares.height_px = 16
    return layers


def names(stack) -> list[str]:
    return [layer.name for layer in stack.layers]


def base_color(plane) -> np.ndarray:
    return pixels_of(shown(plane)["base_color"])


def shown(plane) -> dict[str, bpy.types.Image]:
    return maps_of(plane.active_material)


def steps_of(plane) -> list[dict]:
    return styling.recipe_of(plane.active_material)["steps"]


def test_layers_are_moved_duplicated_removed_and_added_above_the_active_one(stack, plane):
    stack.layers[1].impasto_parameters.tint.strength = 0.25
    stack.layers[1].enabled = False
    bpy.ops.impasto.duplicate_layer()
    stack.layers[2].name = "mine"
    assert stack.layers[2].impasto_parameters.tint.strength == pytest.approx(0.25)
    assert not stack.layers[2].enabled
    bpy.ops.impasto.move_layer(direction="DOWN")
    assert (names(stack), stack.active) == (["Checker", "mine", "Tint"], 1)
    bpy.ops.impasto.move_layer(direction="UP")
    bpy.ops.impasto.move_layer(direction="UP")
    assert (names(stack), stack.active) == (["Checker", "Tint", "mine"], 2)
    bpy.ops.impasto.remove_layer()
    assert (names(stack), stack.active) == (["Checker", "Tint"], 1)

    stack.active = 0
    bpy.ops.impasto.add_layer(tool="negative")
    assert names(stack) == ["Checker", "Negative", "Tint"]
    assert stack.active == 1
    assert len(bpy.data.materials) == 1


def test_running_layers_gives_the_result_of_their_recipe(stack, plane, extension):
    stack.seed, stack.layers[1].name = 3, "warm"
    material = plane.active_material
    assert bpy.ops.impasto.run_layers() == {"FINISHED"}
    assert plane.active_material == material
    assert [(step["tool"], step.get("name")) for step in steps_of(plane)] == [("checker", None), ("tint", "warm")]
    assert styling.recipe_of(material)["seed"] == 3
    assert all(layer.seconds > 0 for layer in stack.layers)


@pytest.mark.parametrize("of", ["material", "image"])
def test_an_old_result_is_opened_as_layers_that_make_the_same_pixels(scene, plane, image, of):
    settings = scene.impasto
    settings.tool, settings.source_kind, settings.image, settings.width_m = "checker", "IMAGE", image, 0.5
    settings.estimator, settings.seed = "photo-maps", 5
    scene.impasto_parameters.checker.squares = 3
    bpy.ops.impasto.generate()
    before, result = shown(plane), plane.active_material
    if of == "material":
        buttons = drawn(bpy.types.IMPASTO_PT_layers_view_3d).operators("impasto.edit_layers")
        assert [button.material for button in buttons] == [result.name], "the panel offers it"
        bpy.ops.impasto.edit_layers()
        assert not drawn(bpy.types.IMPASTO_PT_layers_view_3d).operators("impasto.edit_layers")
    else:
        plane.active_material = None
        bpy.ops.impasto.edit_layers(image=before["base_color"].name)
    stack = plane.active_material.impasto_layers
    assert [layer.tool for layer in stack.layers] == ["checker", "photo-maps"]
    assert (stack.image, stack.seed) == (image, 5)
    assert stack.layers[0].impasto_parameters.checker.squares == 3
    bpy.ops.impasto.run_layers()
    again = shown(plane)
    assert again.keys() == before.keys()
    for name in before:
        assert again[name] != before[name]
        np.testing.assert_array_equal(pixels_of(again[name]), pixels_of(before[name]))


@pytest.mark.essential
def test_a_png_a_blend_and_an_asset_are_opened_as_layers_that_make_the_same_pixels(scene, plane, tmp_path):
    """A stack of six layers, taken along in each of the three ways into a file in which nothing else is left."""
    for tool in ("bricks", "weathering", "tint", "negative", "adjust", "negative"):
        bpy.ops.impasto.add_layer(tool=tool)
    stack = plane.active_material.impasto_layers
    bricks = stack.layers[0].impasto_parameters.bricks
    bricks.width_px = bricks.height_px = 48
    stack.layers[2].impasto_parameters.tint.strength, stack.layers[3].enabled, stack.seed = 0.25, False, 7
    bpy.ops.impasto.run_layers()
    material = plane.active_material
    before = {name: pixels_of(image) for name, image in shown(plane).items()}
    (tmp_path / "wall_base_color.png").write_bytes(shown(plane)["base_color"].packed_file.data)
    bpy.ops.impasto.mark_asset()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "wall.blend"))
    name = material.name

    def from_png():
        bpy.ops.impasto.edit_layers(filepath=str(tmp_path / "wall_base_color.png"))

    def from_blend():
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "wall.blend"))
        bpy.data.materials[name].impasto_layers.layers.clear()
        bpy.ops.impasto.edit_layers()

    def from_asset():
        with bpy.data.libraries.load(str(tmp_path / "wall.blend"), assets_only=True) as (found, wanted):
            wanted.materials = list(found.materials)
        bpy.context.active_object.active_material = wanted.materials[0]
        wanted.materials[0].impasto_layers.layers.clear()
        bpy.ops.impasto.edit_layers()

    for way in (from_png, from_blend, from_asset):
        bpy.ops.wm.read_homefile(use_empty=True)
        bpy.ops.mesh.primitive_plane_add(size=1)
        way()
        item = bpy.context.active_object
        enabled = [layer.enabled for layer in item.active_material.impasto_layers.layers]
        assert enabled == [True, True, True, False, True, True], way.__name__
        earlier = set(bpy.data.images)
        bpy.ops.impasto.run_layers()
        again = shown(item)
        assert again.keys() == before.keys()
        for map_, image in again.items():
            assert image not in earlier
            np.testing.assert_array_equal(pixels_of(image), before[map_], err_msg=f"{way.__name__}: {map_}")


def test_inputs_and_their_numbers_come_back_too(scene, plane, image, style, extension):
    for tool in ("checker", "flat"):
        bpy.ops.impasto.add_layer(tool=tool)
    bpy.ops.impasto.duplicate_layer()
    stack = plane.active_material.impasto_layers
    stack.source_kind, stack.image = "IMAGE", image
    other = packed_image("green.png", np.full((8, 8, 3), (20, 200, 40), np.uint8))
    stack.layers[1].impasto_parameters.flat.input_style = style
    stack.layers[2].impasto_parameters.flat.input_style = other
    bpy.ops.impasto.run_layers()
    used = styling.recipe_of(plane.active_material)["inputs"]
    assert {about["name"] for about in used.values()} == {image.name, style.name, other.name}
    before = base_color(plane)
    stack.layers.clear()
    bpy.ops.impasto.edit_layers()
    assert [layer.impasto_parameters.flat.input_style for layer in stack.layers[1:]] == [style, other]
    bpy.ops.impasto.run_layers()
    np.testing.assert_array_equal(base_color(plane), before)


def test_a_missing_input_is_named_and_a_material_without_a_recipe_is_refused(scene, plane, image, extension):
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.image = "checker", "IMAGE", image
    bpy.ops.impasto.generate()
    name = image.name
    bpy.data.images.remove(image)
    bpy.ops.impasto.edit_layers()
    assert f"choose its input {name}" in styling.made()["report"]
    assert plane.active_material.impasto_layers.source_kind == "FILE"

    plane.active_material = extension.bridge.materials.new("plain")
    refused("has no recipe", "edit_layers")


def masked(stack, kind: str, **settings):
    mask = stack.layers[1].mask
    mask.kind = kind
    for name, value in settings.items():
        setattr(mask, name, value)
    return mask


def test_a_masked_layer_shows_where_its_mask_is_and_comes_back_from_any_result(stack, plane, image):
    stack.source_kind, stack.image = "IMAGE", image
    stack.layers[1].impasto_parameters.tint.strength = 1.0
    given = {"amount": 0.3, "size": 0.25, "contrast": 0.7, "opacity": 0.9, "invert": True}
    masked(stack, "noise", **given)
    bpy.ops.impasto.run_layers()
    step = steps_of(plane)[1]
    assert step["mask"] == {"kind": "noise", "by_height": 0.0, **given}
    before = base_color(plane)
    stack.layers[1].mask.kind, stack.layers[1].mask.opacity = "none", 1
    bpy.ops.impasto.run_layers()
    assert np.abs(base_color(plane) - before).max() > 0.05
    assert "mask" not in steps_of(plane)[1]
    bpy.ops.impasto.edit_layers(recipe=json.dumps({"steps": [steps_of(plane)[0], step], "seed": 0}))
    mask = plane.active_material.impasto_layers.layers[1].mask
    assert (mask.kind, mask.invert) == ("noise", True)
    assert mask.amount == pytest.approx(0.3)
    bpy.ops.impasto.run_layers()
    np.testing.assert_array_equal(base_color(plane), before)


def test_a_layer_is_copied_into_another_material_with_its_mask_and_image(stack, plane, extension, monkeypatch):
    where = packed_image("where.png", np.full((8, 8, 1), 255, np.uint8))
    stack.layers[1].impasto_parameters.tint.strength = 0.25
    masked(stack, "image", image=where)
    assert bpy.ops.impasto.copy_layer() == {"FINISHED"}
    plane.active_material = None
    assert bpy.ops.impasto.paste_layers() == {"FINISHED"}
    (pasted,) = plane.active_material.impasto_layers.layers
    assert plane.active_material != stack.id_data
    assert (pasted.tool, pasted.mask.kind, pasted.mask.image) == ("tint", "image", where)
    assert pasted.impasto_parameters.tint.strength == pytest.approx(0.25)
    wrong = '{"steps": [{"tool": "tint", "parameters": {"strength": "x"}}]}'
    for text, why in ((wrong, "strength"), ("hello", "no layer in the clipboard")):
        monkeypatch.setattr(extension.layers.operators, "_copied", text)
        refused(why, "paste_layers")
        assert len(plane.active_material.impasto_layers.layers) == 1


def test_a_layer_without_a_mask_has_a_blend_mode_an_opacity_and_maps(stack, plane):
    tint = stack.layers[1]
    bpy.ops.impasto.run_layers()
    assert "mask" not in steps_of(plane)[1]
    tint.mask.blend, tint.mask.opacity, tint.mask.maps = "multiply", 0.5, {"base_color"}
    bpy.ops.impasto.run_layers()
    laid = {"kind": "everywhere", "blend": "multiply", "opacity": 0.5, "maps": ["base_color"]}
    assert laid.items() <= steps_of(plane)[1]["mask"].items()
    before = plane.active_material["impasto_recipe"]
    tint.mask.blend = "screen"
    bpy.ops.impasto.edit_layers(recipe=before)
    mask = plane.active_material.impasto_layers.layers[1].mask
    assert (mask.kind, mask.blend, mask.opacity, mask.maps) == ("none", "multiply", 0.5, {"base_color"})
    mask.kind = "noise"
    bpy.ops.impasto.run_layers()
    assert steps_of(plane)[1]["mask"]["blend"] == "multiply"


def test_an_image_is_a_mask_and_is_found_again(stack, plane):
    where = packed_image("where.png", np.repeat([[[0], [255]]], 3, 2).astype(np.uint8).repeat(8, 0).repeat(8, 1))
    stack.layers[1].impasto_parameters.tint.strength = 1.0
    bpy.ops.impasto.run_layers()
    tinted = base_color(plane)
    stack.layers[1].enabled = False
    bpy.ops.impasto.run_layers()
    plain = base_color(plane)
    stack.layers[1].enabled = True
    masked(stack, "image", image=where)
    bpy.ops.impasto.duplicate_layer()
    assert stack.layers[2].mask.image == where
    bpy.ops.impasto.remove_layer()
    bpy.ops.impasto.run_layers()
    made = base_color(plane)
    np.testing.assert_array_equal(made[:, :6], plain[:, :6])
    np.testing.assert_array_equal(made[:, 10:], tinted[:, 10:])
    stack.layers.clear()
    bpy.ops.impasto.edit_layers()
    assert stack.layers[1].mask.image == where
    bpy.ops.impasto.run_layers()
    np.testing.assert_array_equal(base_color(plane), made)
    bpy.ops.impasto.duplicate_layer()
    stack.layers[2].mask.image = packed_image("white.png", np.full((8, 8, 3), 255, np.uint8))
    bpy.ops.impasto.run_layers()
    recipe = styling.recipe_of(plane.active_material)
    names = [recipe["inputs"][step["mask"]["input"]]["name"] for step in recipe["steps"][1:]]
    assert names == ["where.png", "white.png"]


def test_missing_inputs_of_layers_are_reported(stack, extension, plane):
    masked(stack, "image")
    request_poll_message = extension.layers.request.request_poll_message
    assert request_poll_message(bpy.context).startswith("Choose an image for the mask")
    stack.layers[1].mask.kind, stack.layers[0].mask.kind = "none", "noise"
    assert request_poll_message(bpy.context).startswith("Choose a source")
    plane.active_material = extension.bridge.materials.new("plain")
    bpy.ops.impasto.add_layer(tool="negative")
    stack = plane.active_material.impasto_layers
    assert stack.source_kind == "NONE"
    stack.source_kind = "MATERIAL"
    assert "bake the material first" in request_poll_message(bpy.context)


def test_a_mask_is_painted_on_an_image_of_the_textures_size(stack, plane):
    bpy.ops.impasto.run_layers()
    assert bpy.ops.impasto.paint_mask() == {"FINISHED"}
    mask = stack.layers[1].mask
    assert (mask.kind, tuple(mask.image.size)) == ("image", (16, 16))
    assert pixels_of(mask.image)[..., :3].max() == 0
    assert (plane.mode, bpy.context.scene.tool_settings.image_paint.canvas) == ("TEXTURE_PAINT", mask.image)
    mask.image.pixels.foreach_set(np.ones(16 * 16 * 4, np.float32))
    bpy.ops.impasto.paint_mask()
    assert (plane.mode, mask.image.is_dirty) == ("OBJECT", False)
    bpy.ops.impasto.run_layers()
    painted = base_color(plane)
    mask.kind = "none"
    bpy.ops.impasto.run_layers()
    np.testing.assert_array_equal(base_color(plane), painted)


@pytest.mark.parametrize("domain", ["POINT", "CORNER"])
def test_a_mask_is_made_from_vertex_colors(stack, plane, domain):
    bpy.ops.impasto.run_layers()
    colors = plane.data.color_attributes.new("Col", "FLOAT_COLOR", domain)
    plane.data.color_attributes.active_color = colors
    corners = [vertex.co.x > 0 for vertex in plane.data.vertices]
    owners = range(4) if domain == "POINT" else [loop.vertex_index for loop in plane.data.loops]
    for value, owner in zip(colors.data, owners, strict=True):
        value.color = (1.0, 1.0, 1.0, 1.0) if corners[owner] else (0.0, 0.0, 0.0, 1.0)
    bpy.ops.impasto.mask_from_mesh(kind="COLORS")
    mask = stack.layers[1].mask
    white = pixels_of(mask.image)[8, :, 0]
    assert white.shape == (16,)
    assert white[0] < 0.1 < 0.9 < white[-1]
    assert (np.diff(white) >= 0).all()


def test_the_panel_shows_only_the_active_layers_settings(stack):
    stack.active = 1
    layout = drawn(bpy.types.IMPASTO_PT_layers_view_3d)
    lists = [arguments for what, arguments, _ in layout.drawn if what == "template_list"]
    assert lists[0][0] == "IMPASTO_UL_layers"
    assert {"strength", "kind"} <= set(layout.props())
    assert not {"squares", "contrast"} & set(layout.props())
    masked(stack, "height")
    layout = drawn(bpy.types.IMPASTO_PT_layers_view_3d)
    assert {"low", "high", "breakup", "contrast", "opacity"} <= set(layout.props())
    assert "amount" not in layout.props()
    masked(stack, "image")
    assert drawn(bpy.types.IMPASTO_PT_layers_view_3d).operators("impasto.paint_mask")

    order = bpy.types.IMPASTO_UL_layers.filter_items(None, bpy.context, stack, "layers")
    assert order == ([], [1, 0])


def test_layers_survive_refreshed_tools_and_saving(stack, extension, plane, tmp_path):
    stack.layers[1].impasto_parameters.tint.strength = 0.25
    stack.layers[1].enabled = False
    extension.parameters.properties.refresh()
    assert bpy.data.materials[0].impasto_layers.layers[1].impasto_parameters.tint.strength == pytest.approx(0.25)
    reopen(tmp_path / "layers.blend")
    layers = bpy.data.materials[0].impasto_layers.layers
    assert [(layer.tool, layer.enabled) for layer in layers] == [("checker", True), ("tint", False)]
    assert layers[1].impasto_parameters.tint.strength == pytest.approx(0.25)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.impasto.run_layers()
    assert "base_color" in shown(bpy.context.active_object)
    bpy.ops.ed.undo()
    assert not shown(bpy.context.active_object)
    assert len(bpy.context.active_object.active_material.impasto_layers.layers) == 2


@pytest.fixture
def live(extension, stack, scene):
    scene.impasto.preview_layers = True
    settle(extension)
    yield extension.layers.preview.live
    extension.layers.preview.live.clear()


def settle(extension) -> np.ndarray:
    """Tick, as the timers do, until nothing is due and no task runs; the picture then."""
    return styling.settle(extension.jobs.session.jobs, extension.layers.preview.live)


def test_changed_layers_and_masks_update_only_their_preview(live, extension, stack):
    squares, tint = (layer.impasto_parameters for layer in stack.layers)
    squares.checker.width_px = squares.checker.height_px = 512
    before = settle(extension)
    assert before.shape == (256, 256, 3)
    tint.tint.strength = 0.0
    plain = settle(extension)
    assert np.abs(plain.astype(int) - before).max() > 10
    tint.tint.strength = 1.0
    stack.layers[1].enabled = False
    settle(extension)
    assert live.pixels is not plain
    np.testing.assert_array_equal(live.pixels, plain)
    stack.layers[1].enabled = True
    stack.layers[1].impasto_parameters.tint.strength = 1.0
    whole = settle(extension)
    masked(stack, "noise", amount=0.2)
    assert np.abs(settle(extension).astype(int) - whole).max() > 10
    stack.layers[1].enabled = True
    extension.generate.variations.live.clear()
    stack.layers[1].impasto_parameters.tint.strength = 0.5
    assert bpy.app.timers.is_registered(live.timer)
    assert not bpy.app.timers.is_registered(extension.generate.variations.live.timer)


def test_painted_masks_reuse_their_memory_for_previews(live, extension, stack):
    buffers = extension.bridge.pixel_buffers.buffers
    buffers.clear()
    masked(stack, "image")
    stack.layers[1].mask.image = mask = bpy.data.images.new("mask", 32, 32)
    places, pictures = set(), []
    for value in (0.0, 1.0):
        mask.pixels.foreach_set(np.full(32 * 32 * 4, value, np.float32))
        live.ask()
        settle(extension)
        pictures.append(live.pixels)
        taken = buffers.take(32 * 32 * 4)
        places.add(taken.ctypes.data)
        np.testing.assert_array_equal(taken, value)
        buffers.give_back(taken)
    assert len(places) == 1
    assert np.abs(pictures[0].astype(int) - pictures[1]).max() > 10
    buffers.prepare(64).join()
    assert not buffers.take(64).any()


def test_compare_splits_the_preview_at_the_active_layer(live, extension, stack, scene):
    comparison = extension.layers.preview.comparison
    squares, tint = (layer.impasto_parameters for layer in stack.layers)
    squares.checker.width_px = squares.checker.height_px = 256
    tint.tint.strength, stack.active = 1.0, 1
    settle(extension)
    assert comparison.picture is None
    tinted = live.pixels
    stack.layers[1].enabled = False
    plain = settle(extension)
    stack.layers[1].enabled = scene.impasto.compare = True
    scene.impasto.split = 0.25
    settle(extension)
    np.testing.assert_array_equal(comparison.picture[:, :60], plain[:, :60])
    np.testing.assert_array_equal(comparison.picture[:, 70:], tinted[:, 70:])
    scene.impasto.split = 0.75
    np.testing.assert_array_equal(comparison.picture[:, :180], plain[:, :180])
    assert "split" in drawn(bpy.types.IMPASTO_PT_layers_view_3d).props()
    scene.impasto.tile_preview = True
    assert comparison.picture.shape == (512, 512, 3)
    np.testing.assert_array_equal(comparison.picture[:256, 390:], np.tile(tinted, (1, 2, 1))[:, 390:])
    scene.impasto.compare = False
    settle(extension)
    assert comparison.picture is None


@pytest.mark.parametrize("length", [1.0, 2.0])
def test_layers_find_the_panels_photograph_and_size(scene, plane, extension, tmp_path, length):
    plane.scale[0] = plane.scale[1] = length
    bpy.context.view_layer.update()
    picture = tmp_path / "bricks.png"
    picture.write_bytes(png(np.full((8, 8, 3), (20, 200, 40), np.uint8)))
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.filepath = "checker", "FILE", str(picture)
    bpy.ops.impasto.generate()
    bpy.ops.impasto.edit_layers()
    stack = plane.active_material.impasto_layers
    assert (stack.source_kind, stack.filepath) == ("FILE", str(picture))
    scale = plane.active_material.node_tree.nodes["Impasto Mapping"].inputs["Scale"].default_value[0]
    assert scale == pytest.approx(length / 1.8), "a guess by the name, and one unit of UVs"
    assert stack.width_m == pytest.approx(1.8)
    bpy.ops.impasto.add_layer(tool="weathering")  # whose moss is as thick as the width says
    stack.layers[-1].impasto_parameters.weathering.moss = 0.5
    for is_seen in (False, True):
        scene.impasto.preview_layers = is_seen
        styling.settle(extension.jobs.session.jobs, extension.layers.preview.live)
        bpy.ops.impasto.run_layers()
        mapping = plane.active_material.node_tree.nodes["Impasto Mapping"]
        assert mapping.inputs["Scale"].default_value[0] == pytest.approx(scale), is_seen
    extension.layers.preview.live.clear()


def test_buttons_of_a_layer_change_its_own_settings(scene, plane, extension, tmp_path):
    bpy.ops.impasto.add_layer(tool="checker")
    bpy.ops.impasto.add_layer(tool="flat")
    stack = plane.active_material.impasto_layers
    group = stack.layers[1].impasto_parameters.flat
    picture = tmp_path / "style.png"
    picture.write_bytes(png(np.full((8, 8, 3), (200, 40, 20), np.uint8)))
    layout = drawn(bpy.types.IMPASTO_PT_layers_view_3d)
    opens = next(one for one in layout.operators("impasto.open_picture") if one.target.endswith(".input_style"))
    bpy.ops.impasto.open_picture(filepath=str(picture), **vars(opens))
    extension.engine.engine.preferences().last_folder = ""
    assert group.input_style.name == "style.png"
    (adds,) = layout.operators("impasto.add_image")
    bpy.ops.impasto.add_image(**vars(adds))
    assert len(group.more_style) == 1
    assert len(scene.impasto_parameters.flat.more_style) == 0
    stack.active = 0
    layout = drawn(bpy.types.IMPASTO_PT_layers_view_3d)
    size = next(one for one in layout.operators("impasto.set_number") if one.path.endswith(".width_px"))
    bpy.ops.impasto.set_number(**vars(size))
    assert stack.layers[0].impasto_parameters.checker.width_px == 1024
    assert scene.impasto_parameters.checker.width_px == 0


@pytest.fixture
def textured(plane, extension):
    """The material of the plane, with textures that are not ours: a colour and a roughness."""
    plane.active_material = material = extension.bridge.materials.new("wall")
    for name, socket in (("wall.png", "Base Color"), ("rough.png", "Roughness")):
        show_image(material, packed_image(name, np.full((16, 16, 3), (200, 100, 50), np.uint8)), socket)
    return material


def color_of(material) -> np.ndarray:
    return pixels_of(sys.modules[MODULE].bridge.surfaces.base_color_of(material))


def test_existing_textures_are_the_source_of_layers_after_saving(textured, tmp_path):
    bpy.ops.impasto.add_layer(tool="checker")
    stack = textured.impasto_layers
    assert stack.source_kind == "NONE", "a generator covers what is there"
    bpy.ops.impasto.remove_layer()
    assert bpy.ops.impasto.add_layer(tool="negative") == {"FINISHED"}
    assert (stack.source_kind, stack.material.name) == ("MATERIAL", "wall_textures")
    before = color_of(textured)
    for _ in range(2):  # the second is no negative of the first
        assert bpy.ops.impasto.run_layers() == {"FINISHED"}
        np.testing.assert_allclose(color_of(textured)[..., :3], 1 - before[..., :3], atol=1 / 255)
    np.testing.assert_array_equal(color_of(stack.material), before)
    assert "rough.png" in {node.image.name for node in stack.material.node_tree.nodes if node.type == "TEX_IMAGE"}
    assert len(stack.material.impasto_layers.layers) == 0

    expected = color_of(textured)  # they are in the file, and are found again by the recipe
    reopen(tmp_path / "wall.blend")
    material = bpy.data.materials["wall"]
    assert material.impasto_layers.material.name == "wall_textures"
    made = sys.modules[MODULE].bridge.surfaces.base_color_of(material)
    other = bpy.data.materials.new("other")
    bpy.context.active_object.active_material = other
    assert bpy.ops.impasto.edit_layers(image=made.name) == {"FINISHED"}
    stack = other.impasto_layers
    assert (stack.source_kind, stack.material) == ("MATERIAL", material.impasto_layers.material)
    assert bpy.ops.impasto.edit_layers(material="wall") == {"FINISHED"}
    assert material.impasto_layers.material == stack.material
    assert bpy.ops.impasto.run_layers(material="wall") == {"FINISHED"}
    np.testing.assert_array_equal(color_of(material), expected)


@pytest.mark.parametrize("where", ["NEW", "ACTIVE"])
def test_repainted_materials_have_the_paint_as_top_layer(stack, plane, style, where):
    bpy.ops.impasto.run_layers()
    before = plane.active_material
    styling.stylize(subject="MATERIAL", material=where, parameters={"strength": 0.5})
    painted = plane.active_material
    assert (painted == before) == (where == "ACTIVE")
    stack = painted.impasto_layers
    assert names(stack) == ["Checker", "Tint", "Flat"]
    assert stack.layers[2].impasto_parameters.flat.strength == pytest.approx(0.5)
    assert stack.layers[2].impasto_parameters.flat.input_style == style
    assert where == "ACTIVE" or names(before.impasto_layers) == ["Checker", "Tint"]
    once = base_color(plane)
    bpy.ops.impasto.run_layers()
    np.testing.assert_allclose(base_color(plane), once, atol=1 / 255)


def test_materials_repainted_together_lose_their_layers(stack, plane, style):
    bpy.ops.impasto.run_layers()
    before = plane.active_material
    bpy.ops.mesh.primitive_plane_add(size=1)
    other = bpy.context.active_object
    other.active_material = before.copy()
    plane.select_set(True)
    styling.stylize(subject="MATERIAL")
    assert "has no layers any more" in bpy.context.window_manager.impasto_made
    assert not plane.active_material.impasto_layers.layers
    assert names(before.impasto_layers) == ["Checker", "Tint"]
