"""A texture covers an object of a .blend across its UV seams, in metres; saved under a new name.

    blender -b scene.blend --python-exit-code 1 --python cover_object.py -- House bricks.png out.blend --repeat-m 1.5

`repeat-m` is how wide the texture is in the world, so that bricks come out as large as bricks are.
"""

import argparse
import json
import sys
from pathlib import Path

import bpy


def main() -> None:
    arguments = parse(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
    objects = bpy.context.view_layer.objects
    objects.active = objects.get(arguments.object) or sys.exit(f"there is no object {arguments.object}")
    for item in objects:
        item.select_set(item == objects.active)
    # An operator that fails raises RuntimeError with what was wrong and what to do.
    bpy.ops.impasto.run(
        tool="cover-object",
        source=str(arguments.texture.resolve()),
        parameters=json.dumps({"repeat_m": arguments.repeat_m, "way": arguments.way}),
        width_px=arguments.size,
        height_px=arguments.size,
        material="NEW",
    )
    bpy.ops.wm.save_as_mainfile(filepath=str(arguments.out.resolve()))


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("object", help="name of the object")
    parser.add_argument("texture", type=Path, help="a picture, or a folder of maps")
    parser.add_argument("out", type=Path, help="the .blend to write")
    parser.add_argument("--repeat-m", type=float, default=0.0, help="width of the texture in metres")
    parser.add_argument("--way", choices=("unrolled", "grown", "triplanar"), default="unrolled")
    parser.add_argument("--size", type=int, default=1024, help="side of the object's texture in pixels")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
