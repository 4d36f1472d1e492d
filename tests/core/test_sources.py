"""Several pictures, folders of them, large photographs, and how a source is prepared before a tool sees it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cases import each_case
from PIL import Image

from impasto import Maps, Recipe, RunOptions, Step, read_maps, read_recipe, run
from impasto.errors import ParameterError
from impasto.io import reduction
from impasto.io.reduction import Wanted, reduced
from impasto.options import Sink
from impasto.running.rerun import rerun
from impasto.running.wanted import wanted_by
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.heights import slopes_from_normal

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


def test_of_several_the_one_that_fails_is_told_and_the_others_are_made(command, tmp_path):
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


def test_a_slant_is_taken_out_and_slopes_turn_by_its_angle():
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
def test_what_a_result_needs(tool, parameters, enough):
    recipe = Recipe((Step(tool, parameters, {"style": ["one"]} if "style" in tool else {}),))
    assert wanted_by(recipe).enough_px == enough
    assert wanted_by(recipe, has_mesh=True).enough_px == 0
    assert wanted_by(recipe, "one").enough_px == (2**22 if "style" in tool else 0)


@each_case("reductions")
def test_only_photographs_of_more_than_16_megapixels_are_reduced(size, enough, divisor):
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
    import subprocess
    import sys

    noise = np.random.default_rng(0).integers(0, 255, (600, 800, 3), np.uint8)
    Image.fromarray(noise).resize((8000, 6000)).save(tmp_path / "a.jpg", quality=85)
    code = "import resource, sys; from impasto.cli.main import main; main(sys.argv[1:]); "
    code += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    command = ("seamless", tmp_path / "a.jpg", "--size", "256x256", "--estimator", "none", "--out", tmp_path / "out")
    done = subprocess.run([sys.executable, "-P", "-c", code, *command], check=True, capture_output=True, text=True)
    assert int(done.stdout.split()[-1]) < 1.5e6
