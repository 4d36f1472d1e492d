"""Good pictures of every kind that other programs write: read, and with the values that they hold."""

from __future__ import annotations

import struct
import zlib
from itertools import product

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from skimage import color as skimage_color
from stored_pictures import (
    EIGHT_BIT,
    GREY8,
    GREY16,
    HEIGHT,
    INK,
    INK_SEEN,
    RGB8,
    RGB16,
    WIDTH,
    check,
    chunk,
    colors,
    grey,
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
def test_png_of_few_bits_with_a_transparent_grey(bits, tmp_path):
    values = np.round(colors()[..., 2] * (2**bits - 1)).astype(np.uint8)
    (tmp_path / "a.png").write_bytes(png(bits, 0, packed(values, bits), chunk(b"tRNS", struct.pack(">H", 1))))
    check(tmp_path / "a.png", grey(values, 2**bits - 1), values != 1)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_png_of_a_palette_with_transparency(bits, tmp_path):
    rng = np.random.default_rng(0)
    palette, alpha = (rng.integers(0, 256, (2**bits, count)).astype(np.uint8) for count in (3, 1))
    values = np.round(colors()[..., 2] * (2**bits - 1)).astype(np.uint8)
    about = chunk(b"PLTE", palette.tobytes()), chunk(b"tRNS", alpha.tobytes())
    (tmp_path / "a.png").write_bytes(png(bits, 3, packed(values, bits), *about))
    check(tmp_path / "a.png", palette[values] / 255, alpha[values, 0] / 255)


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
    tifffile.imwrite(tmp_path / "grey32.tif", GREY16 * np.uint32(65537), photometric="minisblack")
    check(tmp_path / "grey32.tif", grey(GREY16, 65535))
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
        as_stored = read_maps(file, upright=False)["base_color"].pixels
        assert as_stored.shape == (16, 32, 3), file
        assert as_stored[:8, :8].mean() > 0.9, file


OTHERS = {
    "a.cr3": (b"\0\0\0\x18ftypcrx ", "raw file.*16-bit TIFF"),
    "a.nef": (b"MM\0*\0\0\0\x08", "raw file.*16-bit TIFF"),
    "a.gif": (b"GIF89a", "GIF.*PNG"),
    "a.jpg": (b"\0\0\0\x18ftypisom", "a film.*PNG"),
    "a.jp2": (b"\0\0\0\x0cjP  ", "JPEG 2000.*PNG"),
    "a.ktx2": (b"\xabKTX 20\xbb", "KTX texture.*PNG"),
    "a.svg": (b'<?xml version="1.0"?><svg xmlns="', "an SVG drawing.*PNG"),
    "a.pdf": (b"%PDF-1.7", "a PDF.*PNG"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_kinds_of_pictures_say_how_to_convert_them(name, tmp_path):
    start, said = OTHERS[name]
    (tmp_path / name).write_bytes(start.ljust(64, b"\0"))
    with pytest.raises(FileError, match=f"{name} is .*{said}") as caught:
        read_maps(tmp_path / name)
    assert caught.value.remedy


def test_what_cannot_be_read_in_a_folder_is_listed_with_its_reason(tmp_path):
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


def test_a_rerun_reads_a_photograph_as_it_was_read(tmp_path):
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
