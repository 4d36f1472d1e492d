"""Renders the thumbnails of procedural materials, which panels show."""

from __future__ import annotations

import argparse
import subprocess

from .environments import CORE, ROOT, clean_environment
from .say import BuildError, step

FOLDER = ROOT / "plugins" / "impasto_procedural" / "thumbnails"
SIDE_PX, MAPS_PX, QUALITY = 128, 512, 82
RENDER = f"""
import sys
from pathlib import Path
import numpy as np
from PIL import Image
from impasto import Recipe, Step, run
from impasto.plugins import registry
from impasto.surface.shading import ball
folder = Path(sys.argv[1])
folder.mkdir(exist_ok=True)
for tool in registry().tools.values():
    if tool.group and tool.kind == "generator":
        size = {{"width_px": {MAPS_PX}, "height_px": {MAPS_PX}}}
        maps = run(Recipe((Step(tool.name, size),), seed=1)).maps
        picture = Image.fromarray(np.round(ball(maps, {SIDE_PX}) * 255).astype(np.uint8))
        picture.save(folder / (tool.name + ".jpg"), quality={QUALITY}, optimize=True)
        print(folder / (tool.name + ".jpg"))
"""


def thumbnails(_options: argparse.Namespace) -> None:
    """Render a ball of each procedural material."""
    with step("Rendering thumbnails"):
        command = [CORE.ready(), "-I", "-c", RENDER, str(FOLDER)]
        if subprocess.run(command, env=clean_environment(), check=False).returncode:
            raise BuildError("a material could not be rendered")
