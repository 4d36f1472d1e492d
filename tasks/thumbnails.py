"""Renders the pictures that panels show, the bundled assets, and the documentation's of tools and materials."""

from __future__ import annotations

import argparse
import subprocess

from .environments import CORE, ROOT, clean_environment
from .messages import BuildError, step

SCRIPT = ROOT / "tasks" / "render_materials.py"
FOLDER = ROOT / "plugins" / "impasto_procedural" / "thumbnails"
PICTURES = ROOT / "docs" / "pictures"
ASSETS = ROOT / "blender_addon" / "bundled" / "assets"


def thumbnails(options: argparse.Namespace) -> None:
    """Render procedural materials for the panels, these with presets for the documentation, and assets."""
    if options.tools:
        command = [CORE.ready(), "-P", "-m", "tasks.render_tools", PICTURES]
        if subprocess.run(command, cwd=ROOT, env=clean_environment(PYTHONPATH=ROOT), check=False).returncode:
            raise BuildError("a tool could not be drawn")
        return
    with step("Rendering thumbnails"):
        command = [CORE.ready(), "-P", SCRIPT, FOLDER, PICTURES, ASSETS]
        if subprocess.run(command, env=clean_environment(), check=False).returncode:
            raise BuildError("a picture could not be rendered")
