"""The files that are checked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("core", "plugins", "blender_addon")


def modules(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Each module below these folders, relative to the root, and its syntax tree."""
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))
