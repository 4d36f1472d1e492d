"""Markdown of the pages that are generated. Standard library only: Blender's Python writes some of them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .environments import ROOT

REFERENCE = ROOT / "docs" / "reference"
MADE = "*`python build.py reference` makes this page from the code.*"
"""The second line of a page of which nothing is written by hand."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, without the columns in which every cell is empty; "" without rows."""
    given = [[cell(one) for one in row] for row in rows]
    shown = [index for index in range(len(head)) if any(row[index] for row in given)]
    lines = [[head[index] for index in shown], *([row[index] for index in shown] for row in given)]
    first, *rest = (f"|{' |'.join(line)}|\n" for line in lines)
    return f"{first}|{'-|' * len(shown)}\n{''.join(rest)}" if given else ""


def cell(text: str) -> str:
    """A text as one line of a table."""
    return " ".join(text.split()).replace("|", r"\|")


def paragraph(text: str | None) -> str:
    """A docstring or a description as Markdown that ends with a full stop, with "<" and "*" escaped."""
    said = inspect.cleandoc(text or "").strip()
    said = said.replace("*", r"\*").replace("<", r"\<")
    return said if not said or said.endswith((".", ":", "?", "!")) else f"{said}."


def put(pages: Mapping[Path, str]) -> None:
    """Write pages. With --check, write nothing, name the pages that are not current, and fail."""
    if "--check" not in sys.argv:
        for path, text in pages.items():
            path.write_text(text, encoding="utf-8")
        return
    old = [path for path, text in pages.items() if not path.exists() or path.read_text("utf-8") != text]
    sys.exit("".join(f"{path.relative_to(ROOT)} is not current: python build.py reference\n" for path in old) or 0)


def written_by_hand(page: str) -> bool:
    """Whether a page is written by hand, not generated."""
    return MADE not in page
