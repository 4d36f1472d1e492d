"""Output of the command: answers of every action with --json, examples of --help, and lines that it refuses.

Errors quote at most 80 characters of what was given, and of known names those that help.
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import glb_files
import numpy as np
import pytest
from batches import plan_of
from cubes import cube
from PIL import Image
from tasks.answers_page import answers

from impasto import Host, Maps, Recipe, run
from impasto.batch.checks import check_plan
from impasto.cli import main as command
from impasto.cli.main import make_parser
from impasto.cli.output import folder_path
from impasto.cli.parser import EarlyOptions
from impasto.data.dataset import dataset_of
from impasto.errors import MOST_NAMED, ImpastoError, ParameterError, choices
from impasto.plugins.registry import registry

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
def test_unused_options_are_noted(said, tmp_path):
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
    named = ((), ("night", "wave", "sky"), ())
    for index, (text, names) in enumerate(zip(recipes, named, strict=True)):
        (tmp_path / "recipe.json").write_text(text)
        inputs = ["--input", f"source={wall}"]
        inputs += [part for name in names for part in ("--input", f"{name}={tmp_path / name}.png")]
        code, stdout, stderr = said("run", tmp_path / "recipe.json", *inputs, "--out", tmp_path / str(index), "--json")
        assert code == 0, stderr
        assert last(stdout)["files"]


COMMANDS = tomllib.loads(Path(__file__).with_name("refused.toml").read_text("utf-8"))
RECIPES, TABLES = COMMANDS.pop("recipe"), COMMANDS.pop("table")
LONG = "<long>" * 300
NESTED = "[" * 1000 + "]" * 1000
LONGEST = 4 * 80
"""Limit of characters of a line: a message quotes at most 80 of what was given."""


@pytest.fixture
def folder(misbehaving, tmp_path, monkeypatch) -> Path:
    """Pictures, a set of maps, an empty folder and a GLB of two materials."""
    made = tmp_path / "files"
    (made / "bricks").mkdir(parents=True)
    (made / "empty").mkdir()
    for name, color in {"../cat": (99, 99, 99), "cat": (128, 128, 128), "red": (255, 0, 0), "left": (9, 9, 9)}.items():
        Image.new("RGB", (48, 32), color).save(made / f"{name}.png")
    Image.linear_gradient("L").convert("RGB").save(made / "wall.png")
    for name in ("base_color", "roughness"):
        Image.new("RGB", (48, 32), (128, 128, 128)).save(made / "bricks" / f"wall_{name}.png")
    (made / "grey.png").write_bytes(glb_files.png(128, 128, 128))
    (made / "t.csv").write_text("recipe,name\nchecker,a\n")
    materials = [glb_files.textured(0), glb_files.textured(1)]
    (made / "asset.glb").write_bytes(glb_files.asset(materials, [glb_files.png(128, 128, 128), glb_files.png(9, 9, 9)]))
    monkeypatch.chdir(made)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(command, "make_parser", functools.cache(command.make_parser))
    return made


def in_words(line: str) -> list[str]:
    return [word.replace("LONG", LONG).replace("NESTED", NESTED) for word in shlex.split(line)]


@pytest.mark.essential
@pytest.mark.parametrize("kind", COMMANDS)
def test_a_wrong_line_is_refused_in_a_sentence_and_writes_nothing(kind, folder, said):
    before, wrong = sorted(folder.rglob("*")), {}
    for code, line, text in COMMANDS[kind]["lines"]:
        ended, _, stderr = said(*in_words(line))
        also, stdout, _ = said(*in_words(line), "--json")
        failure = json.loads(stdout.splitlines()[-1])
        found = [ended == also == code, text in stderr, failure["message"] in stderr, failure["remedy"] != ""]
        found += ["Traceback" not in stderr, (failure["error"] == "ParameterError") == (code == 2)]
        found += [kind != "quoting" or max(map(len, stderr.splitlines())) < LONGEST]
        if not all(found):
            wrong[line] = (found, ended, also, stderr)
    assert not wrong
    assert sorted(folder.rglob("*")) == before


def test_no_option_of_any_command_quotes_a_long_value_whole():
    whole, tried = command.make_parser(), 0
    for words, parser in (("", whole), *parsers(whole)):
        for action in parser._actions:
            option = action.option_strings[:1]
            if action.nargs == 0 or (action.type in (None, str, Path, folder_path) and action.choices is None):
                continue  # any text is right for it
            with pytest.raises(ImpastoError) as caught:
                whole.parse_args([*words.split(), *option, LONG])
            assert len(caught.value.message) < LONGEST, caught.value.message
            assert len(caught.value.remedy) < LONGEST, caught.value.remedy
            tried += 1
    assert tried > 500


@pytest.mark.parametrize("case", RECIPES, ids=lambda case: case["said"].replace(" ", "-"))
def test_a_wrong_recipe_is_refused_with_its_remedy_before_anything_runs(case, misbehaving, photo):
    heights, dataset = Maps.from_arrays({"height": np.zeros((8, 8))}), dataset_of(photo, smallest_px=32)
    given = {"photo": photo, "heights": heights, "no maps": Maps(), "nothing": {}, "none": None, "cube": cube()}
    inputs = {name: (given | {"dataset": dataset})[value] for name, value in case.get("inputs", {}).items()}
    fields = {name: value for name, value in case.items() if name not in ("said", "inputs", "recorded", "is_late")}
    fields |= {"inputs": case["recorded"]} if "recorded" in case else {}
    ran, host = [], Host(on_progress=lambda *said: ran.append(said))
    with pytest.raises(ParameterError, match=case["said"]) as caught:
        run(Recipe.from_dict(fields), inputs, host=host)
    assert caught.value.remedy
    assert not ran or case.get("is_late")


@pytest.mark.parametrize("case", TABLES, ids=lambda case: case["said"][-1].replace(" ", "-"))
def test_a_wrong_table_of_jobs_is_refused(case, misbehaving, tmp_path):
    (tmp_path / case["file"]).write_text(case["text"])
    with pytest.raises(ImpastoError) as caught:
        check_plan(plan_of(tmp_path / case["file"], tmp_path / "out"))
    assert all(text in caught.value.message for text in case["said"])


def test_recipes_quote_little_of_a_long_value():
    for recipe in (
        {"steps": LONG},
        {"steps": [{"tool": LONG}]},
        {"steps": [{"tool": "quilt", "parameters": {LONG: 1}}]},
        {"steps": [{"tool": "quilt", "parameters": {"block_px": LONG}}]},
        {"steps": [{"tool": "quilt", "inputs": {LONG: "source"}}]},
        {"steps": [{"tool": "tint"}], LONG: 1},
    ):
        with pytest.raises(ImpastoError) as caught:
            run(Recipe.from_json(json.dumps(recipe)))
        assert len(str(caught.value)) < 2 * LONGEST, caught.value


def test_an_unknown_name_is_answered_with_the_nearest_and_with_what_lists_them():
    with pytest.raises(ImpastoError) as caught:
        registry().tool("quitl")
    assert caught.value.remedy.startswith("did you mean 'quilt'? `impasto tools` lists all ")
    assert len(caught.value.remedy) < 160
    assert choices("png17", ["png", "png16"], "a menu") == "did you mean 'png16'? choose from png, png16"
    assert choices("guide", [], "a menu") == "leave it out"
    many = [f"name{index}" for index in range(MOST_NAMED + 1)]
    assert choices("x", many, "a menu") == f"a menu lists all {len(many)}"
