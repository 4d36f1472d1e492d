"""Bundled presets as values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "blender_addon" / "shipped" / "presets.json"


def bundled() -> dict[str, dict[str, dict[str, Any]]]:
    """Parameters that each bundled preset sets, by the names of its tool and of itself."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    return {tool: {name: preset["parameters"] for name, preset in presets.items()} for tool, presets in found.items()}
