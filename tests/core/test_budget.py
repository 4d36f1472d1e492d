"""Lines of Python by folder, against the budget on the page about the architecture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "architecture.md"
ROWS = re.findall(r"^\|(`.+`) \|(\d+) \|(\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("folders", "most", "goal"), ROWS)
def test_folders_keep_their_budget(folders, most, goal):
    """Goals are what is to be reached: a budget is lowered with each step towards it."""
    places = [ROOT / place for place in re.findall(r"`(.+?)`", folders)]
    files = [
        path
        for place in places
        for path in (place.rglob("*.py") if place.is_dir() else ROOT.glob(f"{place.relative_to(ROOT)}"))
    ]
    lines = sum(len(path.read_bytes().splitlines()) for path in files if "bundled" not in path.parts)
    assert 0 < lines <= int(most), f"{lines} lines of at most {most}, and {goal} are the goal: find first what can go"


def test_the_budget_names_every_folder_of_the_core():
    named = {place for folders, *_ in ROWS for place in re.findall(r"`core/impasto/(\w+)`", folders)}
    assert named == {path.parent.name for path in (ROOT / "core" / "impasto").glob("*/__init__.py")}
