"""Renders the thumbnails of procedural materials, which panels show, and the shelf of all in the documentation."""

from __future__ import annotations

import argparse
import subprocess

from .environments import CORE, ROOT, clean_environment
from .say import BuildError, step

SCRIPT = ROOT / "tasks" / "render_materials.py"
FOLDER = ROOT / "plugins" / "impasto_procedural" / "thumbnails"
PICTURES = ROOT / "docs" / "pictures"


def thumbnails(_options: argparse.Namespace) -> None:
    """Render each procedural material for the panels, and all of them for the documentation."""
    with step("Rendering thumbnails"):
        command = [CORE.ready(), "-P", SCRIPT, FOLDER, PICTURES]
        if subprocess.run(command, env=clean_environment(), check=False).returncode:
            raise BuildError("a material could not be rendered")
