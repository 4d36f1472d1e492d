"""Recipes with what they made, beside the other files of an earlier version, which tests of core and Blender read.

All were made at commit ac5a78c4 (impasto 0.1.0) with Blender 4.2.23, by the script as it was at commit 893b530b, and
are never made again as a whole. Where a tool is meant to make something else from now on, make its recipes again:

    python tests/earlier/make.py FOLDER
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SIZE_PX = 32
SIZE = {"width_px": SIZE_PX, "height_px": SIZE_PX}
RECIPE = {
    "seed": 7,
    "steps": [
        {"tool": "bricks", "parameters": {**SIZE, "wear": 0.3, "moss": 0.25}, "name": "wall"},
        {
            "tool": "tint",
            "parameters": {"strength": 0.6, "dark": [0.2, 0.1, 0.05]},
            "mask": {"kind": "noise", "amount": 0.5, "size": 0.3, "contrast": 0.6, "invert": True, "opacity": 0.9},
        },
        {"tool": "color-transfer", "parameters": {}, "inputs": {"reference": "photo"}, "enabled": False},
        {"tool": "adjust", "parameters": {"saturation": 0.3}, "mask": {"kind": "image", "input": "where"}},
    ],
}


def main(folder: Path) -> None:
    """A recipe by itself, its inputs, and what it made, with the recipe in each PNG and beside each EXR."""
    import numpy as np
    from PIL import Image

    y, x = np.mgrid[0:SIZE_PX, 0:SIZE_PX]
    Image.fromarray(np.uint8(np.stack([x * 8, y * 8, 255 - x * 4], 2))).save(folder / "photo.png")
    Image.fromarray(np.uint8(255 * (x < SIZE_PX // 2))).save(folder / "where.png")
    (folder / "wall.json").write_text(json.dumps(RECIPE, indent=1) + "\n")
    given = "--input", f"photo={folder / 'photo.png'}", "--input", f"where={folder / 'where.png'}"
    for kind in ("png", "exr"):
        how = *given, "--name", f"wall-{kind}", "--format", kind, "--out", folder
        subprocess.run([sys.executable, "-P", "-m", "impasto", "run", folder / "wall.json", *how], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
