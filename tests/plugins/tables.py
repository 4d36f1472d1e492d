"""Tables of `tables.toml`: what tests are given, and what must come of it."""

import tomllib
from pathlib import Path

import pytest

TABLES = tomllib.loads(Path(__file__).with_name("tables.toml").read_text("utf-8"))


def each_row(name: str) -> pytest.MarkDecorator:
    """A decorator that runs a test with each row of a table, whose columns are the test's arguments."""
    return pytest.mark.parametrize(TABLES[name]["columns"], TABLES[name]["rows"])
