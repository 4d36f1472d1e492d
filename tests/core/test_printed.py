"""The output of every action with --json, and the examples of --help, each of which is parsed."""

from __future__ import annotations

import argparse
import functools
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tasks.answers_page import answers

from impasto.cli.main import make_parser
from impasto.cli.parser import EarlyOptions

pytestmark = pytest.mark.usefixtures("misbehaving")
DOCS = Path(__file__).parents[2] / "docs"
GUIDE = DOCS / "reference" / "command.md"
FOLDERS = ("core", "plugins", "blender_addon", "tasks", "tests")
KINDS = {"text": str, "number": (int, float), "boolean": bool, "list": list, "object": dict, "null": type(None)}
ACTIONS = tomllib.loads(Path(__file__).with_name("printed.toml").read_text("utf-8"))["actions"]


@pytest.fixture
def wall(tmp_path) -> Path:
    path = tmp_path / "wall.png"
    Image.fromarray(np.random.default_rng(0).integers(60, 200, (64, 96, 3), np.uint8)).save(path)
    return path


def write_photographs(folder: Path) -> None:
    """One that is large enough for parts of it to be compared, and a bumpy surface lit from 12, 4 and 8 o'clock."""
    Image.fromarray(np.random.default_rng(1).integers(60, 200, (256, 256, 3), np.uint8)).save(folder / "large.png")
    paint = np.random.default_rng(0).uniform(0.3, 0.6, (64, 64))
    y, x = np.indices((64, 64)) / 8
    for hour, degrees in ((12, 90), (4, -30), (8, -150)):
        slope = np.cos(np.radians(degrees)) * np.cos(x) + np.sin(np.radians(degrees)) * np.cos(y)
        Image.fromarray(np.uint8(255 * paint * (1 + 0.3 * slope))).save(folder / f"lit_{hour}.png")


def parsers(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every action, by its words, and its parser."""
    groups = [item for item in parser._actions if isinstance(item, argparse._SubParsersAction)]
    if not groups or parser.get_default("run"):
        yield " ".join(words), parser
    for group in groups:
        for name, below in group.choices.items():
            yield from parsers(below, (*words, name))


parser_of = functools.cache(make_parser)


def check(name: str, given: dict) -> None:
    """The given object has the fields of an answer, of the types that the reference says."""
    documented = answers()[name].fields
    needed = {field for field, (kind, _) in documented.items() if not kind.endswith(", optional")}
    assert needed <= given.keys() <= documented.keys(), (name, given.keys() ^ documented.keys())
    for field, value in given.items():
        kind, _, nested = documented[field][0].removesuffix(", optional").partition(" of ")
        assert any(isinstance(value, KINDS[one]) for one in kind.split(" or ")), (name, field, value)
        assert isinstance(value, bool) == kind.startswith("boolean") or value is None, (name, field, value)
        for item in value if nested else ():
            check(nested, item)


def last(stdout: str) -> dict:
    return json.loads(stdout.splitlines()[-1])


@pytest.mark.slow
def test_each_action_prints_what_is_documented(said, wall, tmp_path, monkeypatch):
    monkeypatch.setenv("IMPASTO_MODELS", str(tmp_path / "library"))
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.chdir(wall.parent)
    (tmp_path / "r.json").write_text(
        '{"steps": [{"tool": "checker", "parameters": {"width_px": 16, "height_px": 16}}]}'
    )
    Image.fromarray(np.indices((48, 48)).sum(0).astype(np.uint8)).save(tmp_path / "style.png")
    write_photographs(tmp_path)
    lines = ((action, answer, line.split()) for action, (answer, line) in ACTIONS.items() if line)
    for index, (action, answer, line) in enumerate(lines):
        where = index % (len(action.split()) + 2)  # --json stands before the action, after a word of it, or last
        line = (*line[:where], "--json", *line[where:]) if where <= len(action.split()) else (*line, "--json")
        code, stdout, stderr = said(*line)
        assert code == (4 if action == "doctor" else 0), (action, stdout, stderr)
        check(answer, last(stdout))
        for progress in stdout.splitlines()[:-1]:
            assert action in ("train", "batch"), (action, progress)
            check("Progress", json.loads(progress))
        if action == "train":
            assert len(stdout.splitlines()) > 1


def test_every_action_has_a_documented_answer():
    found = {
        max((action for action in ACTIONS if f"{words} ".startswith(f"{action} ")), key=len)
        for words, _ in parsers(make_parser())
    }
    assert found == ACTIONS.keys()


def examples() -> list[tuple[str, str]]:
    shown = [(words, str(parser.epilog or "")) for words, parser in parsers(make_parser())]
    shown += [("", str(make_parser().epilog))]
    shown += [
        ("stylize", str(dict(parsers(make_parser(stylizer=tool)))["stylize"].epilog))
        for tool in ("gatys", "blend", "flat")
    ]
    return shown


def understood(arguments: list[str]) -> argparse.Namespace:
    """The command's line, parsed as `main` does."""
    early = EarlyOptions.of(arguments)
    return parser_of(early.action, early.stylizer).parse_args(arguments)


@pytest.mark.slow
def test_every_action_has_an_example_and_every_example_is_understood():
    for words, epilog in examples():
        found = re.findall(r"^  (impasto .*)", epilog, re.MULTILINE)
        assert found, words
        for line in found:
            arguments = shlex.split(line.partition(" > ")[0])[1:]
            parsed = understood(arguments)
            assert callable(parsed.run), line
            assert line.startswith(f"impasto {words}".strip()), line


@pytest.mark.essential
def test_every_line_of_the_documentation_is_understood():
    pages = [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")]
    lines = [
        (page.name, line)
        for page in pages
        for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        if language in ("", "sh")
        for line in re.findall(r"^impasto .*", block.replace("\\\n", " "), re.MULTILINE)
    ]
    assert len(lines) > 20
    for page, line in lines:
        arguments = shlex.split(re.split(r" [>|] ", line)[0], comments=True)[1:]
        if "--help" in arguments or "posterize" in arguments:
            continue
        parsed = understood(arguments)
        assert callable(parsed.run), (page, line)
    for words, parser in parsers(make_parser()):
        hard_to_read = re.findall(r"\d\.\d{7,}|\b\d{8,}\b|\de[+-]\d+", parser.format_help())
        assert not hard_to_read, words


@pytest.mark.slow
def test_an_option_that_a_choice_makes_void_is_told(said, tmp_path):
    line = ("generate", "checker", "--size", 16, "--diagonal", "--out", tmp_path, "--force")
    warning = "--diagonal has no effect: it works only with --pattern stripes"
    code, _, stderr = said(*line)
    assert (code, stderr) == (0, f"warning: {warning}\n")
    assert last(said(*line, "--json")[1])["warnings"] == [warning]
    assert last(said(*line, "--json", "--pattern", "stripes")[1])["warnings"] == []
    assert said(*line, "-q")[2] == ""


@pytest.mark.parametrize("color", ["#f80", "1,0.533333,0", "rgb(255, 136, 0)"])
def test_colours_are_given_as_people_know_them(said, color, tmp_path):
    code, stdout, stderr = said("generate", "checker", "--color", color, "--size", 16, "--out", tmp_path, "--json")
    assert code == 0, stderr
    from impasto.io.files import read_recipe

    recipe = read_recipe(last(stdout)["files"][0])
    assert recipe.steps[0].parameters["color"] == pytest.approx([1, 0.533333, 0], abs=1e-6)
    code, _, stderr = said("generate", "checker", "--color", "#ff88", "--out", tmp_path)
    assert (code, "write #ff8800, a name such as orange" in stderr) == (2, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_actions_tools_and_options(said, shell):
    code, script, _ = said("completion", shell)
    assert code == 0
    for word in ("seamless", "train-torus", "even-light", "patches-style"):
        assert word in script


def test_verbose_logs_each_step_and_quiet_says_nothing(impasto, said, wall, tmp_path):
    assert EarlyOptions.of(["-vv", "tools"]).verbosity == 2
    assert EarlyOptions.of(["tools", "--verbose"]).verbosity == 1
    assert EarlyOptions.of(["stylize", "--", "-q"]) == EarlyOptions(action="stylize")
    logged = impasto("generate", "checker", "--size", 16, "--out", tmp_path / "c", "-v")
    assert "impasto.running.steps: checker on cpu: " in logged.stderr
    assert "squares=4" in logged.stderr
    assert said("prepare", wall, "--out", tmp_path / "a")[2]
    assert not said("prepare", wall, "--out", tmp_path / "b", "--quiet")[2]


def test_every_environment_variable_is_documented():
    root = DOCS.parent
    files = [root / "build.py", *(path for folder in FOLDERS for path in (root / folder).rglob("*.py"))]
    used = {name for file in files for name in re.findall(r"\bIMPASTO_[A-Z]{3,}\b", file.read_text("utf-8"))}
    rows = re.findall(r"^\| ?(`[A-Z_`, ]+`) ?\|", GUIDE.read_text("utf-8"), re.MULTILINE)
    listed = {name for row in rows for name in re.findall(r"IMPASTO_[A-Z]+", row)}
    assert {"IMPASTO_MODELS", "IMPASTO_ENGINE", "IMPASTO_PRECISION"} <= used
    assert used == listed


@pytest.mark.slow
def test_the_recipes_in_the_guide_run(said, wall, tmp_path):
    recipes = re.findall(r"^```json\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    Image.fromarray(np.uint8(np.indices((48, 48)).sum(0)[..., None] % 12 * [20, 10, 5])).save(tmp_path / "night.png")
    for name, pixels in {"wave": np.indices((48, 48))[1] // 4 % 2 * 200, "sky": np.full((64, 96), 255)}.items():
        Image.fromarray(np.uint8(pixels)).save(tmp_path / f"{name}.png")
    named = ((), ("night", "wave", "sky"))
    for index, (text, names) in enumerate(zip(recipes, named, strict=True)):
        (tmp_path / "recipe.json").write_text(text)
        inputs = ["--input", f"source={wall}"]
        inputs += [part for name in names for part in ("--input", f"{name}={tmp_path / name}.png")]
        code, stdout, stderr = said("run", tmp_path / "recipe.json", *inputs, "--out", tmp_path / str(index), "--json")
        assert code == 0, stderr
        assert last(stdout)["files"]
