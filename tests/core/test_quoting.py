"""Quotes in errors of what was given: at most 80 characters, and of known names those that help."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from impasto import Recipe, run
from impasto.cli.main import make_parser
from impasto.cli.output import folder_path
from impasto.errors import MOST_NAMED, ImpastoError, choices
from impasto.plugins.registry import registry

LONG = "<long>" * 300
NESTED = "[" * 1000 + "]" * 1000
LONGEST = 4 * 80
"""Limit of characters of a message or a remedy."""


def commands(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Each command by its words, with its parser."""
    yield words, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield from commands(sub, (*words, name))


def test_no_option_of_any_command_quotes_a_long_value_whole():
    whole, tried = make_parser(), 0
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


@pytest.mark.parametrize(
    "arguments",
    [
        ("tools", LONG),
        ("plugins", "check", LONG),
        ("generate", "checker", f"--{LONG}", "3"),
        ("generate", "checker", "--out", "o", "--engine", f"ssh://{LONG[1:]}"),
        ("generate", "checker", "--out", "o", "--estimator-parameters", NESTED),
        ("generate", "checker", "--out", "o", "--device", LONG),
        ("generate", "checker", "--out", "o", "--export", LONG),
        ("generate", "phrase", LONG, "--out", "o"),
        ("seamless", "a.png", "--out", "o", "--input", LONG),
        ("export", "a", "--out", "o", "--preset", LONG),
        ("evaluate", "gallery", "wall.png", "--out", "o", "--tools", LONG),
        ("models", "show", LONG),
        ("weights", "download", LONG),
        ("captions", "draw", "--out", "o", "--materials", LONG),
        ("batch", LONG, "wall.png", "--out", "o"),
        ("batch", "quilt", "wall.png", "--out", "o", "--pattern", "{" + LONG + "}"),
    ],
    ids=lambda arguments: " ".join(word[:14] for word in arguments),
)
def test_no_command_quotes_a_long_value_whole(impasto, arguments, tmp_path):
    from PIL import Image

    Image.linear_gradient("L").convert("RGB").save(tmp_path / "wall.png")
    done = impasto(*arguments, cwd=tmp_path)
    assert 2 <= done.returncode < 10, done.stderr
    assert max(map(len, done.stderr.splitlines())) < LONGEST, done.stderr


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


def test_an_unknown_name_is_answered_with_the_nearest_and_with_what_lists_them(impasto, tmp_path):
    for arguments, name in (
        (("generate", "torus", "--model", "brickz", "--out", "o"), "bricks"),
        (("export", "a", "--preset", "gtlf", "--out", "o"), "gltf"),
    ):
        said = impasto(*arguments, cwd=tmp_path).stderr
        assert f"did you mean '{name}'?" in said
        assert len(said) < LONGEST
    with pytest.raises(ImpastoError) as caught:
        registry().tool("quitl")
    assert caught.value.remedy.startswith("did you mean 'quilt'? `impasto tools` lists all ")
    assert len(caught.value.remedy) < 160
    assert choices("png17", ["png", "png16"], "a menu") == "did you mean 'png16'? choose from png, png16"
    many = [f"name{index}" for index in range(MOST_NAMED + 1)]
    assert choices("x", many, "a menu") == f"a menu lists all {len(many)}"
