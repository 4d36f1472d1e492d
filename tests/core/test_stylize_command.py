"""`impasto stylize` as a script meets it: styles, masks, start, sets of maps, recipes, Control-C."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from terminals import OnTerminal

from impasto import read_recipe


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
def test_each_style_may_have_a_weight_and_a_recipe_with_several_is_made_again(impasto, folder, tmp_path):
    for file in ("cat.png", "red.png", "green.png", "blue.png", "left.png"):
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    styles = [part for style in ("red", "green", "blue") for part in ("--style", f"{style}.png")]
    given = ("--mask", "-", "--mask", "left.png", "--weight", 0.5, "--weight", 2, "--seed", 3, "--out", "painted")
    done = impasto("stylize", "cat.png", "--tool=flat", *styles, *given, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    recipe = read_recipe(tmp_path / "painted" / "cat_base_color.png")
    pixels = np.asarray(Image.open(tmp_path / "painted" / "cat_base_color.png"))
    assert pixels[0, 0].tolist() == pixels[0, -1].tolist() == [0, 0, 255], "the last style has no mask"
    assert recipe.steps[0].parameters["weight"] == [0.5, 2.0, 1.0]
    assert recipe.steps[0].inputs == {"style": ["style", "style-2", "style-3"], "mask": ["", "mask-2"]}
    names = ("cat.png", "red.png", "green.png", "blue.png", "left.png")
    inputs = ("source", "style", "style-2", "style-3", "mask-2")
    assert {name: about["name"] for name, about in recipe.inputs.items()} == dict(zip(inputs, names, strict=True))
    two = impasto("stylize", "cat.png", "--tool=flat", *styles[:4], *given[:4], "--out", "two", cwd=tmp_path)
    assert two.returncode == 0, two.stderr
    pixels = np.asarray(Image.open(tmp_path / "two" / "cat_base_color.png"))
    assert (pixels[0, 0].tolist(), pixels[0, -1].tolist()) == ([0, 255, 0], [255, 0, 0]), "masks in the styles' order"
    again = impasto("rerun", tmp_path / "painted" / "cat_base_color.png", "--out", tmp_path / "again", "--json")
    assert json.loads(again.stdout)["identical"] is True


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


@pytest.mark.slow
def test_control_c_stops_early_and_keeps_what_is_painted(engine_with_misbehaving, folder, tmp_path):
    pictures = (folder / "cat.png", "--style", folder / "red.png")
    line = ("stylize", *FLAT, *pictures, "--seconds", 300, "--out", tmp_path)
    running = OnTerminal(engine_with_misbehaving, "-m", "impasto", *line)
    running.read_until(b"Painting")
    running.process.send_signal(signal.SIGINT)
    assert running.ended() == 0
    said = running.shown
    assert said.index(b"finishing early; Control-C again cancels") < said.index(b"what was painted is kept")
    file = tmp_path / "cat_base_color.png"
    assert np.asarray(Image.open(file))[0, 0].tolist() == [255, 0, 0]
    assert read_recipe(file).made_with["stopped"] is True
