"""Every picture of a folder becomes a material, marked as an asset, in one .blend: an asset library.

    blender -b --python-exit-code 1 --python library_from_folder.py -- photographs library.blend --size 1024

A picture that fails is reported and left out; the others go on. The exit code then is 1.
"""

import argparse
import json
import sys
from pathlib import Path

import bpy

PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".exr")


def main() -> None:
    arguments = parse(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
    bpy.ops.wm.read_homefile(use_empty=True)
    failures = []
    for picture in sorted(arguments.folder.iterdir()):
        if picture.suffix.lower() in PICTURES:
            try:
                make_asset(picture, arguments)
            except RuntimeError as error:
                failures.append(f"{picture.name}: {error}")
    bpy.ops.wm.save_as_mainfile(filepath=str(arguments.out.resolve()))
    print(f"{len(bpy.data.materials)} materials in {arguments.out}")
    if failures:
        sys.exit("\n".join(failures))


def make_asset(picture: Path, arguments: argparse.Namespace) -> None:
    """With nothing selected the material belongs to no object; it is kept all the same."""
    bpy.ops.impasto.run(
        tool="quilt", source=str(picture.resolve()), width_px=arguments.size, height_px=arguments.size, material="NEW"
    )
    (name,) = json.loads(bpy.context.window_manager.impasto_made)["materials"]
    bpy.ops.impasto.mark_asset(material=name)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder with pictures")
    parser.add_argument("out", type=Path, help="the .blend to write")
    parser.add_argument("--size", type=int, default=1024, help="side of the textures in pixels")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
