"""`impasto stylize` as a script meets it: styles, masks, start, sets of maps, recipes, Control-C."""

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto import read_maps, read_recipe
from impasto.surface.seams import seam_z


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A grey picture, a set of maps, three styles of one colour, and a mask that is white on the left."""
    made = tmp_path_factory.mktemp("pictures")
    for name, color in {"cat": (128, 128, 128), "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}.items():
        save(made / f"{name}.png", np.broadcast_to(np.uint8(color), (32, 48, 3)))
    save(made / "left.png", np.broadcast_to(np.where(np.arange(48) < 24, 255, 0).astype(np.uint8), (32, 48)))
    (made / "bricks").mkdir()
    save(made / "bricks" / "wall_base_color.png", np.full((32, 48, 3), 128, np.uint8))
    save(made / "bricks" / "wall_roughness.png", np.full((32, 48), 200, np.uint8))
    return made


FLAT, RED = ("--tool", "flat"), ("--style", "red.png")


def save(path: Path, pixels: np.ndarray) -> None:
    Image.fromarray(np.ascontiguousarray(pixels)).save(path)


@pytest.mark.essential
def test_a_style_repaints_a_picture_and_the_recipe_makes_it_again(impasto, folder, tmp_path):
    for file in ("cat.png", "red.png"):
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    arguments = ("--strength", 0.5, "--seed", 7, "--out", tmp_path / "painted", "--json")
    done = impasto("stylize", tmp_path / "cat.png", "--tool", "flat", "--style", tmp_path / "red.png", *arguments)
    assert done.returncode == 0, done.stderr
    file = tmp_path / "painted" / "cat_base_color.png"
    assert json.loads(done.stdout)["files"] == [str(file)]
    assert np.asarray(Image.open(file))[0, 0].tolist() == [192, 64, 64]
    recipe = read_recipe(file)
    assert recipe.seed == 7
    assert recipe.steps[0].inputs == {"style": "style"}
    assert recipe.inputs["style"]["name"] == "red.png"
    again = impasto("rerun", file, "--out", tmp_path / "again", "--json")
    assert json.loads(again.stdout)["identical"] is True


@pytest.mark.slow
def test_masks_belong_to_the_styles_in_their_order(impasto, folder, tmp_path):
    styles = (folder / "red.png", folder / "blue.png")
    for masks, left, right in (
        (("-", folder / "left.png"), [0, 0, 255], [255, 0, 0]),
        ((folder / "left.png", "-"), [0, 0, 255], [0, 0, 255]),
        ((), [0, 0, 255], [0, 0, 255]),
    ):
        given = [part for style in styles for part in ("--style", style)]
        given += [part for mask in masks for part in ("--mask", mask)]
        done = impasto("stylize", folder / "cat.png", "--tool=flat", *given, "--out", tmp_path, "--force")
        assert done.returncode == 0, done.stderr
        pixels = np.asarray(Image.open(tmp_path / "cat_base_color.png"))
        assert (pixels[0, 0].tolist(), pixels[0, -1].tolist()) == (left, right)
    step = read_recipe(tmp_path / "cat_base_color.png").steps[0]
    assert step.inputs == {"style": ["style", "style-2"]}
    assert step.parameters["weight"] == [1.0, 1.0]


@pytest.mark.slow
def test_each_style_may_have_a_weight_and_a_recipe_with_several_is_made_again(impasto, folder, tmp_path):
    for file in ("cat.png", "red.png", "green.png", "blue.png", "left.png"):
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    styles = [part for style in ("red", "green", "blue") for part in ("--style", f"{style}.png")]
    given = ("--mask", "-", "--mask", "left.png", "--weight", 0.5, "--weight", 2, "--seed", 3, "--out", "painted")
    done = impasto("stylize", "cat.png", "--tool=flat", *styles, *given, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    recipe = read_recipe(tmp_path / "painted" / "cat_base_color.png")
    assert recipe.steps[0].parameters["weight"] == [0.5, 2.0, 1.0]
    assert recipe.steps[0].inputs == {"style": ["style", "style-2", "style-3"], "mask": ["", "mask-2"]}
    assert {name: about["name"] for name, about in recipe.inputs.items()} == {
        "source": "cat.png",
        "style": "red.png",
        "style-2": "green.png",
        "style-3": "blue.png",
        "mask-2": "left.png",
    }
    again = impasto("rerun", tmp_path / "painted" / "cat_base_color.png", "--out", tmp_path / "again", "--json")
    assert json.loads(again.stdout)["identical"] is True


def test_a_result_is_gone_on_from_at_another_size(impasto, folder, tmp_path):
    arguments = ("--start", folder / "blue.png", "--longest-px", 96, "--name", "large", "--format", "png16")
    done = impasto(
        "stylize", "--tool", "flat", folder / "cat.png", "--style", folder / "red.png", *arguments, "--out", tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "large_base_color.png")]
    made = read_maps(tmp_path / "large_base_color.png")
    assert made.size_px == (64, 96)
    assert np.allclose(made["base_color"].pixels[0, 0], (0.5, 0, 0.5), atol=1e-4)
    assert read_recipe(tmp_path / "large_base_color.png").inputs["start"]["name"] == "blue.png"


def test_the_maps_of_a_material_come_along(impasto, folder, tmp_path):
    arguments = ("--relief", 1, "--width-m", 2)
    done = impasto(
        "stylize", "--tool", "flat", folder / "bricks", "--style", folder / "red.png", *arguments, "--out", tmp_path
    )
    assert done.returncode == 0, done.stderr
    maps = read_maps(tmp_path)
    assert set(maps) == {"base_color", "roughness", "normal", "height"}
    assert {Path(line).name[:6] for line in done.stdout.split()} == {"bricks"}


def test_nothing_is_replaced_without_force(impasto, folder, tmp_path):
    arguments = ("stylize", "--tool", "flat", folder / "cat.png", "--style", folder / "red.png", "--out", tmp_path)
    assert impasto(*arguments).returncode == 0
    assert impasto(*arguments).returncode == 3


def test_help_shows_styles_masks_start_and_the_tools_own_parameters(impasto):
    shown = impasto("stylize", "--help").stdout
    for option in ("--style FILE", "--mask FILE", "--start FILE", "--strokes", "--color {style", "--from {picture"):
        assert option in " ".join(shown.split())
    assert "what paints (default: patches-style)" in shown
    assert "impasto stylize cat.jpg --style night.jpg --out painted" in shown
    assert "--stream" not in shown
    blend = impasto("stylize", "--tool", "blend", "--help").stdout
    assert "up to" not in blend
    assert "--mask" not in blend


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("cat.png",), 2, "--style"),
        (("cat.png", *RED, "--tool", "nothing"), 2, "there is no --tool 'nothing'"),
        (("flat", "cat.png", *RED), 3, "cannot read flat"),
        (("cat.png", *FLAT, *RED * 17), 2, "--style is given 17 times"),
        (("cat.png", "--tool", "blend", *RED * 2), 2, "give it once"),
        (("cat.png", *FLAT, *RED, *("--mask", "left.png") * 4), 2, "more values for mask than for style"),
        (("cat.png", *FLAT, *RED, *("--weight", "1") * 2), 2, "weight has 2 numbers for 1 of the input style"),
        (("cat.png", *FLAT, *RED, "--weight", "heavy"), 2, "--weight"),
        (("cat.png", *FLAT, "--style", "nowhere.png"), 3, "cannot read nowhere.png"),
        (("cat.png", *FLAT, *RED, "--strength", "2"), 2, "strength got 2"),
        (("cat.png", *RED), 2, "the style red.png has one colour only"),
        (("cat.png", "--style", "left.png", "--mask-2", "left.png"), 2, "unrecognized"),
        (("cat.png", "bricks", "--name", "x", *FLAT, *RED), 2, "--name is for one picture, and 2 are given"),
        (("cat.png", "../cat.png", *FLAT, *RED), 2, "would both become cat_base_color"),
    ],
)
def test_mistakes_are_named(impasto, folder, arguments, code, said, tmp_path):
    done = impasto("stylize", *arguments, "--out", tmp_path, cwd=folder)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def started(engine: Path, folder: Path, out: Path) -> tuple[subprocess.Popen, int]:
    """A long painting on a pseudo-terminal, once it has begun."""
    pty = pytest.importorskip("pty", reason="needs a pseudo-terminal, to see when the painting has begun")
    ours, theirs = pty.openpty()
    pytest.importorskip("termios").tcsetwinsize(theirs, (24, 100))
    pictures = (str(folder / "cat.png"), "--style", str(folder / "red.png"))
    arguments = ("stylize", "--tool=flat", *pictures, "--seconds", "300", "--out", str(out))
    running = subprocess.Popen([engine, "-P", "-m", "impasto", *arguments], stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    shown = b""
    while b"Painting" not in shown:
        shown += os.read(ours, 65536)
    return running, ours


def rest(terminal: int) -> bytes:
    """The rest of the output."""
    said = b""
    with contextlib.suppress(OSError):  # Linux says so at the end of a terminal
        while more := os.read(terminal, 65536):
            said += more
    os.close(terminal)
    return said


@pytest.mark.slow
def test_control_c_stops_early_and_keeps_what_is_painted(engine_with_misbehaving, folder, tmp_path):
    running, terminal = started(engine_with_misbehaving, folder, tmp_path)
    running.send_signal(signal.SIGINT)
    said = rest(terminal)
    assert said.index(b"finishing early; Control-C again cancels") < said.index(b"what was painted is kept")
    assert running.wait(10) == 0
    file = tmp_path / "cat_base_color.png"
    assert np.asarray(Image.open(file))[0, 0].tolist() == [255, 0, 0]
    assert read_recipe(file).made_with["stopped"] is True


@pytest.mark.slow
def test_what_tiles_still_tiles_and_it_is_said(impasto, folder, tmp_path):
    spectrum = np.fft.rfft2(np.random.default_rng(0).standard_normal((3, 64, 64)))
    frequency = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.rfftfreq(64)[None])
    tile = np.fft.irfft2(spectrum * np.exp(-((frequency / 0.1) ** 2)), s=(64, 64)).transpose(1, 2, 0)
    save(tmp_path / "tile.png", np.uint8((0.5 + 0.15 * tile / tile.std()).clip(0, 1) * 255))
    save(tmp_path / "crop.png", np.uint8((0.5 + 0.15 * tile[:40, :40] / tile.std()).clip(0, 1) * 255))
    save(tmp_path / "style.png", np.uint8(np.indices((48, 48)).sum(0)[..., None] % 12 * [20, 10, 5]))
    for name, tiles in (("tile", True), ("crop", False)):
        arguments = (tmp_path / f"{name}.png", "--style", tmp_path / "style.png", "--out", tmp_path / "painted")
        done = impasto("stylize", *arguments)
        assert done.returncode == 0, done.stderr
        z = max(seam_z(read_maps(tmp_path / "painted" / f"{name}_base_color.png")["base_color"].pixels))
        assert (z < 3, "note: its opposite borders fit together" in done.stderr) == (tiles, tiles)


@pytest.mark.slow
def test_every_value_of_a_parameter_is_compared_on_one_sheet(impasto, folder, tmp_path):
    given = ("stylize", folder / "cat.png", *FLAT, "--style", folder / "red.png", "--compare", "seamless")
    done = impasto(*given, "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    sheet = tmp_path / "cat_seamless.png"
    assert json.loads(done.stdout)["files"] == [str(sheet)]
    pixels = np.asarray(Image.open(sheet))
    on, off = (pixels[100, column].tolist() for column in (80, 80 + pixels.shape[1] // 2))
    assert on == off == [255, 0, 0]  # without auto there are two
    again = impasto(*given, "--out", tmp_path)
    assert "is there already" in again.stderr
    refused = impasto("stylize", folder / "cat.png", *FLAT, "--style", folder / "red.png", "--compare", "strength")
    assert "there is no --compare 'strength'" in refused.stderr
