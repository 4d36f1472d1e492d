"""Advice for a plugin's author, the command with a stranger's tools in the place of ours, and matchers."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from cases import each_case
from forking import ForkedCommand
from PIL import Image

from impasto import Maps, Recipe, Step, match, read_maps, read_recipe
from impasto.errors import ParameterError
from impasto.inspection.behaviour import CHECKS, LONGEST_S, check
from impasto.plugins.registry import registry
from impasto.tools import TASKS, Field, Filter, NoParameters, Parameters, Trainer
from install import hide_our_plugins, make_engine


class Kept(Filter):
    """A tool that behaves."""

    name, label, description = "kept", "Kept", "Does nothing"

    def apply(self, subject, parameters, inputs, context):
        for step in range(4):
            context.progress(step / 4, "Working")
        return self.changed(subject, context)

    def changed(self, subject, context):
        return subject


def making(change: Callable[[Maps], Maps]) -> Kept:
    """A tool that makes this of its subject."""
    return type("Made", (Kept,), {"changed": lambda self, subject, context: change(subject)})()


def recolored(subject, color):
    return subject.with_arrays({"base_color": color(*subject.size_px, 3)})


def in_place(subject):
    subject["base_color"].pixels.setflags(write=True)
    subject["base_color"].pixels[:] *= 0.5
    return subject


def divided(subject):
    color = subject["base_color"].pixels
    with np.errstate(all="ignore"):
        return subject.with_arrays({"height": ((color - color.min()) / (color.max() - color.min()))[..., 0]})


def cut(subject):
    return Maps.from_arrays({"base_color": subject["base_color"].pixels[: max(1, subject.size_px[0] - 1)]})


class Deaf(Kept):
    def apply(self, subject, parameters, inputs, context):
        time.sleep((LONGEST_S + 0.2) * (subject.size_px == (128, 128)))
        return subject


def fails(subject):
    raise KeyError("height")


class Shares(Parameters):
    """A number that may be 0."""

    parts: int = Field(2, ge=0, le=9, description="Parts that the colour is divided by")


class Breaks(Kept):
    """A tool that cannot stand an end of the range that it declares."""

    parameters = Shares

    def apply(self, subject, parameters, inputs, context):
        height = np.full(subject.size_px, 0.1 // parameters.parts)
        return super().apply(subject.with_arrays({"height": height}), parameters, inputs, context)


class Learns(Trainer):
    name, label, description, parameters = "kept", "Learns", "Learns", NoParameters

    def apply(self, subject, parameters, inputs, context):
        raise AssertionError("a training takes too long for a check")


def problems(tool, monkeypatch) -> dict[str, str]:
    """Problems of a tool by behaviour."""
    monkeypatch.setitem(registry().tools, "kept", tool)
    return {finding.behaviour: finding.problem for finding in check(tool) if finding.problem}


def test_a_tool_that_behaves_has_no_problem(monkeypatch):
    assert problems(Kept(), monkeypatch) == {}
    assert len(list(check(Kept()))) == len(CHECKS)
    monkeypatch.setitem(registry().tools, "kept", Learns())
    assert [finding.problem for finding in check(Learns())] == [""], "a trainer is not run"


@pytest.mark.parametrize(
    ("tool", "behaviour", "problem"),
    [
        (
            type("Lower", (Kept,), {"description": "does nothing"})(),
            "any host can draw it",
            "begin with a capital letter",
        ),
        (making(lambda subject: recolored(subject, np.random.rand)), "one seed gives one picture", "one seed differ"),
        (making(in_place), "one seed gives one picture", "one seed differ|in place"),
        (
            making(lambda subject: recolored(subject, lambda *size: np.zeros(size))),
            "a picture with texture",
            "base_color of a picture with texture is of one value",
        ),
        (making(cut), "odd sizes give maps in range", "has the shape"),
        (making(divided), "one colour gives maps in range", r"leaves \[0, 1\]|NaN|finite"),
        (Breaks(), "parameters at the ends of their ranges", "'parts': 0} ends in ZeroDivisionError"),
        (Deaf(), "a cancelled job ends", "call context.progress"),
        (making(fails), "odd sizes give maps in range", "KeyError: 'height'"),
    ],
)
def test_broken_behaviour_is_reported(tool, behaviour, problem, monkeypatch):
    found = problems(tool, monkeypatch)
    (told,) = (text for name, text in found.items() if name.startswith(behaviour))
    assert re.search(problem, told), told


def test_a_tool_without_its_model_is_skipped_with_the_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("IMPASTO_MODELS", str(tmp_path))
    found = list(check(registry().tool("gan")))
    assert not any(finding.problem for finding in found)
    assert all("model" in finding.skipped for finding in found[1:])


@pytest.mark.parametrize("name", ["impasto_transform", "transform"])
def test_a_plugin_is_found_by_its_module_and_by_its_entry_point(name, said):
    code, stdout, stderr = said("plugins", "check", name, "--json")
    assert code == 0, stderr
    assert {one["tool"] for one in json.loads(stdout)["checks"]} == {"transform"}


def test_a_broken_plugin_ends_with_the_exit_code_of_plugins(said, monkeypatch):
    broken = making(fails)
    broken.name = "transform"
    monkeypatch.setitem(registry().tools, "transform", broken)
    code, stdout, _ = said("plugins", "check", "transform")
    assert code == 4
    assert "KeyError" in stdout
    code, _, stderr = said("plugins", "check", "impasto_nothing")
    assert (code, "choose from" in stderr) == (2, True)


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
def test_a_foreign_plugin_alone_serves_every_task(strange):
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
def test_every_other_action_works_with_a_foreign_plugin(strange, red, tmp_path):
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
def test_without_plugins_the_command_says_what_is_missing(red, tmp_path):
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


REDDISH = np.full((8, 8, 3), (1.0, 0.0, 0.0), np.float32)


@pytest.mark.usefixtures("misbehaving")
@each_case("what-cannot-be-matched")
def test_unmatchable_subjects_are_refused_with_a_remedy(name, subject, said):
    with pytest.raises(ParameterError, match=said) as caught:
        match(name, subject)
    assert caught.value.remedy


@pytest.mark.usefixtures("misbehaving")
def test_texts_and_pictures_without_a_matcher_are_refused():
    red = Maps.from_arrays({"base_color": REDDISH})
    for subject, said in (("word " * 2000, "9,999 characters"), ("\ud800", "not Unicode"), (red, "takes a text")):
        with pytest.raises(ParameterError, match=said):
            match("word-count", subject)
    with pytest.raises(ParameterError, match="base_color"):
        match("mean-color", Maps())
    with pytest.raises(ParameterError, match="does not change recipes"):
        match("mean-color", red, start=Recipe((Step("checker"),)))


@pytest.mark.slow
def test_the_command_makes_variations_and_changes_them(impasto, tmp_path):
    made = impasto("generate", "word-count", "one two", "--size", "32x16", "--variations", 2, "--out", tmp_path)
    assert "words were counted" in made.stderr
    first, second = (read_recipe(tmp_path / f"one-two_{number}_base_color.png") for number in (1, 2))
    assert (first.seed, second.seed) == (0, 1)
    assert first.matched == {"matcher": "word-count", "text": "one two", "notes": "words were counted"}
    assert read_maps(tmp_path / "one-two_1_base_color.png").size_px == (16, 32)
    given = "--from", tmp_path / "one-two_2_base_color.png", "--name", "more", "--out", tmp_path, "--json"
    changed = impasto("generate", "word-count", "one more", *given)
    assert len(json.loads(changed.stdout)["files"]) > 1
    recipe = read_recipe(tmp_path / "more_base_color.png")
    assert recipe.matched == {**second.matched, "text": "one two; one more"}
    assert (recipe.steps[0].parameters["squares"], recipe.seed) == (4, second.seed)
    assert read_maps(tmp_path / "more_base_color.png").size_px == (16, 32)
    again = impasto("rerun", tmp_path / "more_base_color.png", "--out", tmp_path / "again")
    assert "the same bytes" in again.stderr


def test_the_command_takes_a_picture(impasto, tmp_path):
    Image.fromarray((REDDISH * 255).astype(np.uint8)).save(tmp_path / "red.png")
    given = "--size", 16, "--width-m", 2.5, "--out", tmp_path
    made = impasto("generate", "mean-color", tmp_path / "red.png", *given)
    note, sha256 = "the picture is 2.5 m wide", read_maps(tmp_path / "red.png").with_width(2.5).sha256()
    assert note in made.stderr
    recipe = read_recipe(tmp_path / "red_normal.png")
    assert recipe.matched == {"matcher": "mean-color", "name": "red.png", "sha256": sha256, "notes": note}
    assert recipe.steps[0].parameters["color"] == [1.0, 0.0, 0.0]


ONE, OTHER = (Recipe((Step("checker", {"squares": count, "width_px": 32, "height_px": 16}),), 3) for count in (2, 30))


@pytest.mark.slow
def test_more_like_makes_four_results_and_explains_errors(impasto, tmp_path):
    (tmp_path / "one.json").write_text(ONE.to_json())
    impasto("run", tmp_path / "one.json", "--name", "one", "--out", tmp_path)
    (tmp_path / "other.json").write_text(OTHER.to_json())
    given = tmp_path / "one_base_color.png", tmp_path / "other.json", "--out", tmp_path, "--name", "more"
    impasto("generate", "more-like", *given, "--size", "24x16", "--variety", 0)
    recipes = [read_recipe(tmp_path / f"more_{number}_base_color.png") for number in range(1, 5)]
    squares = [recipe.steps[0].parameters["squares"] for recipe in recipes]
    assert len(set(squares)) > 1
    assert all(2 <= count <= 30 for count in squares)
    assert read_maps(tmp_path / "more_1_base_color.png").size_px == (16, 24)
    assert "the same bytes" in impasto("rerun", tmp_path / "more_2_base_color.png", "--out", tmp_path / "again").stderr
    refused = impasto("generate", "more-like", *given, "--force", "--lock", "square", code=2)
    assert "squares" in refused.stderr
