"""Pixels between Blender and the worker: the same picture, whichever way it goes and whatever the working space."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from struct import pack

import bpy
import numpy as np
import pytest
from baking import BYTE, SIZE_PX, bake, in_background, module, pixels, srgb
from blends import new_material, reopen, show_image, use_working_space
from conftest import coordinates, packed_image, pixels_of, png, refused
from mathutils import Color
from strips import material, plane, principled
from test_bake_results import painted
from test_sliders import baked as baked_endless
from test_sliders import rendered_tiles, spotted


def source_hash(name: str) -> str:
    """Hash of the source in the recipe of an image."""
    return json.loads(bpy.data.images[name]["impasto_recipe"])["inputs"]["source"]["sha256"]


def send(image: bpy.types.Image) -> bpy.types.Image:
    """The image after a way through the worker, which changes nothing."""
    before = set(bpy.data.images)
    bpy.ops.impasto.run(tool="chatty", image=image.name, material="NONE", name="sent", bits="16")
    (made,) = (new for new in set(bpy.data.images) - before if new["impasto_map"] == "base_color")
    return made


def test_images_are_sent_upright_with_alpha_or_as_their_file(scene, extension, tmp_path):
    def sent(image: bpy.types.Image) -> dict[str, np.ndarray]:
        return extension.bridge.images.read(image).to_pixels().arrays

    assert np.array_equal(sent(packed_image("picture.png", coordinates(6, 8)))["base_color"], coordinates(6, 8))
    pixels = np.full((4, 4, 4), 200, np.uint8)
    pixels[0, 0, 3] = 10
    glass = packed_image("glass.png", pixels)
    assert sent(glass)["opacity"][0, 0, 0] == 10
    assert (sent(glass)["base_color"] == 200).all()
    glass.alpha_mode = "NONE"
    assert sent(glass).keys() == {"base_color"}, "alpha that Blender ignores"
    pixels[..., 3] = 0
    (tmp_path / "smooth.png").write_bytes(png(pixels))
    for smooth in (packed_image("smooth.png", pixels), bpy.data.images.load(str(tmp_path / "smooth.png"))):
        smooth.alpha_mode = "CHANNEL_PACKED"
        assert sent(smooth).keys() == {"base_color"}, "alpha that is another map"
        assert (sent(smooth)["base_color"] == 200).all()
    (tmp_path / "wall.png").write_bytes(png(coordinates(4, 4)))
    assert extension.bridge.images.read(bpy.data.images.load(str(tmp_path / "wall.png"))) == tmp_path / "wall.png"


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_image_of_the_blend_is_the_same_picture_as_its_file(scene, tmp_path, channels):
    """By the hash that the worker takes of both: no flip, no colour management, no rounding."""
    pixels = np.random.default_rng(channels).integers(0, 256, (9, 14, channels)).astype(np.uint8)
    packed = packed_image("picture.png", pixels)
    (tmp_path / "picture.png").write_bytes(png(pixels))
    bpy.ops.impasto.run(tool="chatty", image=packed.name, material="NONE", name="packed")
    bpy.ops.impasto.run(tool="chatty", source=str(tmp_path / "picture.png"), material="NONE", name="file")
    assert source_hash("packed_base_color") == source_hash("file_base_color")


def test_sixteen_bit_images_keep_their_depth(scene):
    """Blender holds them as linear floats, by a table that is off by up to 2.5e-5; those of data are not managed."""
    ramp = np.linspace(0, 65535, 64 * 3).reshape(8, 8, 3).round().astype(np.uint16)
    image = packed_image("ramp.png", ramp)
    assert image.is_float
    np.testing.assert_allclose(pixels_of(send(image)), pixels_of(image), atol=5e-5)
    data = bpy.data.images.new("data", 4, 4, float_buffer=True, is_data=True)
    data.pixels.foreach_set(np.full(64, 0.25, np.float32))
    made = send(data)
    made.colorspace_settings.name = "Non-Color"
    np.testing.assert_allclose(pixels_of(made)[..., :3], 0.25, atol=1 / 65535)


def test_painted_images_are_sent_and_missing_files_refused(scene, tmp_path):
    (tmp_path / "wall.png").write_bytes(png(np.zeros((4, 4, 3), np.uint8)))
    image = bpy.data.images.load(str(tmp_path / "wall.png"))
    image.pixels.foreach_set(np.ones(64, np.float32))
    image.update()
    np.testing.assert_allclose(pixels_of(send(image))[..., :3], 1.0, atol=5e-5)
    (tmp_path / "wall.png").unlink()
    image.reload()
    refused("has no pixels; find its missing file", "run", tool="chatty", image=image.name)


def test_maps_from_an_image_become_a_material(scene, image):
    assert bpy.ops.impasto.estimate_maps(image=image.name) == {"FINISHED"}
    nodes = bpy.context.object.active_material.node_tree.nodes
    assert {"Impasto Base Color", "Impasto Normal", "Impasto Roughness", "Impasto Height"} <= set(nodes.keys())
    assert tuple(nodes["Impasto Height"].image.size) == tuple(image.size)


class TestRerun:
    """`impasto.rerun` makes an image again from the recipe in it."""

    @pytest.fixture
    def made(self, scene, image) -> bpy.types.Image:
        bpy.ops.impasto.run(tool="checker", image=image.name, seed=4, width_m=0.5, estimator="none", material="NONE")
        return bpy.data.images["bricks_base_color"]

    def test_the_same_pixels_come_out_in_new_images_also_by_the_recipe_in_the_file(self, made, image):
        refused(r"did not make the image bricks\.png: it has no recipe", "rerun", image=image.name)
        recipe = made.pop("impasto_recipe")
        assert bpy.ops.impasto.rerun(image=made.name) == {"FINISHED"}
        again = bpy.data.images["bricks_base_color.001"]
        np.testing.assert_array_equal(pixels_of(again), pixels_of(made))
        assert json.loads(again["impasto_recipe"]) == json.loads(recipe)

    def test_renamed_inputs_are_found_by_their_hash(self, made, image):
        image.name = "bricks.png.007"
        for number in ("001", "002"):
            bpy.ops.impasto.rerun(image=made.name)
            assert bpy.data.images[f"bricks_base_color.{number}"]["impasto_recipe"] == made["impasto_recipe"]
            packed_image("bricks.png", np.zeros((32, 48, 3), np.uint8))

    def test_missing_inputs_are_named_and_found_beside_the_blend(self, made, image, tmp_path):
        bpy.data.images.remove(image)
        refused(r"bricks\.png is neither an image of this \.blend nor a file beside it", "rerun", image=made.name)
        (tmp_path / "bricks.png").write_bytes(png(coordinates(32, 48)))
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
        assert bpy.ops.impasto.rerun(image=made.name) == {"FINISHED"}
        assert bpy.data.images["bricks_base_color.001"]["impasto_recipe"] == made["impasto_recipe"]

    def test_changed_inputs_are_reported(self, made, image, extension):
        image.name = "bricks.png.old"
        packed_image("bricks.png", np.zeros((32, 48, 3), np.uint8))
        bpy.data.images.remove(image)
        recipe = extension.bridge.images.recipe_of(made)
        bpy.ops.impasto.rerun(image=made.name)
        again = extension.bridge.images.recipe_of(bpy.data.images["bricks_base_color.001"])
        assert extension.core.recipe.differences(recipe, again) == [
            "input source: bricks.png is not the bricks.png that was used then"
        ]


def exif_rotated(data: bytes) -> bytes:
    """A PNG whose EXIF says that it is to be shown upside down."""
    tiff = b"MM\0*\0\0\0\x08" + pack(">HHHIHHI", 1, 0x0112, 3, 1, 3, 0, 0)
    chunk = b"eXIf" + tiff
    return data[:33] + pack(">I", len(tiff)) + chunk + pack(">I", zlib.crc32(chunk)) + data[33:]


def tga(pixels: np.ndarray) -> bytes:
    height, width, _ = pixels.shape
    return pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, width, height, 24, 0x20) + pixels[..., ::-1].tobytes()


def bmp(pixels: np.ndarray) -> bytes:
    height, width, _ = pixels.shape
    head = b"BM" + pack("<IHHI", 54 + pixels.size, 0, 0, 54)
    return head + pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0) + pixels[::-1, :, ::-1].tobytes()


def psd(pixels: np.ndarray) -> bytes:
    height, width, channels = pixels.shape
    head = b"8BPS" + pack(">H6xHIIHH", 1, channels, height, width, 8, 3) + pack(">III", 0, 0, 0) + pack(">H", 0)
    return head + pixels.transpose(2, 0, 1).tobytes()


@pytest.mark.parametrize(
    ("name", "encode"),
    [
        ("plain.png", png),
        ("turned.png", lambda pixels: exif_rotated(png(pixels))),
        ("plain.tga", tga),
        ("plain.bmp", bmp),
        ("flat.psd", psd),
        ("alpha.png", lambda pixels: png(np.dstack([pixels, pixels[..., :1]]))),
    ],
)
def test_tools_get_files_as_blender_shows_them(scene, tmp_path, name, encode):
    (tmp_path / name).write_bytes(encode(coordinates(8, 12)))
    image = bpy.data.images.load(str(tmp_path / name))
    bpy.ops.impasto.run(tool="chatty", image=image.name, material="NONE", name="sent")
    sent = bpy.data.images["sent_base_color"]
    np.testing.assert_array_equal(pixels_of(sent)[..., :3], pixels_of(image)[..., :3])


def test_values_above_1_are_refused_not_clipped(scene, extension):
    image = bpy.data.images.new("bright", 4, 4, float_buffer=True)
    image.pixels.foreach_set(np.full(64, 3.0, np.float32))
    with pytest.raises(extension.core.errors.ParameterError, match=r"bright has values above 1, up to 3"):
        extension.bridge.images.read(image).to_pixels()
    refused("above 1", "run", tool="chatty", image="bright", material="NONE")


@pytest.mark.parametrize("channels", [3, 4])
def test_packed_pictures_are_written_unchanged_or_as_painted(extension, scene, tmp_path, channels):
    pixels = np.dstack([coordinates(6, 10), np.full((6, 10, 1), 128, np.uint8)])[..., :channels]
    image = packed_image("odd: name?.png", pixels)
    path = extension.bridge.encode.write(image, tmp_path)
    assert (path.suffix, path.read_bytes()) == (".png", image.packed_file.data)
    changed = pixels_of(image).copy()
    changed[0, 0, 0] = 1.0
    image.pixels.foreach_set(changed[::-1].ravel())
    assert image.is_dirty
    (tmp_path / "painted").mkdir()
    read = pixels_of(bpy.data.images.load(str(extension.bridge.encode.write(image, tmp_path / "painted"))))
    np.testing.assert_allclose(read[..., :channels], changed[..., :channels], atol=1e-6)


def test_floats_are_written_in_16_bits_with_straight_alpha(extension, scene, tmp_path):
    color, alpha = np.float32([0.2003, 0.4, 0.6]), np.float32(0.5)
    image = bpy.data.images.new("glass", 8, 8, alpha=True, float_buffer=True, is_data=True)
    image.pixels.foreach_set(np.tile(np.append(color * alpha, alpha), (64, 1)).ravel())  # as Blender holds floats
    encode = extension.bridge.encode
    data = encode.write(image, tmp_path).read_bytes()
    chunks = dict(extension.core.io.metadata.png_chunks(data))
    assert chunks[b"IHDR"][8:10] == bytes([16, 6]), "bits, and RGBA"
    first = np.frombuffer(
        zlib.decompress(chunks[b"IDAT"]), ">u2", count=4, offset=1
    )  # no filter changes the first pixel
    np.testing.assert_allclose(first / 65535, [*color, alpha], atol=2 / 65535)
    assert encode.TEMPORARY not in bpy.data.images


def test_the_colour_space_of_an_image_and_of_a_file_count(scene, tmp_path):
    """Bytes in Display P3 become sRGB: pure red leaves sRGB, and greys stay."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4], pixels[4:] = (200, 60, 60), (90, 90, 90)
    (tmp_path / "wall.png").write_bytes(png(pixels))
    image = packed_image("wall.png", pixels)
    how = {"tool": "chatty", "material": "NONE"}
    bpy.ops.impasto.run(**how, source=str(tmp_path / "wall.png"), name="plain")
    bpy.ops.impasto.run(**how, source=str(tmp_path / "wall.png"), color_space="Display P3", name="file")
    plain, of_file = (pixels_of(bpy.data.images[f"{name}_base_color"])[..., :3] for name in ("plain", "file"))
    assert np.abs(plain[0, 0] - plain[-1, 0]).max() > 0.1
    top = max(of_file[0, 0], of_file[-1, 0], key=np.ptp)
    np.testing.assert_allclose(top * 255, (217, 42, 52), atol=3)
    recipe = json.loads(bpy.data.images["file_base_color"]["impasto_recipe"])
    assert recipe["inputs"]["source"]["color_space"] == "Display P3"
    names = {item.name for item in image.colorspace_settings.bl_rna.properties["name"].enum_items}
    if "ACEScg" in names:
        image.colorspace_settings.name = "ACEScg"
        bpy.ops.impasto.run(**how, image=image.name, name="image")
        recipe = json.loads(bpy.data.images["image_base_color"]["impasto_recipe"])
        assert recipe["inputs"]["source"]["color_space"] == "ACEScg"
        assert np.abs(pixels_of(bpy.data.images["image_base_color"])[..., :3] - plain).max() > 0.05


@pytest.mark.parametrize("bits", [8, 32])
def test_alpha_used_as_another_map_does_not_change_the_colour(extension, scene, bits):
    image = bpy.data.images.new("packed", 4, 4, alpha=True, float_buffer=bits == 32)
    image.alpha_mode = "CHANNEL_PACKED"
    image.pixels.foreach_set([0.5, 0.25, 0.125, 0.0] * 16)
    material = new_material("packed")
    node = show_image(material, image, "Base Color")
    material.node_tree.links.new(node.outputs["Alpha"], principled(material).inputs["Roughness"])
    arrays = extension.bridge.surfaces.read(material, ["roughness"])().arrays
    assert arrays["roughness"].max() == 0
    assert "opacity" not in arrays
    expected = extension.core.surface.color.linear_to_srgb(np.float32(0.5)) if bits == 32 else 128 / 255
    assert arrays["base_color"][0, 0, 0] / (1 if bits == 32 else 255) == pytest.approx(expected, abs=0.003)


SRGB = (200, 40, 20)
SIXTEEN_BITS = 1e-4
"""Of 16 bits an image, through Blender's table of the sRGB curve and a matrix and its inverse."""


@pytest.fixture(params=["Linear Rec.709", "Linear Rec.2020", "ACEScg"])
def space(scene, request) -> Iterator[str]:
    """The working space of the open file."""
    if bpy.app.version < (5, 0):
        pytest.skip("files have no working space before Blender 5.0")
    use_working_space(request.param)
    yield request.param
    bpy.ops.wm.read_homefile(use_empty=True)
    assert bpy.data.colorspace.working_space == "Linear Rec.709"


def even(name: str = "even.png") -> bpy.types.Image:
    """An image of one colour."""
    return packed_image(name, np.full((8, 8, 3), SRGB, np.uint8))


def linked(image: bpy.types.Image, *sockets: str) -> bpy.types.Material:
    """A material with an image in sockets of its shader, whose emission shows."""
    made = material()
    show_image(made, image, *sockets)
    principled(made).inputs["Emission Strength"].default_value = 1.0
    return made


def test_float_images_have_the_colours_of_their_file_or_pixels(space):
    of_file = coordinates(24, 32).astype(np.uint16) * 257
    image = packed_image("deep.png", of_file)
    assert image.is_float
    read = module("bridge.images").pixels_of(image).to_pixels().arrays["base_color"]
    np.testing.assert_allclose(read, of_file / 65535, atol=SIXTEEN_BITS)
    small = module("bridge.images").small(image, 32)
    np.testing.assert_allclose(small[::-1, :, :3], of_file / 65535, atol=SIXTEEN_BITS)

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
    reopen(tmp_path / "saved.blend")
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
    (there,), *_ = in_background([module("bake.objects.sets").BakeSet.of(obj)])
    assert [item.png for item in there] == [item.png for item in here]


@pytest.mark.slow
def test_endless_nodes_show_the_colours_that_the_tool_makes(space):
    made = spotted()
    bpy.context.active_object.active_material = made
    assert bpy.ops.impasto.make_endless(seed=3) == {"FINISHED"}
    node = module("bridge.endless_nodes").find(made)
    tool = baked_endless(made)["base_color"]
    shown = rendered_tiles(made, node.outputs["Base Color"])
    to_rec709 = [list(Color(primary).from_scene_linear_to_rec709_linear()) for primary in np.eye(3)]
    inside = slice(24, -24)  # around its borders the tool's result wraps, and the shader's goes on
    difference = np.abs(srgb(np.maximum(shown @ to_rec709, 0)) - tool)[inside, inside]
    assert difference.mean() < 0.02
