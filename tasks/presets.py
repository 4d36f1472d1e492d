"""Bundled presets as values: their files only assign, so nothing has to run in Blender."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "blender_addon" / "shipped" / "presets" / "impasto"


def bundled() -> dict[str, dict[str, dict[str, Any]]]:
    """Parameters that each bundled preset sets, by the names of its tool and of itself."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for path in sorted(FOLDER.glob("*/*.py")):
        found.setdefault(path.parent.name, {})[path.stem.replace("_", " ")] = assigned(path)
    return found


def assigned(path: Path) -> dict[str, Any]:
    """Parameters that a preset's file sets, by name."""
    lines = ast.parse(path.read_text(encoding="utf-8")).body
    targets = [(line.targets[0], line.value) for line in lines if isinstance(line, ast.Assign)]
    return {target.attr: ast.literal_eval(value) for target, value in targets if isinstance(target, ast.Attribute)}
