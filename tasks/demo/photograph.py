"""Part one of the demo: a photograph is written as a picture that the other parts take.

Grey ones are tinted. The wall of bricks was photographed at an angle, and has a splash of paint: it is straightened and
mended.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from messages import task
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
    if options.sample == MENDED and not options.tint and not options.photo:
        taken = photograph()
        write_maps(taken, options.folder / "taken", MENDED)
        with task("Straightening and mending a photograph of a wall"):
            _, _, mended = prepared(taken)
        write_maps(mended, options.folder / "source", MENDED)
        print(f"demo: The photograph: {MENDED}, {taken.size_px[1]}x{taken.size_px[0]}")
        return
    if options.photo:
        photo, name = read_maps(options.photo), options.photo.stem
    else:
        grey = getattr(data, options.sample)().astype(np.float32) / 255
        photo, name = Maps.from_arrays({"base_color": np.repeat(grey[..., None], 3, 2)}), options.sample
    tint = options.tint or (options.sample if not options.photo else "none")
    if tint != "none":
        photo = run(Recipe((Step("tint", TINTS[tint]),)), {"source": photo}).maps
    height, width = photo.size_px
    write_maps(photo, options.folder / "source", name)
    print(f"demo: The photograph: {name}, {width}x{height}" + (f", tinted like {tint}" if tint != "none" else ""))


if __name__ == "__main__":
    main()
