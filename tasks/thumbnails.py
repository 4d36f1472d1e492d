"""Renders the thumbnails of procedural materials, which panels show, and the documentation's pictures of tools."""

from __future__ import annotations

import argparse
import json
import subprocess

from .environments import CORE, ROOT, clean_environment
from .messages import BuildError, step
from .presets import bundled

SCRIPT = ROOT / "tasks" / "render_materials.py"
FOLDER = ROOT / "plugins" / "impasto_procedural" / "thumbnails"
PICTURES = ROOT / "docs" / "pictures"


def thumbnails(options: argparse.Namespace) -> None:
    """Render each procedural material for the panels, and all of them, with their presets, for the documentation."""
    if options.tools:
        command = [CORE.ready(), "-P", "-m", "tasks.render_tools", PICTURES]
        if subprocess.run(command, cwd=ROOT, env=clean_environment(PYTHONPATH=ROOT), check=False).returncode:
            raise BuildError("a tool could not be drawn")
        return
    with step("Rendering thumbnails"):
        command = [CORE.ready(), "-P", SCRIPT, FOLDER, PICTURES]
        presets = json.dumps(bundled())
        if subprocess.run(command, env=clean_environment(), input=presets, text=True, check=False).returncode:
            raise BuildError("a material could not be rendered")
