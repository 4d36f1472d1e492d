"""Mesh objects of a .blend are baked to files on their own UVs: a set of maps for each, or one that all share.

    blender -b scene.blend --python-exit-code 1 --python bake_objects.py -- textures Crate Barrel --one-set --size 2048

Without names, all mesh objects that can be seen are baked. Other options are those of the file's Bake panel.
"""

import argparse
import sys
from pathlib import Path

import bpy

MAPS = ("base_color", "roughness", "metallic", "normal")


def main() -> None:
    arguments = parse(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
    select(arguments.objects)
    # An operator that fails raises RuntimeError with what was wrong and what to do.
    bpy.ops.impasto.bake(
        maps=set(arguments.maps),
        target="ONE" if arguments.one_set else "EACH",
        surface="NAMED" if arguments.high_to_low else "OWN",
        use_tiles=arguments.tiles,
        width_px=arguments.size,
        height_px=arguments.size,
        out_dir=str(arguments.out.resolve()),
        material="NONE",
    )


def select(names: list[str]) -> None:
    """Select the named objects alone, of which a shared set is called like the first; without names, all."""
    objects = bpy.context.view_layer.objects
    meshes = [item.name for item in objects if item.type == "MESH" and item.visible_get()]
    if unknown := [name for name in names if name not in meshes]:
        sys.exit(f"no mesh object that can be seen is called {', '.join(unknown)}; choose from {', '.join(meshes)}")
    for item in objects:
        item.select_set(item.name in (names or meshes))
    objects.active = objects[names[0]] if names else None


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the folder for the maps")
    parser.add_argument("objects", nargs="*", help="names of mesh objects; without any: all")
    parser.add_argument("--maps", nargs="+", default=MAPS, help="such as base_color, normal, curvature")
    parser.add_argument("--one-set", action="store_true", help="one set, whose square the objects' UV islands share")
    parser.add_argument("--high-to-low", action="store_true", help="show Crate_high on Crate_low")
    parser.add_argument("--tiles", action="store_true", help="all UDIM tiles that the UVs use")
    parser.add_argument("--size", type=int, default=1024, help="side of the maps in pixels")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
