"""Draws the demonstration of photometric stereo: Blender takes the photographs, the tool measures them."""

from __future__ import annotations

import argparse
import subprocess

from .environments import BUILD, CORE, ROOT, bpy_environment, clean_environment
from .messages import BuildError, step

SCRIPTS = ROOT / "tasks"
FOLDER = BUILD / "stereo"
PICTURE = ROOT / "docs" / "pictures" / "photometric_stereo.jpg"


def stereo(_options: argparse.Namespace) -> None:
    """Photograph a procedural wall in Blender under eight lights, measure it, and draw both for the documentation."""
    core, blender = CORE.ready(), bpy_environment("5.0").ready()
    measure = [core, "-P", SCRIPTS / "measure_stereo.py"]
    for what, command in (
        ("Making a wall", [*measure, "make", FOLDER]),
        ("Photographing it in Blender", [blender, "-P", SCRIPTS / "photograph_stereo.py", FOLDER]),
        ("Measuring the photographs", [*measure, "draw", FOLDER, PICTURE]),
    ):
        with step(what):
            if subprocess.run(command, env=clean_environment(), check=False).returncode:
                raise BuildError("the demonstration of photometric stereo could not be made")
