"""A photograph without a pattern becomes an endless material on the active object of a .blend, saved under a new name.

    blender -b scene.blend --python-exit-code 1 --python endless_material.py -- gravel.jpg out.blend --bake textures

`bake` is a folder for seamless textures of the same layout, for programs that have no such nodes.
"""

import argparse
import sys
from pathlib import Path

import bpy


def main() -> None:
    arguments = parse(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
    # An operator that fails raises RuntimeError with what was wrong and what to do.
    bpy.ops.impasto.run(tool="photo-maps", source=str(arguments.photo.resolve()), width_m=arguments.width_m)
    bpy.ops.impasto.make_endless(seed=arguments.seed, cell_size=arguments.cell_size, insist=arguments.insist)
    if arguments.bake:
        out_dir = str(arguments.bake.resolve())
        bpy.ops.impasto.bake_endless(size_px=arguments.size, material="NONE", out_dir=out_dir)
    bpy.ops.wm.save_as_mainfile(filepath=str(arguments.out.resolve()))


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", type=Path, help="the photograph")
    parser.add_argument("out", type=Path, help="the .blend to write")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cell-size", type=float, default=0.2857, help="relative to the photograph's shorter side")
    parser.add_argument("--insist", action="store_true", help="even if the photograph has a regular pattern")
    parser.add_argument("--width-m", type=float, default=0.0, help="real width of the photograph in metres")
    parser.add_argument("--bake", type=Path, help="folder for baked textures")
    parser.add_argument("--size", type=int, default=4096, help="side of the baked textures in pixels")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
