"""A photograph becomes a seamless material on every selected object of a .blend, saved under a new name.

    blender -b scene.blend --python-exit-code 1 --python material_from_photo.py -- brick.jpg out.blend --width-m 1.5

`width-m` is how wide the photograph is in the world, so that bricks come out as large as bricks are.
"""

import argparse
import sys
from pathlib import Path

import bpy


def main() -> None:
    arguments = parse(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
    # An operator that fails raises RuntimeError with what was wrong and what to do.
    bpy.ops.impasto.run(
        tool="quilt",
        source=str(arguments.photo.resolve()),
        width_px=arguments.size,
        height_px=arguments.size,
        seed=arguments.seed,
        width_m=arguments.width_m,
        material="NEW",
    )
    bpy.ops.wm.save_as_mainfile(filepath=str(arguments.out.resolve()))


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", type=Path, help="the photograph")
    parser.add_argument("out", type=Path, help="the .blend to write")
    parser.add_argument("--size", type=int, default=1024, help="side of the texture in pixels")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--width-m", type=float, default=0.0, help="real width of the photograph in metres")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
