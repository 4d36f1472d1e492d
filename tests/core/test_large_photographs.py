"""Photographs larger than their results need are read reduced, with a note, and others as they are."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from impasto import Recipe, RunOptions, Step, read_maps, run
from impasto.io import reduction
from impasto.io.reduction import Wanted, reduced
from impasto.options import Sink
from impasto.running.rerun import rerun
from impasto.running.wanted import wanted_by
from impasto.surface.color import linear_to_srgb, srgb_to_linear


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


@pytest.mark.parametrize(
    ("tool", "parameters", "enough"),
    [
        ("quilt", SIZED, 2**22),
        ("quilt", {"width_px": 4096, "height_px": 2048}, 2**25),
        ("quilt", {"width_px": 48}, 0),
        ("patch-synthesis", SIZED, 2**22),
        ("histogram-blending", SIZED, 2**22),
        ("patches-style", {"longest_px": 2048}, 2**24),
        ("patches-style", {}, 0),
        ("photo-maps", {}, 0),
        ("no-such-tool", {}, 0),
        ("quilt", {"width_px": -1}, 0),
    ],
)
def test_what_a_result_needs(tool, parameters, enough):
    recipe = Recipe((Step(tool, parameters, {"style": ["one"]} if "style" in tool else {}),))
    assert wanted_by(recipe).enough_px == enough
    assert wanted_by(recipe, has_mesh=True).enough_px == 0
    assert wanted_by(recipe, "one").enough_px == (2**22 if "style" in tool else 0)


def test_only_photographs_of_more_than_16_megapixels_are_reduced():
    for size, enough, divisor in (
        ((4096, 4096), 2**23, 1),
        ((6000, 8000), 2**22, 4),
        ((8000, 12_000), 2**22, 5),
        ((6000, 8000), 2**24, 2),
        ((6000, 8000), 2**26, 1),
        ((6000, 8000), 0, 1),
    ):
        assert reduction.reduction(size, enough) == divisor


def test_a_run_from_a_file_from_arrays_and_again_is_the_same(small_limit, monkeypatch, tmp_path):
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
    import resource
    import subprocess
    import sys

    noise = np.random.default_rng(0).integers(0, 255, (600, 800, 3), np.uint8)
    Image.fromarray(noise).resize((8000, 6000)).save(tmp_path / "a.jpg", quality=85)
    command = ("-m", "impasto", "seamless", tmp_path / "a.jpg", "--size", "256x256", "--estimator", "none")
    subprocess.run([sys.executable, "-P", *command, "--out", tmp_path / "out"], check=True, capture_output=True)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1.5e6
