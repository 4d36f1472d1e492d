"""Makes the images of a .blend seamless, wherever its materials use them, and saves under a new name.

    blender -b scene.blend --python-exit-code 1 --python seamless_images.py -- out.blend --only "wall*"

The images that were there before stay in the file: results always go into new ones.
"""

import argparse
import json
import sys
from fnmatch import fnmatch
from pathlib import Path

import bpy


def main() -> None:
    arguments = parse(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
    for image in [image for image in bpy.data.images if fnmatch(image.name, arguments.only) and image.users]:
        if image.source in ("FILE", "GENERATED") and image.type == "IMAGE":
            replace_everywhere(image, make_seamless(image))
    bpy.ops.wm.save_as_mainfile(filepath=str(arguments.out.resolve()))


def make_seamless(image: bpy.types.Image) -> bpy.types.Image:
    """The new image."""
    bpy.ops.impasto.make_seamless(image=image.name)
    made = (bpy.data.images[name] for name in json.loads(bpy.context.window_manager.impasto_made)["images"])
    return next(new for new in made if new["impasto_map"] == "base_color")


def replace_everywhere(old: bpy.types.Image, new: bpy.types.Image) -> None:
    """In every material's image nodes. The old one is kept, though nothing uses it any more."""
    old.use_fake_user = True
    for material in bpy.data.materials:
        for node in material.node_tree.nodes if material.node_tree else ():
            if node.type == "TEX_IMAGE" and node.image == old:
                node.image = new


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the .blend to write")
    parser.add_argument("--only", default="*", help="a pattern for the images' names")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
