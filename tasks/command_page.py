"""Writes what the code declares into the command's page: `python -m tasks.command_page`, in the core's Python."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping

from impasto.batch.table import columns
from impasto.cli.main import EXIT_CODES
from impasto.cli.sources import add_preparation
from impasto_judge.goals import FIGURES, goal_text

from .markdown import REFERENCE, put, table

PAGE = REFERENCE / "command.md"


def figures() -> Iterator[tuple[str, str, str, str]]:
    """Name, meaning and goals of each figure that has one."""
    for name, figure in FIGURES.items():
        goals = figure.relative or goal_text(figure.of_picture), goal_text(figure.of_model)
        if any(goals):
            yield f"`{name}`", figure.meaning, *(goal.replace("-", "−") for goal in goals)


def preparation() -> Iterator[tuple[str, str]]:
    """Options that prepare a source, and their help without the range."""
    parser = argparse.ArgumentParser(add_help=False)
    add_preparation(parser)
    for action in parser._actions:
        yield f"`{action.option_strings[0]}`", (action.help or "").partition(" (")[0]


TABLES: Mapping[tuple[str, ...], Callable[[], Iterator[tuple[str, ...]]]] = {
    ("option", "effect"): preparation,
    ("figure", "meaning", "good in a picture", "good in a model"): figures,
    ("column", "meaning"): lambda: ((f"`{name}`", meaning) for name, meaning in columns().items()),
    ("exit code", "meaning"): lambda: ((str(code), meaning) for code, meaning in EXIT_CODES.items()),
}
"""Rows of the table under each head."""


def page() -> str:
    """The page with the tables made anew."""
    written = PAGE.read_text(encoding="utf-8")
    for head, rows in TABLES.items():
        made = table(head, rows())
        first = "".join(made.splitlines(keepends=True)[:2])
        found = re.findall(f"^{re.escape(first)}(?:\\|.*\\n)*", written, flags=re.MULTILINE)
        assert len(found) == 1, f"{PAGE.name} has {len(found)} tables with the head {first}"
        written = written.replace(found[0], made)
    return written


if __name__ == "__main__":
    put({PAGE: page()})
