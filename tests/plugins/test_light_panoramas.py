"""Panoramas of light, with values above 1: from Radiance HDR and EXR into the panorama tools, and out as EXR."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from impasto import Recipe, Step, read_maps, run
from impasto.cli.main import main
from impasto.errors import FileError
from impasto.io.reduction import Wanted
from impasto.running.wanted import wanted_by

SUN = 900.0


def sky(height: int = 32) -> np.ndarray:
    """Light (H, 2H, 3) that goes on across the sides, with a sun in front."""
    y, x = np.mgrid[0:height, 0 : 2 * height]
    glow = 1 + np.cos((x / height - 1) * np.pi)
    light = np.stack([0.2 + 0.1 * glow, 0.3 + y / height, 0.5 + 0 * x], 2).astype(np.float32)
    light[height // 2 - 2 : height // 2 + 2, height - 2 : height + 2] = SUN
    return light


def write(path: Path, light: np.ndarray) -> Path:
    height, width, count = light.shape
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), oiio.ImageSpec(width, height, count, "float"))
    assert output.write_image(np.ascontiguousarray(light, np.float32))
    output.close()
    return path


def command(*arguments: object) -> None:
    """The command, which ends without an error."""
    main([str(one) for one in arguments])


def light_in(path: Path) -> np.ndarray:
    return oiio.ImageInput.open(str(path)).read_image("float")


@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
def test_light_is_as_it_is_in_the_file(suffix, tmp_path):
    path = write(tmp_path / f"sky{suffix}", sky())
    texture = read_maps(path, wanted=Wanted(takes_light=True))["base_color"]
    assert texture.color_space == "linear"
    assert np.abs(texture.pixels / sky() - 1).max() < (1e-4 if suffix == ".exr" else 0.04)
    with pytest.raises(FileError, match="values above 1, up to 9"):
        read_maps(path)
    dark = write(tmp_path / f"dark{suffix}", sky() / 2000)
    plain, wanted = (read_maps(dark, wanted=one)["base_color"] for one in (Wanted(), Wanted(takes_light=True)))
    assert (plain.color_space, plain.pixels.tobytes()) == (wanted.color_space, wanted.pixels.tobytes())
    grey = write(tmp_path / f"grey{suffix}", sky()[..., :1] if suffix == ".exr" else sky())
    assert read_maps(grey, wanted=Wanted(takes_light=True))["base_color"].pixels.max() == pytest.approx(SUN, rel=0.01)


def test_which_recipes_take_light():
    assert wanted_by(Recipe((Step("close-panorama"), Step("cube-faces")))).takes_light
    assert not wanted_by(Recipe((Step("close-panorama"), Step("sharpen")))).takes_light
    assert not wanted_by(Recipe((Step("quilt"),))).takes_light


@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
def test_to_a_cube_and_back(suffix, capsys, tmp_path):
    path, exr = write(tmp_path / f"sky{suffix}", sky()), ("--format", "exr")
    command("apply", "close-panorama", path, "--out", tmp_path / "closed", *exr)
    closed = tmp_path / "closed" / "sky_base_color.exr"
    assert np.abs(light_in(closed)[8:24] / sky()[8:24] - 1).max() < 0.04
    command("apply", "cube-faces", closed, "--out", tmp_path / "cube", *exr)
    (cube,) = (tmp_path / "cube").glob("*.exr")
    assert light_in(cube).max() > 0.8 * SUN
    command("apply", "panorama-from-cube", cube, "--out", tmp_path / "back", *exr)
    (file,) = (tmp_path / "back").glob("*.exr")
    assert "above 1" not in "".join(capsys.readouterr())
    back, away = light_in(file), np.ones(sky().shape, bool)
    away[8:24, 20:44] = False
    assert SUN / 2 < back.max() <= 1.01 * SUN
    assert back.min() > 0.19, "no dark ring around the sun"
    assert np.abs(back - sky())[away].max() < 0.1


def test_png_says_what_it_loses(capsys, tmp_path):
    command("apply", "cube-faces", write(tmp_path / "sky.hdr", sky()), "--out", tmp_path / "cube")
    assert "are white in this file: write EXR" in "".join(capsys.readouterr())


def test_sides_that_do_not_meet_are_joined_whatever_the_sun(tmp_path):
    light = sky()
    light *= np.linspace(0.8, 1.6, light.shape[1])[None, :, None]
    light[4:8, 1:4] = SUN
    path = write(tmp_path / "sky.exr", light)
    maps = read_maps(path, wanted=Wanted(takes_light=True))
    made = run(Recipe((Step("close-panorama", {"overlap": 0.1}),)), {"source": maps}).maps["base_color"]
    assert made.color_space == "linear"
    assert made.pixels.max() > 0.5 * SUN
    assert made.pixels.min() >= 0
    step = np.abs(made.pixels[12:28, 0] - made.pixels[12:28, -1]).mean()
    assert step < 0.5 * np.abs(light[12:28, 0] - light[12:28, -1]).mean()


def test_faces_of_which_some_are_dark(tmp_path):
    faces = [np.full((16, 16, 3), 0.2 if index else 5.0, np.float32) for index in range(6)]
    paths = [write(tmp_path / f"{index}.exr", face) for index, face in enumerate(faces)]
    given = [read_maps(path, wanted=Wanted(takes_light=True)) for path in paths]
    names = ["a", "b", "c", "d", "e"]
    recipe = Recipe((Step("panorama-from-cube", {}, {"others": names}),))
    made = run(recipe, {"source": given[0], **dict(zip(names, given[1:], strict=True))}).maps["base_color"]
    assert (made.color_space, made.pixels.max()) == ("linear", pytest.approx(5, rel=0.02))
    assert np.median(made.pixels) == pytest.approx(0.2, rel=0.02)
