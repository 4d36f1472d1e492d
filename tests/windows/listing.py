"""Inside a Blender in the background: what the assets of a library's files are, as Blender reads them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import bpy

LIBRARY, OUT = map(Path, sys.argv[sys.argv.index("--") + 1 :])


def assets_in(folder: Path) -> dict[str, list]:
    """Names of the assets of each file, their catalogue, and the size of their preview."""
    found = {}
    for file in sorted(folder.glob("*.blend")):
        with bpy.data.libraries.load(str(file), assets_only=True) as (there, wanted):
            wanted.materials = list(there.materials)
        made = [one for one in wanted.materials if one]
        found[file.name] = [[one.name, one.asset_data.catalog_id, list(one.preview.image_size)] for one in made]
    return found


(OUT / "assets.json").write_text(json.dumps(assets_in(LIBRARY)))
