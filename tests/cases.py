"""Tables of `core/cases.toml` and `plugins/tables.toml`: what tests are given, and what must come of it."""

import tomllib
from pathlib import Path

import pytest

FILES = ("core/cases.toml", "plugins/tables.toml")
CASES = {
    name: table
    for file in FILES
    for name, table in tomllib.loads((Path(__file__).parent / file).read_text("utf-8")).items()
}


def each_case(name: str) -> pytest.MarkDecorator:
    """A decorator that runs a test with each row of a table, whose columns are the test's arguments."""
    return pytest.mark.parametrize(CASES[name]["columns"], CASES[name]["rows"])
