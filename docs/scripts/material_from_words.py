"""Words become a material in a new .blend; further words change it.

    blender -b --python-exit-code 1 --python material_from_words.py -- "mossy red bricks" bricks.blend --change "darker"

`change` can be given several times; each makes another material, of the one before it.
"""

import argparse
import json
import sys
from pathlib import Path

import bpy


def main() -> None:
    arguments = parse(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
    size = {"width_px": arguments.size, "height_px": arguments.size}
    # An operator that fails raises RuntimeError with what was wrong and what to do.
    bpy.ops.impasto.match(text=arguments.text, seed=arguments.seed, material="NEW", **size)
    for text in arguments.change:
        bpy.ops.impasto.change_by_words(text=text, material="NEW", **size)
    # What was understood, and what was not.
    print(json.loads(bpy.context.window_manager.impasto_made)["report"])
    for material in bpy.data.materials:
        material.use_fake_user = True
    bpy.ops.wm.save_as_mainfile(filepath=str(arguments.out.resolve()))


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", help="one material in a few words")
    parser.add_argument("out", type=Path, help="the .blend to write")
    parser.add_argument("--change", action="append", default=[], help='a change, such as "a little darker"')
    parser.add_argument("--size", type=int, default=1024, help="side of the texture in pixels")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
