"""Every format that artists have is read on purpose; what is written reads back; bad files lose nothing."""

import io
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from PIL import Image

from impasto import Maps, Recipe, Step, read_maps, read_recipe, write_maps
from impasto.errors import FileError
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
