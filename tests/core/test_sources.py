"""Files of every format as sources: read on purpose, one or several, large ones reduced, prepared, and written back."""

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
from cases import each_case
from PIL import Image, ImageCms
from stored_pictures import EIGHT_BIT, EXACT, GREY8, HEIGHT, LINEAR, RGB8, WIDTH, check, colors, write_image

from impasto import Maps, Recipe, RunOptions, Step, read_maps, read_recipe, run, write_maps
from impasto.errors import FileError, ParameterError
from impasto.io import decode, reduction
from impasto.io.files import BUILTIN_EXPORTERS, encode_maps
from impasto.io.reduction import Wanted, reduced
from impasto.options import Sink
from impasto.running.rerun import rerun
from impasto.running.wanted import wanted_by
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.heights import slopes_from_normal
from impasto.texture import MAP_CHANNELS

pytestmark = pytest.mark.usefixtures("misbehaving")


def save(path: Path, seed: int = 0, size_px: tuple[int, int] = (24, 32)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (*size_px, 3), np.uint8)).save(path)
    return path


@pytest.fixture
def command(said):
    """Run the command: its exit code, and its answer from JSON."""

    def run(*arguments: object) -> tuple[int, dict]:
        code, out, _ = said(*arguments, "--json")
        return code, json.loads(out.splitlines()[-1])

    return run


@pytest.mark.parametrize("action", ["seamless", "maps", "apply tint", "stylize --tool flat --style STYLE"])
def test_several_pictures_and_folders_are_each_made(command, action, tmp_path):
    style = save(tmp_path / "style.png")
    save(tmp_path / "photos" / "one.png")
    save(tmp_path / "photos" / "two_color.png")
    save(tmp_path / "photos" / "bricks" / "b_base_color.png")
    save(tmp_path / "photos" / "bricks" / "b_normal.png")
    words = [str(style) if word == "STYLE" else word for word in action.split()]
    code, answer = command(*words, tmp_path / "photos", save(tmp_path / "three.png"), "--out", tmp_path / "o")
    assert code == 0, answer
    made = {Path(file).name for file in answer["files"]}
    assert {f"{name}_base_color.png" for name in ("one", "two", "bricks", "three")} <= made
    assert answer["failed"] == []


def test_a_failing_source_is_reported_and_the_others_are_made(command, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    sources = (save(tmp_path / "one.png"), tmp_path / "broken.png", save(tmp_path / "two.png"))
    code, answer = command("apply", "tint", *sources, "--out", tmp_path / "o")
    assert code == 3
    assert [Path(file).name for file in answer["files"]] == ["one_base_color.png", "two_base_color.png"]
    (failed,) = answer["failed"]
    assert failed["source"].endswith("broken.png")
    assert failed["error"] == "FileError"
    assert "wrong" not in answer


def test_a_picture_beside_a_set_is_left_out_with_a_note(command, tmp_path):
    for name in ("a_base_color", "a_normal", "wall"):
        save(tmp_path / "mixed" / f"{name}.png")
    code, answer = command("maps", tmp_path / "mixed", "--out", tmp_path / "o")
    assert code == 0
    assert any("wall.png" in note for note in answer["notes"])
    (tmp_path / "empty").mkdir()
    assert command("maps", tmp_path / "empty", "--out", tmp_path / "o")[0] == 3


def test_a_phones_photograph_becomes_a_tile_of_the_same_area(command, tmp_path):
    photo = save(tmp_path / "phone.png", size_px=(300, 400))
    prepare = ("--width-m", 2, "--source-crop", "0,0,0.75,1", "--source-scale", 0.3414)
    code, answer = command("seamless", photo, *prepare, "--out", tmp_path / "o")
    assert code == 0, answer
    made = read_maps(tmp_path / "o")
    assert made.size_px == (102, 102)
    assert made.width_m == pytest.approx(1.5)
    recipe = read_recipe(answer["files"][0])
    assert [step.tool for step in recipe.steps] == ["transform", "quilt", "photo-maps"]
    assert recipe.inputs["source"]["width_m"] == 2
    again = rerun(Path(answer["files"][0]), tmp_path / "again", {"source": photo})
    assert again.identical
    assert again.differences == []
    with pytest.raises(ParameterError, match="has no input 'src'; did you mean 'source'"):
        rerun(Path(answer["files"][0]), tmp_path / "more", {"src": photo})


def transformed(maps: Maps, **parameters) -> Maps:
    return run(Recipe((Step("transform", parameters),)), {"source": maps}).maps


def ramp(height: int = 12, width: int = 20) -> Maps:
    """A surface that rises to the right, a metre wide."""
    color = np.random.default_rng(0).random((height, width, 3))
    normal = np.broadcast_to(np.float32((0.5 - 0.5 * 0.6, 0.5, 0.5 + 0.5 * 0.8)), (height, width, 3))
    return Maps.from_arrays({"base_color": color, "normal": normal}, width_m=1.0, height_range_m=0.1)


def test_quarter_turns_are_exact_and_normals_turn_along_and_scaling_averages_light():
    maps = ramp()
    turned = transformed(maps, rotate=90)
    assert np.array_equal(turned["base_color"].pixels, np.rot90(maps["base_color"].pixels))
    assert turned.width_m == pytest.approx(12 / 20)
    assert turned.height_range_m == 0.1
    # what rose to the right rises upwards now: its normal leans down
    assert np.allclose(turned["normal"].pixels[0, 0], (0.5, 0.2, 0.9), atol=1e-6)
    back = transformed(turned, rotate=-90)
    assert np.array_equal(back["base_color"].pixels, maps["base_color"].pixels)
    assert np.allclose(back["normal"].pixels, maps["normal"].pixels, atol=1e-6)
    assert back.width_m == pytest.approx(1.0)
    assert transformed(maps, rotate=360).sha256() == maps.sha256()
    checks = np.indices((8, 8)).sum(0) % 2
    small = transformed(Maps.from_arrays({"base_color": np.repeat(checks[..., None], 3, 2)}, width_m=2.0), scale=0.5)
    assert (small.size_px, small.width_m) == ((4, 4), 2.0)
    assert np.allclose(small["base_color"].pixels, 0.7354, atol=1e-3)  # half the light, encoded
    for parameters in ({"crop": (0.5, 0, 0.5, 1)}, {"scale": 0}, {"crop": (0, 0, 2, 1)}):
        with pytest.raises(ParameterError, match=next(iter(parameters))):
            transformed(maps, **parameters)


def test_rotating_a_source_rotates_its_slopes():
    rows, columns = np.mgrid[0:96, 0:128].astype(np.float32)
    angle = np.radians(10)
    stripes = 0.5 + 0.4 * np.sin((rows * np.cos(angle) + columns * np.sin(angle)) / 4)  # fall to the left by 10°
    maps = ramp(96, 128).with_arrays({"base_color": np.repeat(stripes[..., None], 3, 2)})
    straight = transformed(maps, rotate=-10)["base_color"].pixels
    height, width = straight.shape[:2]
    assert 0.6 < width / 128 < 0.95
    assert abs(width / height - 128 / 96) < 0.05
    assert transformed(maps, rotate=-10).width_m == pytest.approx(width / 128)
    turned = transformed(maps, rotate=10)["base_color"].pixels
    along = [np.abs(np.diff(picture[..., 0], axis=1)).mean() for picture in (straight, turned)]
    assert min(along) < 0.01  # one of both directions makes the stripes level
    slopes = slopes_from_normal(transformed(maps, rotate=30)["normal"].pixels)
    assert np.allclose(slopes, (0.75 * np.cos(np.radians(30)), -0.75 * np.sin(np.radians(30))), atol=1e-3)


@pytest.fixture
def small_limit(monkeypatch):
    """Photographs above 100 x 100 pixels count as large, so that tests are quick."""
    monkeypatch.setattr(reduction, "PHOTOGRAPH_PX", 10_000)


def means(pixels: np.ndarray, divisor: int) -> np.ndarray:
    """Blocks of whole pixels, averaged as light."""
    rows, columns = (side // divisor for side in pixels.shape[:2])
    light = srgb_to_linear(pixels[: rows * divisor, : columns * divisor])
    return linear_to_srgb(light.reshape(rows, divisor, columns, divisor, -1).mean((1, 3)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_blocks_are_those_of_the_upright_picture(suffix, orientation, small_limit, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (310, 271, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(noise).save(tmp_path / f"a{suffix}", exif=exif, quality=95)
    whole = read_maps(tmp_path / f"a{suffix}")
    small = read_maps(tmp_path / f"a{suffix}", wanted=Wanted(enough_px=7000))
    assert small.size_px == tuple(side // 4 for side in whole.size_px)
    assert np.abs(small["base_color"].pixels - means(whole["base_color"].pixels, 4)).max() < 1e-5
    assert np.abs(small["base_color"].pixels - reduced(whole, 7000)["base_color"].pixels).max() < 1e-5
    assert small.notes == reduced(whole, 7000).notes
    assert "1/4 of its size" in small.notes[0]


def test_opacity_and_deep_pictures_are_reduced_too(small_limit, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (200, 150, 4), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    small = read_maps(tmp_path / "a.png", wanted=Wanted(enough_px=8000))
    assert {one.size_px for one in small.values()} == {(100, 75)}
    alpha = noise[..., 3].reshape(100, 2, 75, 2).mean((1, 3)) / 255
    assert np.abs(small["opacity"].pixels[..., 0] - alpha).max() < 1e-5


SIZED = {"width_px": 48, "height_px": 48}


@each_case("enough-pixels")
def test_the_needed_source_size_follows_from_the_recipe(tool, parameters, enough):
    recipe = Recipe((Step(tool, parameters, {"style": ["one"]} if "style" in tool else {}),))
    assert wanted_by(recipe).enough_px == enough
    assert wanted_by(recipe, has_mesh=True).enough_px == 0
    assert wanted_by(recipe, "one").enough_px == (2**22 if "style" in tool else 0)


@each_case("reductions")
def test_only_photographs_of_more_than_16_megapixels_are_reduced(size, enough, divisor):
    assert reduction.reduction(size, enough) == divisor


def test_runs_from_files_and_arrays_and_reruns_are_equal(small_limit, monkeypatch, tmp_path):
    from impasto_synthesis import Quilt

    monkeypatch.setattr(Quilt, "photograph_px", 9000)
    noise = np.random.default_rng(0).integers(0, 255, (301, 201, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    recipe = Recipe((Step("quilt", SIZED),), 3)
    read = read_maps(tmp_path / "a.png", wanted=wanted_by(recipe))
    assert read.size_px == (100, 67)
    by_file = run(recipe, {"source": read}, RunOptions(sink=Sink(tmp_path / "out", "a")))
    by_array = run(recipe, {"source": read_maps(tmp_path / "a.png")})
    for result in (by_file, by_array):
        assert any("1/3 of its size, as 67x100 px" in note for note in result.notes)
    made = [read_maps(by_file.paths[0])["base_color"].pixels, by_array.maps["base_color"].pixels]
    assert np.abs(made[0] - made[1]).max() < 0.003
    again = rerun(by_file.paths[0], tmp_path / "again", {"source": tmp_path / "a.png"})
    assert again.identical, again.differences


@pytest.mark.slow
def test_48_megapixels_take_little_memory(tmp_path):
    import subprocess
    import sys

    noise = np.random.default_rng(0).integers(0, 255, (600, 800, 3), np.uint8)
    Image.fromarray(noise).resize((8000, 6000)).save(tmp_path / "a.jpg", quality=85)
    code = "import resource, sys; from impasto.cli.main import main; main(sys.argv[1:]); "
    code += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    command = ("seamless", tmp_path / "a.jpg", "--size", "256x256", "--estimator", "none", "--out", tmp_path / "out")
    done = subprocess.run([sys.executable, "-P", "-c", code, *command], check=True, capture_output=True, text=True)
    assert int(done.stdout.split()[-1]) < 1.5e6


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
