"""AVIF, HEIC, JPEG XL, DDS and Radiance HDR: read with the values, the turn and the profile that they hold."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import OpenImageIO as oiio
import pillow_heif
import pytest
from PIL import Image, ImageCms
from stored_pictures import EIGHT_BIT, EXACT, GREY8, HEIGHT, LINEAR, RGB8, WIDTH, check, colors, write_image

from impasto import read_maps
from impasto.errors import FileError
from impasto.io import decode, scanlines

LOSSY, BLOCKS, SHARED = 0.08, 0.1, 0.1
"""Tolerances: of compression, of four colours a block, and of three values that share an exponent."""


def by_pillow(format_: str, mode: str = "RGB", **how: object) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        pillow_heif.register_heif_opener()
        picture = Image.fromarray(np.dstack([RGB8, GREY8]) if mode == "RGBA" else RGB8)
        picture.convert("RGBA" if mode == "OPAQUE" else mode).save(path, format_, **how)

    return write


def jxl(values: np.ndarray, **how: object) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(imagecodecs.jpegxl_encode(values, **how)) and None


def dds(pixel_format: str, dxgi: int, mode: str = "RGBA") -> Callable[[Path], None]:
    """A DDS in blocks, whose header calls their format by its DXGI number."""

    def write(path: Path) -> None:
        by_pillow("DDS", mode, pixel_format=pixel_format)(path)
        data = path.read_bytes()
        body = data[148:] if data[84:88] == b"DX10" else data[128:]
        head = data[:84] + b"DX10" + data[88:128]
        path.write_bytes(head + struct.pack("<5I", dxgi, 3, 0, 1, 0) + body)

    return write


GREY = np.repeat(np.asarray(Image.fromarray(RGB8).convert("L"))[..., None] / 255, 3, 2)
ALPHA = GREY8 / 255
NOISE = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH), np.uint8)
CASES = {  # how it is written, and the colours and the opacity that are read
    "a.avif": (by_pillow("AVIF", quality=95), colors(), None, LOSSY),
    "alpha.avif": (by_pillow("AVIF", "RGBA", quality=95), colors(), ALPHA, LOSSY),
    "grey.avif": (by_pillow("AVIF", "L", quality=95), GREY, None, LOSSY),
    "a.heic": (by_pillow("HEIF", quality=95), colors(), None, LOSSY),
    "alpha.heif": (by_pillow("HEIF", "RGBA", quality=95), colors(), ALPHA, LOSSY),
    "lossy.jxl": (jxl(RGB8, level=95), colors(), None, LOSSY),
    "8.jxl": (jxl(RGB8, lossless=True), RGB8 / 255, None, EXACT),
    "alpha.jxl": (jxl(np.dstack([RGB8, GREY8]), lossless=True), RGB8 / 255, ALPHA, EIGHT_BIT),
    "grey.jxl": (jxl(NOISE, lossless=True), np.repeat(NOISE[..., None] / 255, 3, 2), None, EXACT),
    "box.jxl": (jxl(RGB8, lossless=True, usecontainer=True), RGB8 / 255, None, EXACT),
    "bc1.dds": (by_pillow("DDS", pixel_format="DXT1"), colors(), None, BLOCKS),
    "bc1_srgb.dds": (dds("DXT1", 72, "RGB"), colors(), None, BLOCKS),
    "bc2.dds": (dds("BC2", 74, "OPAQUE"), colors(), None, BLOCKS),
    "bc3_srgb.dds": (dds("BC3", 78), colors(), ALPHA, BLOCKS),
    "rgb.dds": (by_pillow("DDS"), RGB8 / 255, None, EXACT),
    "rgba.dds": (by_pillow("DDS", "RGBA"), RGB8 / 255, ALPHA, EXACT),
    "grey.dds": (by_pillow("DDS", "L"), GREY, None, EXACT),
    "sky.hdr": (lambda path: write_image(path, LINEAR), colors(), None, SHARED),
}


@pytest.mark.parametrize("name", CASES)
def test_colours_and_opacity(name, tmp_path):
    write, color, opacity, tolerance = CASES[name]
    write(tmp_path / name)
    if name.endswith(".jxl") and "jpegxl" not in oiio.get_string_attribute("format_list"):
        with pytest.raises(FileError, match=r"needs OpenImageIO 3\.2"):
            read_maps(tmp_path / name)
        return
    check(tmp_path / name, color, opacity, tolerance)
    assert decode.read_size(tmp_path / name) == (HEIGHT, WIDTH)


def test_normals_in_two_channels_get_their_third(tmp_path):
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j] * 0.6
    z = np.sqrt(1 - x * x - y * y)
    wanted = np.stack([x, y, z], 2) / 2 + 0.5
    Image.fromarray(np.round(wanted * 255).astype(np.uint8)).save(tmp_path / "a.dds", pixel_format="BC5")
    assert np.abs(decode.read_map(tmp_path / "a.dds", "normal").pixels - wanted).max() < 0.03


@pytest.mark.parametrize("format_", ["AVIF", "HEIF"])
def test_a_phones_photograph_is_turned_and_its_profile_used(format_, tmp_path):
    pillow_heif.register_heif_opener()
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = (profile.index(tag, 128) for tag in (b"rXYZ", b"bXYZ"))
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"  # red and blue exchanged
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(RGB8).save(tmp_path / "a", format_, quality=95, exif=exif.tobytes(), icc_profile=bytes(profile))
    read = read_maps(tmp_path / "a")["base_color"].pixels
    assert read.shape == (WIDTH, HEIGHT, 3) == (*decode.read_size(tmp_path / "a"), 3)
    assert np.abs(read - np.rot90(colors(), -1)[..., ::-1]).mean() < 0.01


def test_heic_without_its_extra_names_what_to_install(tmp_path, monkeypatch):
    by_pillow("HEIF")(tmp_path / "a.jpg")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(FileError, match=r"HEIC photograph.*impasto\[formats\].*pip install") as caught:
        read_maps(tmp_path / "a.jpg")
    assert "impasto[formats]" in caught.value.remedy


def test_a_dds_of_another_kind_is_not_called_damaged(tmp_path):
    dds("BC3", 61)(tmp_path / "a.dds")  # DXGI_FORMAT_R8_UNORM
    with pytest.raises(FileError, match="is a DDS that is not read") as caught:
        read_maps(tmp_path / "a.dds")
    assert "BC1 to BC7" in caught.value.remedy


def test_a_jpeg_xl_that_is_too_large_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    jxl(np.random.default_rng(0).integers(0, 255, (700, 700, 3), np.uint8))(tmp_path / "a.jxl")
    monkeypatch.setattr(scanlines, "MEMORY_BYTES", 2**21)
    with pytest.raises(FileError, match=r"size 1\.4 MB exceeds the 1 MB limit, too much to read"):
        decode.read_size(tmp_path / "a.jxl")
