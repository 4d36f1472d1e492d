"""Lines that the command refuses: with an exit code, one short sentence and its remedy, for people and as JSON.

Errors quote at most 80 characters of what was given, and of known names those that help.
"""

import argparse
import functools
import json
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

from impasto import Host, Maps, Recipe, run
from impasto.batch.checks import check_plan
from impasto.cli import main as command
from impasto.cli.output import folder_path
from impasto.data.dataset import dataset_of
from impasto.errors import MOST_NAMED, ImpastoError, ParameterError, choices
from impasto.plugins.registry import registry

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


def commands(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Each command by its words, with its parser."""
    yield words, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield from commands(sub, (*words, name))


def test_no_option_of_any_command_quotes_a_long_value_whole():
    whole, tried = command.make_parser(), 0
    for words, parser in commands(whole):
        for action in parser._actions:
            option = action.option_strings[:1]
            if action.nargs == 0 or (action.type in (None, str, Path, folder_path) and action.choices is None):
                continue  # any text is right for it
            with pytest.raises(ImpastoError) as caught:
                whole.parse_args([*words, *option, LONG])
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
    many = [f"name{index}" for index in range(MOST_NAMED + 1)]
    assert choices("x", many, "a menu") == f"a menu lists all {len(many)}"
