"""One mutation: what it breaks, the edit that breaks it, and the tests that must notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


class NotFoundError(Exception):
    """The text that a mutation replaces is not in its file, or is there more than once."""


@dataclass(frozen=True)
class Edit:
    """Replacement of a text that a file has exactly once."""

    old: str
    new: str

    def __call__(self, file: Path) -> None:
        """Edit the file. NotFoundError if it does not have the text exactly once."""
        text = file.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise NotFoundError(f"{file.name} has {text.count(self.old)} times: {self.old}")
        file.write_text(text.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True)
class Mutation:
    """`change` of `file` (a path below the root) breaks what `breaks` says, and one of `tests` must fail.

    tests: paths below tests/ with a name, such as "core/test_numerics.py::test_margins_go_round_the_torus".
    """

    name: str
    breaks: str
    file: str
    change: Callable[[Path], None]
    tests: tuple[str, ...]
