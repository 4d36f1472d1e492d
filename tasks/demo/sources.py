"""Part one of the demo: the pictures that it begins with, all free, as files.

Grey photographs are tinted. The wall of bricks was photographed at an angle, and has a splash of paint: it is
straightened and mended.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from messages import task
from painting import night
from photo_to_material import TINTS, photograph, prepared
from skimage import data

from impasto import Recipe, Step, read_maps, run, write_maps
from impasto.texture import Maps

MENDED = "brick"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--sample", choices=sorted(TINTS))
    parser.add_argument("--tint", choices=[*sorted(TINTS), "none"])
    options = parser.parse_args()
    write_photograph(options, options.folder / "source")
    with task("Painting a night sky, the source of style", options.folder / "style"):
        style = np.asarray(night(), np.float32) / 255
        write_maps(Maps.from_arrays({"base_color": style}), options.folder / "style", "night")
        cat = data.chelsea().astype(np.float32) / 255
        write_maps(Maps.from_arrays({"base_color": cat}), options.folder / "style", "cat")


def write_photograph(options: argparse.Namespace, folder: Path) -> None:
    """The photograph that the material is made of; where it is prepared, also as it was taken, in `taken`."""
    if options.sample == MENDED and not options.tint and not options.photo:
        with task("Straightening and mending a photograph of a wall", folder):
            taken = photograph()
            write_maps(taken, folder.with_name("taken"), MENDED)
            write_maps(prepared(taken)[-1], folder, MENDED)
        return
    if options.photo:
        photo, name = read_maps(options.photo), options.photo.stem
    else:
        grey = getattr(data, options.sample)().astype(np.float32) / 255
        photo, name = Maps.from_arrays({"base_color": np.repeat(grey[..., None], 3, 2)}), options.sample
    tint = options.tint or (options.sample if not options.photo else "none")
    with task(f"Reading the photograph {name}" + (f", tinted like {tint}" if tint != "none" else ""), folder):
        if tint != "none":
            photo = run(Recipe((Step("tint", TINTS[tint]),)), {"source": photo}).maps
        write_maps(photo, folder, name)


if __name__ == "__main__":
    main()
