"""The active material of an object in a .blend is repainted like a picture across its UV seams; saved under a new name.

    blender -b scene.blend --python-exit-code 1 --python repaint_object.py -- Crate monet.jpg out.blend

The material needs textures that are mapped by UVs; *Bake* with *Replace Materials* makes them of any other.
"""

import argparse
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
    bpy.ops.impasto.stylize(
        tool=arguments.tool,
        parameters=arguments.parameters,
        subject="MATERIAL",
        style=str(arguments.style.resolve()),
        across_seams=True,
        material="NEW",
        seed=arguments.seed,
    )
    bpy.ops.wm.save_as_mainfile(filepath=str(arguments.out.resolve()))


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("object", help="name of the object")
    parser.add_argument("style", type=Path, help="the picture to paint like")
    parser.add_argument("out", type=Path, help="the .blend to write")
    parser.add_argument("--tool", default="patches-style", help="the stylizer")
    parser.add_argument("--parameters", default="", help="the stylizer's as JSON, such as '{\"strength\": 0.8}'")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
