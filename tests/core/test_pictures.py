"""Pictures of every kind that other programs write: read with their values, or refused for their cost."""

from __future__ import annotations

import struct
import sys
import zlib
from itertools import product

import imagecodecs
import numpy as np
import OpenImageIO as oiio
import pytest
import tifffile
from cases import each_case
from PIL import Image, ImageCms
from skimage import color as skimage_color
from stored_pictures import (
    EIGHT_BIT,
    EXACT,
    GREY8,
    GREY16,
    HEIGHT,
    INK,
    INK_SEEN,
    LINEAR,
    LOSSY,
    RGB8,
    RGB16,
    TWELVE_BIT,
    WIDTH,
    check,
    chunk,
    colors,
    exr,
    grey,
    stored,
)

from impasto import Recipe, Step, read_maps, run, write_maps
from impasto.data.dataset import read_dataset
from impasto.errors import FileError
from impasto.io import decode
from impasto.io.signatures import EXTENSIONS, REFUSED_EXTENSIONS
from impasto.running.rerun import rerun


def png(bits: int, color: int, rows: list[bytes], *extra: bytes, interlaced: bool = False) -> bytes:
    """A PNG of these rows, each as it is stored; extra: chunks before the pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, color, 0, 0, interlaced))
    pixels = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + pixels + chunk(b"IEND", b"")


def packed(values: np.ndarray, bits: int) -> list[bytes]:
    """Rows of values (H, W) of less than 8 bits."""
    shifts = np.arange(8 - bits, -1, -bits)
    return [(row << shifts).sum(1).astype(np.uint8).tobytes() for row in values.reshape(HEIGHT, -1, 8 // bits)]


def big_endian(values: np.ndarray) -> list[bytes]:
    return [row.tobytes() for row in values.astype(values.dtype.newbyteorder(">"))]


def adam7(values: np.ndarray) -> list[bytes]:
    """The rows of the seven passes of an interlaced PNG."""
    passes = (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)
    return [row for top, left, down, right in passes for row in big_endian(values[top::down, left::right])]


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_png_of_few_bits_in_grey_and_of_a_palette_with_transparency(bits, tmp_path):
    values = np.round(colors()[..., 2] * (2**bits - 1)).astype(np.uint8)
    (tmp_path / "a.png").write_bytes(png(bits, 0, packed(values, bits), chunk(b"tRNS", struct.pack(">H", 1))))
    check(tmp_path / "a.png", grey(values, 2**bits - 1), values != 1)
    rng = np.random.default_rng(0)
    palette, alpha = (rng.integers(0, 256, (2**bits, count)).astype(np.uint8) for count in (3, 1))
    about = chunk(b"PLTE", palette.tobytes()), chunk(b"tRNS", alpha.tobytes())
    (tmp_path / "b.png").write_bytes(png(bits, 3, packed(values, bits), *about))
    check(tmp_path / "b.png", palette[values] / 255, alpha[values, 0] / 255)


def test_png_of_16_bits_with_a_transparent_colour(tmp_path):
    values = GREY16 // 4096 * 4096
    key = struct.pack(">H", values[5, 6])
    (tmp_path / "grey.png").write_bytes(png(16, 0, big_endian(values), chunk(b"tRNS", key)))
    check(tmp_path / "grey.png", grey(values, 65535), values != values[5, 6])
    key = struct.pack(">3H", *RGB16[5, 6])
    (tmp_path / "rgb.png").write_bytes(png(16, 2, big_endian(RGB16.reshape(HEIGHT, -1)), chunk(b"tRNS", key)))
    check(tmp_path / "rgb.png", RGB16 / 65535, (RGB16[5, 6] != RGB16).any(2))


@pytest.mark.parametrize(("values", "bits"), [(RGB8, 8), (RGB16, 16)])
def test_interlaced_png(values, bits, tmp_path):
    (tmp_path / "a.png").write_bytes(png(bits, 2, adam7(values), interlaced=True))
    check(tmp_path / "a.png", values / (2**bits - 1))


@pytest.mark.parametrize("values", [RGB8, RGB16], ids=["8", "16"])
@pytest.mark.parametrize("how", ["tiled", "planar", "planar and deflated", "planar and tiled", "deflated", "two pages"])
def test_tiff_in_every_order(values, how, tmp_path):
    planar = {"planarconfig": "separate"} if "planar" in how else {}
    tiled = {"tile": (16, 16)} if "tiled" in how else {}
    deflated = {"compression": "zlib", "predictor": True} if "deflated" in how else {}
    given = np.moveaxis(values, 2, 0) if planar else np.stack([values, values[::-1]]) if "pages" in how else values
    tifffile.imwrite(tmp_path / "a.tif", given.copy(), photometric="rgb", **planar, **tiled, **deflated)
    check(tmp_path / "a.tif", values / np.iinfo(values.dtype).max)


def test_tiff_of_palettes_greys_and_ink(tmp_path):
    palette = np.random.default_rng(0).integers(0, 256, (3, 256)).astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "palette.tif", GREY8, photometric="palette", colormap=palette)
    check(tmp_path / "palette.tif", palette.T[GREY8] / 65535)
    for values in (GREY8, GREY16):
        largest = np.iinfo(values.dtype).max
        tifffile.imwrite(tmp_path / "white.tif", largest - values, photometric="miniswhite")
        check(tmp_path / "white.tif", grey(values, largest))
    for ink in (INK, INK * np.uint16(257)):
        tifffile.imwrite(tmp_path / "ink.tif", ink, photometric="separated")
        check(tmp_path / "ink.tif", INK_SEEN)
    Image.fromarray(GREY8 > 127).save(tmp_path / "fax.tif", compression="group4")
    check(tmp_path / "fax.tif", grey(GREY8 > 127, 1))
    tifffile.imwrite(tmp_path / "j2k.tif", RGB8, photometric="rgb", compression="jpeg2000")
    with pytest.raises(FileError, match="compressed in a way that is not read"):
        read_maps(tmp_path / "j2k.tif")


def test_alpha_in_tiff_is_opacity_whether_it_was_multiplied_in_or_not(tmp_path):
    straight = np.dstack([RGB16, GREY16])
    tifffile.imwrite(tmp_path / "straight.tif", straight, photometric="rgb", extrasamples=["unassalpha"])
    check(tmp_path / "straight.tif", RGB16 / 65535, GREY16 / 65535)
    multiplied = np.dstack([np.round(RGB16 * (GREY16[..., None] / 65535)).astype(np.uint16), GREY16])
    tifffile.imwrite(tmp_path / "multiplied.tif", multiplied, photometric="rgb", extrasamples=["assocalpha"])
    check(tmp_path / "multiplied.tif", RGB16 / 65535, GREY16 / 65535, tolerance=EIGHT_BIT)


def test_tiff_in_lab_is_converted_from_d50(tmp_path):
    lab = ImageCms.profileToProfile(
        Image.fromarray(RGB8), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    lab.save(tmp_path / "8.tif")
    difference = np.abs(read_maps(tmp_path / "8.tif")["base_color"].pixels - colors())
    assert difference.max() < 0.06  # a step of a* or b* of 8 bits, in dark blue
    assert difference.mean() < 0.005
    exact = skimage_color.rgb2lab(colors().astype(np.float64) * 0 + colors()[..., :1], illuminant="D65")  # greys
    lightness = np.round(exact[..., :1] / 100 * 65535).astype(np.uint16)
    tifffile.imwrite(tmp_path / "16.tif", np.dstack([lightness, lightness * 0, lightness * 0]), photometric="cielab")
    assert np.abs(read_maps(tmp_path / "16.tif")["base_color"].pixels - colors()[..., :1]).max() < EIGHT_BIT


# BMP, TGA, PSD


def test_every_format_is_turned_as_its_exif_data_says(tmp_path):
    corner = np.zeros((16, 32, 3), np.uint8)
    corner[:8, :8] = 255
    corners = {1: (1, 1), 2: (1, 0), 3: (0, 0), 4: (0, 1), 5: (1, 1), 6: (1, 0), 7: (0, 0), 8: (0, 1)}
    for suffix, (orientation, (top, left)) in product((".jpg", ".png", ".webp", ".tif"), corners.items()):
        file, exif = tmp_path / f"{orientation}{suffix}", Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(corner).save(file, exif=exif, quality=95, lossless=True)
        maps = read_maps(file)["base_color"].pixels[..., 0]
        assert maps.shape == ((32, 16) if orientation >= 5 else (16, 32)) == decode.read_size(file), file
        there = maps[slice(0, 8) if top else slice(-8, None), slice(0, 8) if left else slice(-8, None)]
        assert there.mean() > 0.9, file
        assert np.abs(decode.read_channels(file, upright=True)[..., 0] - maps).max() < EIGHT_BIT, file
        as_stored = read_maps(file, upright=False)["base_color"].pixels
        assert as_stored.shape == (16, 32, 3), file
        assert as_stored[:8, :8].mean() > 0.9, file


@each_case("other-kinds-of-pictures")
def test_other_kinds_of_pictures_say_how_to_convert_them(name, start, said, tmp_path):
    (tmp_path / name).write_bytes(start.encode("latin-1").ljust(64, b"\0"))
    with pytest.raises(FileError, match=f"{name} is .*{said}") as caught:
        read_maps(tmp_path / name)
    assert caught.value.remedy


def test_unreadable_files_of_a_folder_are_listed_with_reasons(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (80, 80, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "good.bmp")
    (tmp_path / "moving.gif").write_bytes(b"GIF89a".ljust(64, b"\0"))
    data = read_dataset(tmp_path)
    assert [sample.name for sample in data.samples] == ["good.bmp"]
    assert [(item.name, "GIF" in item.reason) for item in data.rejected] == [("moving.gif", True)]
    (tmp_path / "wall_base_color.gif").write_bytes(b"GIF89a".ljust(64, b"\0"))
    with pytest.raises(FileError, match="GIF"):
        read_maps(tmp_path)
    assert not set(EXTENSIONS) & set(REFUSED_EXTENSIONS)


def test_rerun_reads_a_photograph_as_before(tmp_path):
    """Blender shows photographs as they are stored: what was made of one there is made again of the same pixels."""
    noise = np.random.default_rng(0).integers(0, 255, (40, 64, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(noise).save(tmp_path / "photograph.png", exif=exif)
    recipe = Recipe((Step("quilt", {"width_px": 32, "height_px": 32}),), 1)
    for upright in (True, False):
        folder = tmp_path / str(upright)
        result = run(recipe, {"source": read_maps(tmp_path / "photograph.png", upright=upright)})
        path = write_maps(result.maps, folder, "made", recipe=result.recipe)[0]
        again = rerun(path, folder / "again", {"source": tmp_path / "photograph.png"})
        assert again.identical, again.differences


def psd(planes: np.ndarray, mode: int, depth: int, resources: bytes = b"", layers: bytes = b"") -> bytes:
    """A flattened PSD of planes (C, H, W), not deflated."""
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, *planes.shape, depth, mode)
    pixels = planes.astype({8: "u1", 16: ">u2", 32: ">f4"}[depth]).tobytes()
    about = struct.pack(">II", 0, len(resources)) + resources + struct.pack(">I", len(layers)) + layers
    return header + about + struct.pack(">H", 0) + pixels


def transparent(depth: int) -> bytes:
    """A layer of one pixel, for a PSD whose fourth plane is its opacity: the number of layers is negative."""
    sample = bytes(2 + depth // 8)
    channels = b"".join(struct.pack(">hI", index, len(sample)) for index in range(3))
    record = struct.pack(">4IH", 0, 0, 1, 1, 3) + channels + b"8BIMnorm\xff\0\0\0" + struct.pack(">I", 12) + bytes(12)
    body = struct.pack(">h", -1) + record + 3 * sample
    body += bytes(len(body) % 2)
    return struct.pack(">I", len(body)) + body + bytes(4)


@pytest.mark.parametrize(
    ("planes", "mode", "depth", "color"),
    [
        (RGB8, 3, 8, RGB8 / 255),
        (RGB16, 3, 16, RGB16 / 65535),
        (LINEAR, 3, 32, colors()),
        (GREY8[..., None], 1, 8, grey(GREY8, 255)),
        (GREY16[..., None], 1, 16, grey(GREY16, 65535)),
        (255 - INK, 4, 8, INK_SEEN),
    ],
    ids=["rgb 8", "rgb 16", "rgb 32", "grey 8", "grey 16", "ink"],
)
def test_flattened_psd(planes, mode, depth, color, tmp_path):
    (tmp_path / "a.psd").write_bytes(psd(np.moveaxis(planes, 2, 0), mode, depth))
    check(tmp_path / "a.psd", color, tolerance=EIGHT_BIT)


def adapted_to_d65() -> np.ndarray:
    """Bradford's matrix (3, 3) for XYZ from D50 to D65 (Lindbloom, Chromatic Adaptation)."""
    cones = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d50, d65 = (cones @ skimage_color.xyz_tristimulus_values(illuminant=name, observer="2") for name in ("D50", "D65"))
    return np.linalg.inv(cones) @ np.diag(d65 / d50) @ cones


@pytest.mark.parametrize("bits", [8, 16])
def test_psd_in_lab_is_converted_from_d50(bits, tmp_path):
    """Photoshop stores 0 of a* and b* as 128, or as 32768."""
    xyz = skimage_color.rgb2xyz(colors().astype(np.float64)) @ np.linalg.inv(adapted_to_d65()).T
    steps = np.array([(2**bits - 1) / 100, 2 ** (bits - 8), 2 ** (bits - 8)])
    zero = np.array([0, 2 ** (bits - 1), 2 ** (bits - 1)])
    planes = np.round(skimage_color.xyz2lab(xyz, illuminant="D50") * steps + zero)
    (tmp_path / "a.psd").write_bytes(psd(np.moveaxis(planes, 2, 0), 9, bits))
    seen = skimage_color.xyz2rgb(skimage_color.lab2xyz((planes - zero) / steps, illuminant="D50") @ adapted_to_d65().T)
    check(tmp_path / "a.psd", seen, tolerance=EIGHT_BIT)
    assert bits == 8 or np.abs(seen - colors()).max() < EIGHT_BIT
    with_selection = np.dstack([planes, planes[..., :1]])
    (tmp_path / "b.psd").write_bytes(psd(np.moveaxis(with_selection, 2, 0), 9, bits))
    check(tmp_path / "b.psd", seen, tolerance=EIGHT_BIT)
    (tmp_path / "c.psd").write_bytes(psd(np.moveaxis(with_selection, 2, 0), 9, bits, layers=transparent(bits)))
    with pytest.raises(FileError, match=r"in Lab with transparency.*flatten it, or convert it to RGB"):
        read_maps(tmp_path / "c.psd")


def test_psd_that_cannot_be_read_says_how_to_save_it(tmp_path):
    version = b"8BIM" + struct.pack(">HHIIB", 1057, 0, 5, 1, 0) + b"\0"
    (tmp_path / "a.psd").write_bytes(psd(np.moveaxis(RGB8, 2, 0), 3, 8, version))
    with pytest.raises(FileError, match="no flattened picture; save it with Maximize Compatibility"):
        read_maps(tmp_path / "a.psd")
    for channels, mode, depth in ((3, 7, 8), (2, 9, 8), (3, 9, 32)):
        (tmp_path / "a.psd").write_bytes(psd(np.moveaxis(RGB8[..., :channels], 2, 0), mode, depth))
        with pytest.raises(FileError, match=r"neither in RGB, CMYK, Lab nor grey.*convert it to RGB"):
            read_maps(tmp_path / "a.psd")


# EXR


def test_the_coloured_part_or_layer_of_an_exr_is_read(tmp_path):
    depth = colors()[..., :1] * 9
    check(exr(tmp_path / "parts.exr", (depth, ["Z"]), (LINEAR, ["R", "G", "B"])), colors())
    names = [f"ViewLayer.{name}" for name in ("Depth.Z", "Combined.R", "Combined.G", "Combined.B", "Diffuse.R")]
    check(exr(tmp_path / "layers.exr", (np.dstack([depth, LINEAR, depth]), names)), colors())
    names = ["Crypto00.R", "Crypto00.G", "Crypto00.B", "beauty.R", "beauty.G", "beauty.B"]
    check(exr(tmp_path / "named.exr", (np.dstack([depth, depth, depth, LINEAR]), names)), colors())


@pytest.mark.parametrize("parts", ["RGBA", "RGB A", "Z A RGB", "A B G R"])
def test_exr_colours_are_unpremultiplied_across_parts(parts, tmp_path):
    alpha = colors()[..., :1] * 0.9 + 0.1
    values = dict(zip("RGBAZ", np.moveaxis(np.dstack([LINEAR * alpha, alpha, 9 * alpha]), 2, 0), strict=True))
    stored = [(np.stack([values[name] for name in names], 2), [*names]) for names in parts.split()]
    check(exr(tmp_path / "a.exr", *stored), colors(), alpha[..., 0])
    grey = exr(tmp_path / "grey.exr", (alpha, ["A"]), (LINEAR[..., 2:] * alpha, ["Y"]))
    check(grey, np.repeat(colors()[..., 2:], 3, 2), alpha[..., 0])


def test_values_above_1_are_refused_not_clipped(tmp_path):
    bright = LINEAR.copy()
    bright[3, 4] = 2.5
    with pytest.raises(FileError, match=r"3 values above 1, up to 2\.5, .*lower its exposure"):
        read_maps(exr(tmp_path / "a.exr", (bright, ["R", "G", "B"])))
    with pytest.raises(FileError, match=r"3 values outside 0 to 1"):
        decode.read_map(tmp_path / "a.exr", "normal")
    bright[3, 4] = -0.5
    with pytest.raises(FileError, match=r"3 values outside 0 to 1"):
        decode.read_map(exr(tmp_path / "b.exr", (bright, ["R", "G", "B"])), "normal")
    bright[3, 4] = 1.001  # by rounding
    assert read_maps(exr(tmp_path / "c.exr", (bright, ["R", "G", "B"])))["base_color"].pixels.max() == 1


@pytest.mark.parametrize("tile", [0, 16])
@pytest.mark.parametrize(("left", "top"), [(5, 7), (-5, -7), (0, 3), (-9, 30)])
def test_exr_lies_in_its_display_window(left, top, tile, tmp_path):
    """Pixels that are cropped away are black and transparent, and those outside of the window are not seen."""
    spec = oiio.ImageSpec(WIDTH, HEIGHT, 4, "float")
    spec.x, spec.y, spec.full_width, spec.full_height = left, top, 60, 50
    spec.tile_width = spec.tile_height = tile
    exr(tmp_path / "a.exr", (np.dstack([LINEAR, np.ones((HEIGHT, WIDTH))]), ["R", "G", "B", "A"]), spec=spec)
    expected = np.zeros((50, 60, 4))
    part = expected[max(top, 0) : top + HEIGHT, max(left, 0) : left + WIDTH]
    seen = np.dstack([colors(), np.ones((HEIGHT, WIDTH))])[max(-top, 0) :, max(-left, 0) :]
    part[...] = seen[: part.shape[0], : part.shape[1]]
    maps = read_maps(tmp_path / "a.exr")
    assert decode.read_size(tmp_path / "a.exr") == (50, 60)
    assert np.abs(np.dstack([maps["base_color"].pixels, maps["opacity"].pixels]) - expected).max() < EXACT


def test_exr_outside_of_its_display_window_is_refused(tmp_path):
    spec = oiio.ImageSpec(WIDTH, HEIGHT, 3, "float")
    spec.x = WIDTH
    with pytest.raises(FileError, match="no pixels within its display window"):
        read_maps(exr(tmp_path / "a.exr", (LINEAR, ["R", "G", "B"]), spec=spec))


def test_jpeg_of_ink_and_progressive(tmp_path):
    Image.fromarray(INK, "CMYK").save(tmp_path / "ink.jpg", quality=100, subsampling=0)  # Pillow inverts as Adobe does
    check(tmp_path / "ink.jpg", INK_SEEN, tolerance=LOSSY)
    Image.fromarray(RGB8).save(tmp_path / "progressive.jpg", quality=100, subsampling=0, progressive=True)
    check(tmp_path / "progressive.jpg", RGB8 / 255, tolerance=LOSSY)


def segment(marker: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def coded_jpeg(
    values: np.ndarray, *extra: bytes, bits: int = 12, channels: int = 1, progressive: bool = False
) -> bytes:
    """A JPEG whose blocks of 8x8 have these values (rows, columns) in all channels, by ITU-T T.81. extra: segments.

    The first coefficient of a block has a Huffman code of 4 bits for its length; "0" ends the block. Each channel has
    a scan of its own; a progressive one has one channel.
    """
    coded = ""
    ends = "" if progressive else "0"
    for difference in np.diff(values.astype(int).ravel(), prepend=2 ** (bits - 1)):
        length = int(abs(difference)).bit_length()
        amplitude = difference if difference > 0 else difference + 2**length - 1
        coded += f"{length:04b}" + (f"{amplitude:0{length}b}" if length else "") + ends
    lengths = segment(0xC4, b"\0", bytes([0, 0, 0, 13, *[0] * 12]), bytes(range(13)))
    end_of_block = segment(0xC4, b"\x10", bytes([1, *[0] * 15]), b"\0")
    size = struct.pack(">BHHB", bits, 8 * values.shape[0], 8 * values.shape[1], channels)
    numbers = range(1, channels + 1)
    frame = segment(0xC2 if progressive else 0xC1, size, *(bytes([number, 0x11, 0]) for number in numbers))
    head = b"\xff\xd8" + b"".join(extra) + segment(0xDB, b"\0", b"\x08" * 64) + frame + lengths + end_of_block
    if not progressive:
        return head + b"".join(scan(coded, 0, 63, number) for number in numbers) + b"\xff\xd9"
    return head + scan(coded, 0, 0) + scan("0" * values.size, 1, 63) + b"\xff\xd9"


def scan(bits: str, first: int, last: int, number: int = 1) -> bytes:
    """A scan of the coefficients from `first` to `last` of the channel of this number."""
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return segment(0xDA, bytes([1, number, 0, first, last, 0])) + data


BLOCKS = np.random.default_rng(0).integers(0, 4096, (HEIGHT // 8, WIDTH // 8))


@pytest.mark.parametrize("progressive", [False, True], ids=["sequential", "progressive"])
def test_jpeg_of_12_bits_has_all_of_them(progressive, tmp_path):
    (tmp_path / "a.jpg").write_bytes(coded_jpeg(BLOCKS, progressive=progressive))
    check(tmp_path / "a.jpg", grey(np.kron(BLOCKS, np.ones((8, 8))), 4095), tolerance=TWELVE_BIT)


def test_jpeg_of_12_bits_in_colour_and_of_ink(tmp_path):
    options = {"level": 100, "subsampling": "444", "bitspersample": 12}
    (tmp_path / "rgb.jpg").write_bytes(imagecodecs.jpeg8_encode(stored(12), **options))
    check(tmp_path / "rgb.jpg", colors(), tolerance=4 / 4095)  # as far as the cosine transform's rounding goes
    inverted = (255 - INK).astype(np.uint16) * 16
    options |= {"colorspace": "cmyk", "outcolorspace": "cmyk"}
    (tmp_path / "ink.jpg").write_bytes(imagecodecs.jpeg8_encode(inverted, **options))
    ink = 1 - inverted / 4095
    check(tmp_path / "ink.jpg", (1 - ink[..., :3]) * (1 - ink[..., 3:]), tolerance=4 / 4095)


def test_jpeg_of_12_bits_is_turned_as_its_exif_data_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "a.jpg").write_bytes(coded_jpeg(BLOCKS, segment(0xE1, exif.tobytes())))
    turned = read_maps(tmp_path / "a.jpg")["base_color"].pixels[..., 0]
    assert decode.read_size(tmp_path / "a.jpg") == turned.shape == (WIDTH, HEIGHT)
    assert np.abs(turned[0, 0] - BLOCKS[-1, 0] / 4095) < TWELVE_BIT


def test_jpeg_of_12_bits_without_the_extra_says_how_to_convert_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    (tmp_path / "a.jpg").write_bytes(coded_jpeg(BLOCKS))
    (tmp_path / "b.jpg").write_bytes(coded_jpeg(BLOCKS).replace(b"\xff\xc1\0\x0b\x0c", b"\xff\xc1\0\x0b\x10"))
    with pytest.raises(FileError, match=r"16 bits a channel.*save it as 16-bit PNG or TIFF"):
        read_maps(tmp_path / "b.jpg")
    said = r"12 bits a channel.*impasto\[formats\].*save it as 16-bit PNG .*pip install imagecodecs"
    with pytest.raises(FileError, match=said):
        read_maps(tmp_path / "a.jpg")


def test_jpeg_with_a_restart_marker_before_its_frame(tmp_path):
    Image.fromarray(RGB8).save(tmp_path / "a.jpg", quality=100, subsampling=0)
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[:2] + b"\xff\xd0" + data[2:])
    check(tmp_path / "a.jpg", RGB8 / 255, tolerance=LOSSY)
