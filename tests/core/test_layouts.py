"""Every format and layout that Pillow and OpenImageIO write is read with the values that they read."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import OpenImageIO as oiio
import pytest
import tifffile
from cases import CASES
from PIL import Image
from stored_pictures import EIGHT_BIT, GREY8, HEIGHT, LINEAR, RGB8, WIDTH, colors, exr, write_image

from impasto import Recipe, Step, read_maps, run
from impasto.errors import FileError, ParameterError
from impasto.io import decode
from impasto.io.reduction import Wanted
from impasto.mask import Mask
from impasto.surface.color import srgb_to_linear

ALPHA = 255 - RGB8[..., 0]
RGB, GREY, OPACITY = (Image.fromarray(values) for values in (RGB8, GREY8, ALPHA))
PALETTE = RGB.quantize(32)
LAYOUTS = {
    "1": GREY.convert("1"),
    "L": GREY,
    "LA": Image.merge("LA", (GREY, OPACITY)),
    "La": Image.merge("LA", (GREY, OPACITY)).convert("La"),
    "P": PALETTE,
    "P with transparency": PALETTE,
    "PA": PALETTE.convert("PA"),
    "RGB": RGB,
    "RGBA": Image.merge("RGBA", (*RGB.split(), OPACITY)),
    "RGBX": RGB.convert("RGBX"),
    "CMYK": RGB.convert("CMYK"),
    "YCbCr": RGB.convert("YCbCr"),
    "I;16": Image.fromarray(GREY8 * np.uint16(257)),
}
"""Pictures of all modes of Pillow's that hold colours."""


@pytest.mark.parametrize("suffix", CASES["ways-to-write-pictures"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_files_written_by_pillow_are_read_as_pillow_reads_them(suffix, layout, tmp_path):
    picture, path = LAYOUTS[layout], tmp_path / f"a.{suffix}"
    for options in CASES["ways-to-write-pictures"][suffix]:
        more = {"transparency": ALPHA[0, :32].tobytes()} if "with" in layout else {}
        try:
            picture.save(path, **options, **more)
        except (OSError, KeyError, ValueError):
            continue  # the format has no such layout
        stored = Image.open(path)
        stored.load()
        if stored.mode.startswith("I"):
            expected = np.repeat(GREY8[..., None], 4, 2) / 255
        else:
            expected = np.asarray(stored.convert("RGBA")) / 255
        has_alpha = (
            {"A", "a"} & {*stored.getbands()} or "transparency" in stored.info or (suffix, layout) == ("bmp", "RGBA")
        )
        maps = read_maps(path)
        assert ("opacity" in maps) == bool(has_alpha), options
        visible = expected[..., 3] > 0.05 if has_alpha else np.ones((HEIGHT, WIDTH), bool)
        assert np.abs(maps["base_color"].pixels - expected[..., :3])[visible].max() < 0.01, options
        if has_alpha:
            opacity = ALPHA / 255 if suffix == "bmp" else expected[..., 3]
            assert np.abs(maps["opacity"].pixels[..., 0] - opacity).max() < EIGHT_BIT, options


@pytest.mark.parametrize("kind", ["uint8", "uint16", "uint32", "half", "float", "double"])
@pytest.mark.parametrize("suffix", ["png", "tif", "exr", "tga", "bmp", "webp", "jpg"])
def test_files_written_by_openimageio_keep_their_values(suffix, kind, tmp_path):
    """Bytes are those that Pillow reads in the file; finer values are those that were written."""
    path, alpha = tmp_path / f"a.{suffix}", ALPHA[..., None] / np.float32(255)
    is_light = suffix == "exr" or (suffix == "tif" and kind in ("half", "float", "double"))
    for names in ("Y", "YA", "RGB", "RGBA"):
        spec = oiio.ImageSpec(WIDTH, HEIGHT, len(names), kind)
        spec.channelnames, spec.alpha_channel = tuple(names), names.find("A")
        values = (LINEAR if is_light else colors())[..., 2 if names[0] == "Y" else 0 :]
        pixels = np.dstack([values * alpha, alpha]) if "A" in names else values
        output = oiio.ImageOutput.create(suffix)
        if not output.open(str(path), spec) or not output.write_image(pixels.astype(np.float32)):
            output.geterror()
            continue  # the format has no such layout
        output.close()
        expected = colors() if len(names) > 2 else np.repeat(colors()[..., 2:], 3, 2)
        opacity = alpha if "A" in names else np.ones_like(alpha)
        if suffix not in ("exr", "tif", "png"):
            seen = np.asarray(Image.open(path).convert("RGBA")) / 255
            expected, opacity = seen[..., :3], seen[..., 3:]
        maps = read_maps(path)
        visible = opacity[..., 0] > 0.2
        assert np.abs(maps["base_color"].pixels - expected)[visible].max() < (0.02 if "A" in names else EIGHT_BIT), (
            names
        )
        assert ("opacity" in maps) == bool((opacity < 1).any()) or (suffix, names) == ("bmp", "RGBA"), names
        if "opacity" in maps and suffix != "bmp":
            assert np.abs(maps["opacity"].pixels - opacity).max() < EIGHT_BIT, names


def tga(kind: int, bits: int, attributes: int, pixels: np.ndarray, palette: np.ndarray | None = None) -> bytes:
    """A TGA of stored pixels (H, W, bytes), from the top."""
    entries, entry_bits = (0, 0) if palette is None else (len(palette), 8 * palette.shape[1])
    head = struct.pack("<BBBHHBHH", 0, entries > 0, kind, 0, entries, entry_bits, 0, 0)
    head += struct.pack("<HHBB", pixels.shape[1], pixels.shape[0], bits, 0x20 | attributes)
    return head + (b"" if palette is None else palette.tobytes()) + pixels.tobytes()


BGRA = np.dstack([RGB8[..., ::-1], ALPHA])
FIVE = (RGB8 >> 3).astype(np.uint16)
BIT = (ALPHA > 127).astype(np.uint16)
SIXTEEN = (FIVE[..., 0] << 10 | FIVE[..., 1] << 5 | FIVE[..., 2] | BIT << 15).astype("<u2")[..., None]
ENTRIES = BGRA[0, :16]
INDEX = (np.arange(HEIGHT * WIDTH, dtype=np.uint8) % 16).reshape(HEIGHT, WIDTH, 1)
SEEN = ENTRIES[INDEX[..., 0]]
TGAS = {
    "32 bits": (tga(2, 32, 8, BGRA), RGB8, ALPHA),
    "32 bits without alpha": (tga(2, 32, 0, BGRA), RGB8, None),
    "24 bits": (tga(2, 24, 0, BGRA[..., :3].copy()), RGB8, None),
    "16 bits": (tga(2, 16, 1, SIXTEEN), FIVE / 31 * 255, BIT * 255),
    "16 bits without alpha": (tga(2, 16, 0, SIXTEEN), FIVE / 31 * 255, None),
    "palette": (tga(1, 8, 0, INDEX, ENTRIES[:, :3].copy()), SEEN[..., 2::-1], None),
    "palette with alpha": (tga(1, 8, 8, INDEX, ENTRIES), SEEN[..., 2::-1], SEEN[..., 3]),
    "palette without alpha": (tga(1, 8, 0, INDEX, ENTRIES), SEEN[..., 2::-1], None),
    "grey and alpha": (tga(3, 16, 8, np.dstack([GREY8, ALPHA])), np.repeat(GREY8[..., None], 3, 2), ALPHA),
}


def bmp(bits: int, compression: int, body: bytes, masks: tuple[int, ...] = (), palette: bytes = b"") -> bytes:
    """A BMP of stored rows, from the bottom."""
    more = struct.pack("<17I", *masks, *[0] * (17 - len(masks)))[: 68 * bool(masks)] + palette
    head = struct.pack(
        "<IiiHHIIiiII", 40 + len(more) - len(palette), WIDTH, HEIGHT, 1, bits, compression, 0, 0, 0, 0, 0
    )
    return b"BM" + struct.pack("<IHHI", 54 + len(more) + len(body), 0, 0, 54 + len(more)) + head + more + body


RAMP = bytes(value for index in range(256) for value in (index, index, index, 0))
STEPS = np.tile(np.arange(0, 6 * WIDTH, 6)[None, :, None], (HEIGHT, 1, 3))
RUNS = b"".join(bytes([1, value]) for value in range(0, 6 * WIDTH, 6)) + b"\0\0"
RGBA = np.dstack([RGB8, ALPHA])[::-1].tobytes()
BMPS = {
    "fourth byte unused": (bmp(32, 0, np.dstack([RGB8[::-1, :, ::-1], 0 * ALPHA[::-1]]).tobytes()), RGB8, None),
    "red first": (bmp(32, 3, RGBA, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)), RGB8, ALPHA),
    "runs and a mark at the end": (bmp(8, 1, RUNS * HEIGHT + b"\0\1", palette=RAMP), STEPS, None),
}


@pytest.mark.parametrize("name", TGAS | BMPS)
def test_a_tga_or_bmp_has_the_channels_of_its_header(name, tmp_path):
    data, color, alpha = (TGAS | BMPS)[name]
    path = tmp_path / ("a.bmp" if name in BMPS else "a.tga")
    path.write_bytes(data)
    maps = read_maps(path)
    visible = np.ones((HEIGHT, WIDTH), bool) if alpha is None else alpha > 12
    assert np.abs(maps["base_color"].pixels - color / 255)[visible].max() < 0.01
    assert ("opacity" in maps) == (alpha is not None)
    if alpha is not None:
        assert np.abs(maps["opacity"].pixels[..., 0] - alpha / 255).max() < EIGHT_BIT


HEIGHTS = np.linspace(-12.5, 310, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH, 1)
"""Heights in metres."""


@pytest.mark.parametrize(
    ("name", "kind", "dtype"),
    [("a.tif", "int16", "i2"), ("a.tif", "int", "i4"), ("a.tif", "float", "f4"), ("a.exr", "float", "f4")],
)
@pytest.mark.parametrize("how", ["alone", "for a height", "in a set"])
def test_heights_in_metres_are_scaled_and_keep_their_range(name, kind, dtype, how, tmp_path):
    folder = tmp_path / "wall"
    folder.mkdir()
    path = write_image(
        folder / f"wall_height{name[1:]}", HEIGHTS.astype({"float": np.float32, "int": np.int32}.get(kind, kind)), kind
    )
    given = {"alone": path, "for a height": path, "in a set": folder}[how]
    maps = read_maps(given, wanted=Wanted("height" if how == "for a height" else "base_color"))
    assert list(maps) == ["height"]
    assert maps.height_range_m == pytest.approx(322.5, abs=1)
    assert np.abs(maps["height"].pixels - (HEIGHTS + 12.5) / 322.5).max() < 0.005
    assert "metres, from -12" in maps.notes[0]


@pytest.mark.parametrize("void", [-32768, -9999, np.nan, 3.4e38, "9999"])
def test_points_without_a_height_get_the_lowest(void, tmp_path):
    values = HEIGHTS.copy()
    values[5, 6] = void
    tag = [(42113, "s", 5, void, True)] if isinstance(void, str) else []
    tifffile.imwrite(tmp_path / "a.tif", values, extratags=tag)
    maps = read_maps(tmp_path / "a.tif", wanted=Wanted("height"))
    assert maps.height_range_m == pytest.approx(322, abs=1)
    assert maps["height"].pixels[5, 6] == 0
    assert "1 points of " in maps.notes[0]


def test_values_below_0_are_heights_or_noted(tmp_path):
    values = HEIGHTS / 322.5 - 0.4
    grey = read_maps(write_image(tmp_path / "a.tif", values))
    assert np.abs(grey["height"].pixels * grey.height_range_m + values.min() - values).max() < 1e-4
    exr(tmp_path / "a.exr", (np.repeat(values, 3, 2), ["R", "G", "B"]))
    assert "below 0, and count as 0" in read_maps(tmp_path / "a.exr").notes[0]


@pytest.mark.parametrize("name", ["a.tif", "a.exr"])
def test_a_float_map_alone_has_the_values_of_its_file(name, tmp_path):
    values = HEIGHTS / 400 + 0.1
    path = write_image(tmp_path / name, values)
    recipe = Recipe((Step("height-to-normal"),))
    for maps in (read_maps(path), read_maps(path, wanted=Wanted("height"))):
        made = run(recipe, {"source": maps}).maps
        assert np.abs(made["height"].pixels - values).max() < 1e-5
    light = np.repeat(values, 3, 2).astype(np.float32)
    exr(tmp_path / "wide.exr", (light, ["R", "G", "B"]))
    assert np.abs(run(recipe, {"source": read_maps(tmp_path / "wide.exr")}).maps["height"].pixels - values).max() < 1e-5


def test_colours_are_not_read_as_heights(tmp_path):
    exr(tmp_path / "a.exr", (LINEAR, ["R", "G", "B"]))
    with pytest.raises(Exception, match="has colours, and a height map is grey"):
        read_maps(tmp_path / "a.exr", wanted=Wanted("height"))


def test_a_cropped_mask_paints_only_in_its_window(tmp_path):
    spec = oiio.ImageSpec(60, 40, 1, "half")
    spec.x, spec.y, spec.full_width, spec.full_height = 200, 20, 300, 200
    mask = np.zeros((40, 60, 1), np.float32)
    mask[5:35, 5:55] = 1
    exr(tmp_path / "m.exr", (mask, ["Y"]), spec=spec)
    Image.fromarray(np.full((200, 300, 3), 90, np.uint8)).save(tmp_path / "p.png")
    step = Step("adjust", {"exposure": 1.0}, mask=Mask(kind="image", input="mask"))
    inputs = {"source": read_maps(tmp_path / "p.png"), "mask": read_maps(tmp_path / "m.exr")}
    made = run(Recipe((step,)), inputs).maps["base_color"].pixels
    changed = np.abs(made - inputs["source"]["base_color"].pixels).max(2) > 0.01
    assert changed.mean() == pytest.approx(0.025)
    assert changed[25:55, 205:255].all()


def test_a_float_mask_has_the_values_of_its_file(tmp_path):
    exr(tmp_path / "m.exr", (np.full((HEIGHT, WIDTH, 1), 0.25), ["Y"]))
    RGB.save(tmp_path / "p.png")
    step = Step("adjust", {"exposure": 1.0})
    inputs = {"source": read_maps(tmp_path / "p.png"), "mask": read_maps(tmp_path / "m.exr")}
    whole = run(Recipe((step,)), {"source": inputs["source"]}).maps["base_color"].pixels
    masked = replace(step, mask=Mask(kind="image", input="mask"))
    made = run(Recipe((masked,)), inputs).maps["base_color"].pixels
    before = inputs["source"]["base_color"].pixels
    share = srgb_to_linear(made) - srgb_to_linear(before), srgb_to_linear(whole) - srgb_to_linear(before)
    is_changed = np.abs(share[1]) > 0.1
    assert np.abs(share[0] / np.where(is_changed, share[1], 1) - 0.25)[is_changed].max() < 0.02


def test_unread_frames_and_large_pages_are_noted(tmp_path):
    small = RGB.resize((10, 6))
    Image.fromarray(RGB8).save(tmp_path / "a.webp", save_all=True, append_images=[Image.fromarray(255 - RGB8)])
    assert "has 2 frames, of which the first is read" in read_maps(tmp_path / "a.webp").notes[0]
    pages = [np.asarray(small), RGB8]
    for name, order in (("a.tif", pages), ("b.tif", pages[::-1]), ("c.tif", [RGB8, RGB8])):
        with tifffile.TiffWriter(tmp_path / name) as stream:
            for page in order:
                stream.write(page, photometric="rgb")
    maps = read_maps(tmp_path / "a.tif")
    assert maps.size_px == (6, 10)
    assert "page 2 of " in maps.notes[0]
    assert "40x24" in maps.notes[0]
    assert not read_maps(tmp_path / "b.tif").notes
    assert "page 2 of " in read_maps(tmp_path / "c.tif").notes[0]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "progressive"])
def test_truncated_jpegs_are_read_with_a_note_unless_they_have_no_pixels(mode, tmp_path):
    picture = RGB if mode == "progressive" else RGB.convert(mode)
    picture.save(tmp_path / "whole.jpg", quality=100, progressive=mode == "progressive")
    data = (tmp_path / "whole.jpg").read_bytes()
    whole = read_maps(tmp_path / "whole.jpg")
    assert not whole.notes
    for missing in (1, 2):
        (tmp_path / "a.jpg").write_bytes(data[:-missing])
        maps = read_maps(tmp_path / "a.jpg")
        assert np.array_equal(maps["base_color"].pixels, whole["base_color"].pixels)
        assert "lacks the mark at its end, but none of its pixels" in maps.notes[0]
    for missing in (20, len(data) // 3):
        (tmp_path / "a.jpg").write_bytes(data[:-missing])
        with pytest.raises(FileError, match="is damaged"):
            read_maps(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes(data + b"appended by a camera")
    assert not read_maps(tmp_path / "a.jpg").notes
    assert decode.read_size(tmp_path / "a.jpg") == (HEIGHT, WIDTH)


def test_a_mask_with_another_aspect_is_noted(tmp_path):
    RGB.save(tmp_path / "p.png")
    Image.new("L", (40, 40), 255).save(tmp_path / "m.png")
    step = Step("adjust", {"exposure": 1.0}, mask=Mask(kind="image", input="mask"))
    inputs = {"source": read_maps(tmp_path / "p.png"), "mask": read_maps(tmp_path / "m.png")}
    assert run(Recipe((step,)), inputs).notes == ("m.png is 40x40, and is stretched over the picture's 40x24",)
    inputs["mask"] = read_maps(tmp_path / "p.png")
    assert not run(Recipe((step,)), inputs).notes


def test_a_tiny_style_is_noted(tmp_path):
    RGB.resize((12, 9)).save(tmp_path / "s.png")
    RGB.save(tmp_path / "p.png")
    recipe = Recipe((Step("wct", {"longest_px": 40}, inputs={"style": "style"}),))
    inputs = {"source": read_maps(tmp_path / "p.png"), "style": read_maps(tmp_path / "s.png")}
    told = run(recipe, inputs).notes
    assert "the style s.png has 12x9 pixels, too few to show strokes: 256x256 or more are better" in told


def test_normals_of_two_channels_are_completed_when_asked(tmp_path):
    y, x = np.mgrid[:64, :64] * (2 * np.pi / 64)
    slopes = np.stack([-np.cos(x) * np.cos(y), np.sin(x) * np.sin(y), np.full_like(x, 2)], 2)
    normals = slopes / np.linalg.norm(slopes, axis=2, keepdims=True) / 2 + 0.5
    stored = np.round(normals * 65535).astype(np.uint16)
    tifffile.imwrite(tmp_path / "two_normal.tif", stored[..., :2], photometric="minisblack", planarconfig="contig")
    assert "two channels, and neither is opacity" in read_maps(tmp_path / "two_normal.tif").notes[0]
    for blue in (0, 32768, 65535):
        given = stored.copy()
        given[..., 2] = blue
        tifffile.imwrite(tmp_path / f"{blue}_normal.tif", given, photometric="rgb")
    for path in tmp_path.glob("*.tif"):
        maps = read_maps(path, wanted=Wanted("normal"))
        with pytest.raises(ParameterError, match=r"two channels.*fix-normals .*blue = rebuild"):
            run(Recipe((Step("fix-normals", {"green": "up"}),)), {"source": maps})
        made = run(Recipe((Step("fix-normals", {"green": "up", "blue": "rebuild"}),)), {"source": maps}).maps
        assert np.abs(made["normal"].pixels - normals).max() < EIGHT_BIT, path


def test_tiles_with_heights_in_metres_have_one_range(tmp_path):
    write_image(tmp_path / "land_height.1001.tif", HEIGHTS)
    write_image(tmp_path / "land_height.1002.tif", HEIGHTS + 100)
    maps = read_maps(tmp_path)
    assert maps.height_range_m == pytest.approx(422.5)
    for number, tile in maps.tiles().items():
        metres = HEIGHTS + 100 * (number - 1001)
        assert np.abs(tile["height"].pixels * 422.5 - 12.5 - metres).max() < 0.01
