"""Tables of `cases.toml`: what tests are given, and what must come of it."""

import tomllib
from pathlib import Path

import pytest

CASES = tomllib.loads(Path(__file__).with_name("cases.toml").read_text("utf-8"))


def each_case(name: str) -> pytest.MarkDecorator:
    """A decorator that runs a test with each row of a table, whose columns are the test's arguments."""
    return pytest.mark.parametrize(CASES[name]["columns"], CASES[name]["rows"])
