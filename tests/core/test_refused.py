"""What the command refuses: with an exit code, one short sentence and its remedy, for people and as JSON.

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
import pytest
from PIL import Image

from impasto import Recipe, run
from impasto.cli import main as command
from impasto.cli.output import folder_path
from impasto.errors import MOST_NAMED, ImpastoError, choices
from impasto.plugins.registry import registry

TABLE = tomllib.loads(Path(__file__).with_name("refused.toml").read_text("utf-8"))
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
    materials = [glb_files.textured(0), glb_files.textured(1)]
    (made / "asset.glb").write_bytes(glb_files.asset(materials, [glb_files.png(128, 128, 128), glb_files.png(9, 9, 9)]))
    monkeypatch.chdir(made)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(command, "make_parser", functools.cache(command.make_parser))
    return made


def in_words(line: str) -> list[str]:
    return [word.replace("LONG", LONG).replace("NESTED", NESTED) for word in shlex.split(line)]


@pytest.mark.essential
@pytest.mark.parametrize("kind", TABLE)
def test_a_wrong_line_is_refused_in_a_sentence_and_writes_nothing(kind, folder, said):
    before, wrong = sorted(folder.rglob("*")), {}
    for code, line, text in TABLE[kind]["lines"]:
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
