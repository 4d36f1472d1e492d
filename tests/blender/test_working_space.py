"""Files whose working space is not Rec.709 (Blender 5.0 and later): colours cross the border as they look."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np
import pytest
from baking import BYTE, SIZE_PX, bake, in_background, material, module, pixels, plane, principled, srgb
from conftest import coordinates, packed_image
from mathutils import Color
from test_bake_results import painted
from test_endless import RENDER_PX, rendered, spotted
from test_endless import baked as baked_endless

pytestmark = pytest.mark.skipif(bpy.app.version < (5, 0), reason="files have no working space before Blender 5.0")

SRGB = (200, 40, 20)
SIXTEEN_BITS = 1e-4
"""Of 16 bits an image, through Blender's table of the sRGB curve and a matrix and its inverse."""


@pytest.fixture(params=["Linear Rec.709", "Linear Rec.2020", "ACEScg"])
def space(scene, request) -> Iterator[str]:
    """The working space of the open file."""
    bpy.ops.wm.set_working_color_space(working_space=request.param, convert_colors=False)
    yield request.param
    bpy.ops.wm.read_homefile(use_empty=True)
    assert bpy.data.colorspace.working_space == "Linear Rec.709"


def even(name: str = "even.png") -> bpy.types.Image:
    """An image of one colour."""
    return packed_image(name, np.full((8, 8, 3), SRGB, np.uint8))


def linked(image: bpy.types.Image, *sockets: str) -> bpy.types.Material:
    """A material with an image in sockets of its shader, whose emission shows."""
    made = material()
    node = made.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    for socket in sockets:
        made.node_tree.links.new(node.outputs["Color"], principled(made).inputs[socket])
    principled(made).inputs["Emission Strength"].default_value = 1.0
    return made


def test_a_float_image_has_the_colours_of_its_file(space):
    of_file = coordinates(24, 32).astype(np.uint16) * 257
    image = packed_image("deep.png", of_file)
    assert image.is_float
    read = module("bridge.images").pixels_of(image).to_pixels().arrays["base_color"]
    np.testing.assert_allclose(read, of_file / 65535, atol=SIXTEEN_BITS)
    small = module("bridge.images").small(image, 32)
    np.testing.assert_allclose(small[::-1, :, :3], of_file / 65535, atol=SIXTEEN_BITS)


def test_a_float_image_of_blender_has_the_colours_that_it_shows(space):
    image = bpy.data.images.new("shown", 4, 4, float_buffer=True)
    held = [*Color((0.8, 0.2, 0.1)).from_rec709_linear_to_scene_linear(), 1]
    image.pixels.foreach_set(np.tile(np.float32(held), 16))
    read = module("bridge.images").pixels_of(image).to_pixels().arrays["base_color"]
    np.testing.assert_allclose(read[0, 0], srgb((0.8, 0.2, 0.1)), atol=SIXTEEN_BITS)


def test_bakes_have_the_colours_of_the_image_that_they_show(space):
    plane(linked(even(), "Base Color", "Emission Color"))
    bake(maps={"base_color", "emission"})
    for name in ("base_color", "emission"):
        assert np.abs(pixels(f"Strip_{name}")[..., :3] - np.array(SRGB) / 255).max() < 2 * BYTE, name


def test_a_channel_of_a_colour_is_read_as_the_shader_reads_it(space):
    made = linked(even(), "Base Color")
    nodes, links = made.node_tree.nodes, made.node_tree.links
    separate = nodes.new("ShaderNodeSeparateColor")
    image = next(node for node in nodes if node.type == "TEX_IMAGE")
    links.new(image.outputs["Color"], separate.inputs["Color"])
    links.new(separate.outputs["Green"], principled(made).inputs["Roughness"])
    read = module("bridge.surfaces").read(made, ["roughness"])().arrays["roughness"]
    plane(made)
    bake(maps={"roughness"})
    assert abs(float(read.mean()) - pixels("Strip_roughness")[SIZE_PX // 2, SIZE_PX // 2, 0]) < BYTE


def test_an_opacity_joins_a_deep_colour_without_changing_it(space, tmp_path):
    color = packed_image("deep", np.full((4, 4, 3), SRGB, np.uint16) * 257)
    color["impasto_map"], color["impasto_recipe"] = "base_color", "{}"
    joined = module("bridge.encode").join_alpha(color, packed_image("alpha", np.full((4, 4, 1), 255, np.uint8)))
    joined.use_fake_user = True
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    assert bpy.data.colorspace.working_space == space
    read = module("bridge.images").pixels_of(bpy.data.images["deep"]).to_pixels().arrays["base_color"]
    np.testing.assert_allclose(read[0, 0], np.array(SRGB) / 255, atol=SIXTEEN_BITS)


@pytest.mark.slow
def test_the_background_bakes_the_same(space):
    made = painted("unsaved")
    node = made.node_tree.nodes.new("ShaderNodeRGB")
    node.outputs[0].default_value = (0.8, 0.2, 0.1, 1)
    made.node_tree.links.new(node.outputs[0], principled(made).inputs["Emission Color"])
    principled(made).inputs["Emission Strength"].default_value = 1.0
    obj = plane(made)
    options = module("bake.settings").BakeOptions(width_px=SIZE_PX, height_px=SIZE_PX)
    here = list(module("bake.render.baked_maps").bake_maps(obj, options))
    ((there,), _) = in_background([module("bake.objects.sets").BakeSet.of(obj)])
    assert [item.png for item in there] == [item.png for item in here]


@pytest.mark.slow
def test_endless_nodes_show_the_colours_that_the_tool_makes(space):
    made = spotted()
    bpy.context.active_object.active_material = made
    assert bpy.ops.impasto.make_endless(seed=3) == {"FINISHED"}
    node = module("bridge.endless_nodes").find(made)
    tool = baked_endless(made)["base_color"]
    shown = rendered(made, node.outputs["Base Color"], (RENDER_PX, RENDER_PX))
    to_rec709 = [list(Color(primary).from_scene_linear_to_rec709_linear()) for primary in np.eye(3)]
    inside = slice(24, -24)  # around its borders the tool's result wraps, and the shader's goes on
    difference = np.abs(srgb(np.maximum(shown @ to_rec709, 0)) - tool)[inside, inside]
    assert difference.mean() < 0.02
