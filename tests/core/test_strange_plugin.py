"""The command with a stranger's tools in the place of ours, and with none: it knows no tool by its name."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from forking import ForkedCommand
from PIL import Image

from impasto import Maps, read_maps
from impasto.tools import TASKS
from install import hide_our_plugins, make_engine

STRANGE = Path(__file__).parents[1] / "strange"
RED, BLUE = (200, 40, 20), (20, 40, 200)


@pytest.fixture(scope="module")
def strange(tmp_path_factory) -> Iterator[Callable[..., dict]]:
    """The command of an engine with the strange plugin alone, which must succeed; its answer from JSON."""
    python = make_engine(Path(sys.executable), tmp_path_factory.mktemp("engine"), plugins=(STRANGE,))
    hide_our_plugins(python)
    command = ForkedCommand(python, tmp_path_factory.mktemp("said"))

    def run(*arguments: object) -> dict:
        done = command.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_MODELS", str(tmp_path_factory.mktemp("models")))
        yield run
    command.close()


@pytest.fixture(scope="module")
def red(tmp_path_factory) -> Path:
    """A red picture of 96 x 80 pixels."""
    return painted(tmp_path_factory.mktemp("pictures") / "red.png", RED)


def painted(file: Path, color: tuple[int, int, int]) -> Path:
    Image.fromarray(np.full((80, 96, 3), color, np.uint8)).save(file)
    return file


def made(answer: dict, name: str = "base_color") -> Maps:
    """Files that a command has written."""
    return read_maps(next(Path(file) for file in answer["files"] if Path(file).stem.endswith(name)))


def color(answer: dict) -> list[int]:
    """The mean colour that a command has made, 0 to 255."""
    return np.round(255 * made(answer)["base_color"].pixels.mean((0, 1))).tolist()


@pytest.mark.slow
def test_its_tools_are_all_that_there_are_one_for_each_task(strange):
    tools = strange("tools")["tools"]
    usual = {tool["task"]: tool["name"] for tool in tools if tool["task"]}
    assert usual.keys() == set(TASKS)
    assert all(name.startswith("z") for name in usual.values())
    assert [plugin["name"] for plugin in strange("doctor")["plugins"]] == ["strange"]


@pytest.mark.slow
def test_seamless_maps_and_apply(strange, red, tmp_path):
    seamless = strange(
        "seamless", red, "--estimator", "none", "--size", "32x16", "--zeal", 0.5, "--out", tmp_path / "seamless"
    )
    assert color(seamless) == [100, 20, 10]
    assert made(seamless).size_px == (16, 32)
    estimated = strange("seamless", red, "--source-halvings", 1, "--out", tmp_path / "both")
    assert made(estimated).size_px == (40, 48)
    assert any("roughness" in file for file in estimated["files"])
    assert any("roughness" in file for file in strange("maps", red, "--out", tmp_path / "maps")["files"])
    for tool in ("zone", "zenith", "zero", "zeppelin", "zebra"):
        assert strange("apply", tool, red, "--out", tmp_path / tool)["files"]
    again = strange("rerun", seamless["files"][0], "--input", f"source={red}", "--out", tmp_path / "again")
    assert again["identical"]


@pytest.mark.slow
def test_every_other_action_works_with_a_stranger(strange, red, tmp_path):
    noise = np.random.default_rng(0).integers(-20, 20, (80, 96, 1))
    Image.fromarray((np.array(RED) + noise).astype(np.uint8)).save(tmp_path / "rough.png")
    strange("train", "zest", tmp_path / "rough.png", "--name", "reddish")
    assert [model["name"] for model in strange("models", "list")["models"]] == ["reddish"]
    made_of = strange("generate", "zag", "--model", "reddish", "--size", "16x16", "--out", tmp_path)
    assert np.allclose(color(made_of), RED, atol=2)
    assert strange("prepare", tmp_path / "rough.png", "--out", tmp_path / "looked-at")
    assert color(strange("generate", "zither", "0123456789", "--size", "16x16", "--out", tmp_path)) == 3 * [26]
    assert color(strange("generate", "zoetrope", red, "--size", "16x16", "--out", tmp_path)) == 3 * [87]
    blue = painted(tmp_path / "blue.png", BLUE)
    lit = strange("stereo", red, red, blue, blue, "--angles", 12, 3, 6, 9, "--out", tmp_path / "stereo")
    assert color(lit) == [110, 40, 110]
    assert color(strange("stylize", red, "--style", blue, "--out", tmp_path / "painted")) == list(BLUE)
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps({"steps": [{"tool": "zig", "parameters": {"width_px": 16, "height_px": 16}}]}))
    assert strange("batch", recipe, red, "--workers", 1, "--out", tmp_path / "batch")["made"] == 1


@pytest.mark.slow
def test_without_any_plugin_the_command_lists_nothing_and_says_what_is_missing(red, tmp_path):
    python = make_engine(Path(sys.executable), tmp_path / "engine", plugins=())
    hide_our_plugins(python)

    def run(*arguments: object) -> subprocess.CompletedProcess:
        command = [python, "-P", "-m", "impasto", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    for arguments in (["tools"], ["doctor"]):
        assert run(*arguments).returncode == 0, arguments
    for action in ("seamless", "stylize"):
        done = run(action, red, "--out", tmp_path)
        assert done.returncode == 2
        assert action in done.stderr
