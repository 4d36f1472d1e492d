"""Every format that artists have is read on purpose, new ones too; what is written reads back."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import imagecodecs
import numpy as np
import OpenImageIO as oiio
import pillow_heif
import pytest
from PIL import Image, ImageCms
from stored_pictures import EIGHT_BIT, EXACT, GREY8, HEIGHT, LINEAR, RGB8, WIDTH, check, colors, write_image

from impasto import Maps, Recipe, Step, read_maps, read_recipe, write_maps
from impasto.errors import FileError
from impasto.io import decode
from impasto.io.files import BUILTIN_EXPORTERS, encode_maps
from impasto.surface.color import srgb_to_linear
from impasto.texture import MAP_CHANNELS

EXPORTERS = {exporter.name: exporter for exporter in BUILTIN_EXPORTERS}
STEPS = {"png": 1 / 255, "png16": 1 / 65535, "png-auto": 1 / 255, "exr": 2**-10}
"""The quantisation step of each format in [0, 1]; half floats have 11 significant bits."""

RECIPE = Recipe((Step("quilt"),), 5, {"source": {"name": "wäll.png", "sha256": "0"}}, {"device": "cpu"})


@pytest.fixture
def everything() -> Maps:
    rng = np.random.default_rng(3)
    pixels = {name: rng.random((20, 30, channels)) for name, channels in MAP_CHANNELS.items()}
    return Maps.from_arrays(pixels, width_m=2.0, height_range_m=0.03)


@pytest.mark.parametrize("format_", EXPORTERS)
def test_a_map_set_reads_back_with_its_scale_and_recipe(format_, everything, tmp_path):
    paths = write_maps(everything, tmp_path / "set", "wall", EXPORTERS[format_], RECIPE)
    assert [path.stem for path in paths] == [f"wall_{name}" for name in MAP_CHANNELS]
    again = read_maps(tmp_path / "set")
    assert (again.width_m, again.height_range_m, again.name) == (2.0, 0.03, "set")
    for name in MAP_CHANNELS:
        # linear EXR spreads the sRGB curve's steep end: twice the step covers it
        assert np.abs(again[name].pixels - everything[name].pixels).max() <= 2 * STEPS[format_], name
    assert read_recipe(paths[3]) == Recipe.from_json(RECIPE.to_json())
    again = write_maps(everything, tmp_path / "again", "wall", EXPORTERS[format_], RECIPE)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]


def test_exr_colour_is_linear_as_compositors_expect(everything, tmp_path):
    path = write_maps(everything, tmp_path, "x", EXPORTERS["exr"])[0]
    stored = oiio.ImageInput.open(str(path)).read_image("float")
    assert np.allclose(stored, srgb_to_linear(everything["base_color"].pixels), atol=1e-3)


def test_the_iptc_source_type_is_where_readers_look(everything, tmp_path):
    path = write_maps(everything, tmp_path, "x", EXPORTERS["png"], RECIPE)[0]
    info = Image.open(path).info
    assert "digitalsourcetype/algorithmicallyEnhanced" in info["XML:com.adobe.xmp"]
    stored = json.loads(info["impasto"])
    assert (stored["width_m"], stored["recipe"]["inputs"]["source"]["name"]) == (2.0, "wäll.png")


def encoded(suffix: str) -> bytes:
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(stream, {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper()))
    return stream.getvalue()


def test_a_wrong_extension_is_read_by_its_content(tmp_path):
    (tmp_path / "really_a_jpeg.png").write_bytes(encoded("jpg"))
    assert read_maps(tmp_path / "really_a_jpeg.png").size_px == (64, 64)


def test_an_absent_file_and_an_empty_folder_are_refused(tmp_path):
    with pytest.raises(FileError, match=r"cannot read .*nowhere\.png"):
        read_maps(tmp_path / "nowhere.png")
    with pytest.raises(FileError, match="contains no maps"):
        read_maps(tmp_path)
    (tmp_path / "short.jpg").write_bytes(encoded("jpg")[:1500])
    with pytest.raises(FileError, match="damaged") as caught:
        read_maps(tmp_path / "short.jpg")
    assert caught.value.remedy
    (tmp_path / "out").write_text("")
    with pytest.raises(FileError, match="a file is in the way"):
        write_maps(Maps.from_arrays({"height": np.zeros((2, 2))}), tmp_path / "out", "x")


# Disks that are full or read-only


@contextmanager
def mounted(folder: Path, options: str):
    """A small tmpfs; the test is skipped by name where one may not be mounted."""
    folder.mkdir(exist_ok=True)
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs Linux and root, to mount a small disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_leaves_every_old_file_whole(tmp_path):
    small = Maps.from_arrays({"base_color": np.full((8, 8, 3), 0.5), "height": np.full((8, 8), 0.5)})
    noise = np.random.default_rng(0).random((256, 256, 3))
    large = Maps.from_arrays({"base_color": noise * 0 + 0.1, "emission": noise})
    with mounted(tmp_path / "disk", "size=128k") as disk:
        before = {path: path.read_bytes() for path in write_maps(small, disk, "x")}
        with pytest.raises(FileError, match=r"No space left.*free space"):
            write_maps(large, disk, "x")
        assert {path: path.read_bytes() for path in disk.iterdir()} == before


def test_a_full_temporary_folder_is_named_and_files_need_none(tmp_path, monkeypatch):
    noise = Maps.from_arrays({"base_color": np.random.default_rng(0).random((256, 256, 3))})
    with mounted(tmp_path / "temporary", "size=64k") as full:
        monkeypatch.setattr(tempfile, "tempdir", str(full))
        for exporter in BUILTIN_EXPORTERS:
            with pytest.raises(FileError, match=r"No space left.*temporary folder.*set TMPDIR"):
                encode_maps(noise, exporter)
        assert list(full.iterdir()) == []
        assert write_maps(noise, tmp_path / "out", "x")[0].exists()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(FileError, match=r"temporary folder: No such file.*set TMPDIR"):
        encode_maps(noise, EXPORTERS["png"])


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
