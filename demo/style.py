"""Part two of the demo: a photograph is repainted in the hand of another picture, with no network at all."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data
from told import told

from impasto import Recipe, Step, run, write_maps
from impasto.texture import Maps

TOOL = "patches-style"
PHOTO, STYLE = "chelsea", "immunohistochemistry"
LONGEST_PX = 448


def main(folder: Path) -> None:
    photo, style = (picture(name) for name in (PHOTO, STYLE))
    write_maps(style, folder / "style", STYLE)
    recipe = Recipe((Step(TOOL, {"longest_px": LONGEST_PX}, {"style": "style"}),), 1)
    with told(f"Repainting a photograph ({PHOTO}) in the hand of another picture ({STYLE})"):
        result = run(recipe, {"source": photo, "style": style})
    write_maps(result.maps, folder / "painted", PHOTO, recipe=result.recipe)


def picture(name: str) -> Maps:
    """One of scikit-image's."""
    pixels = getattr(data, name)().astype(np.float32) / 255
    return Maps.from_arrays({"base_color": pixels}, name=name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
