"""Part two of the demo: a photograph is repainted in the style of a painting."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from messages import task
from painting import night
from settings import PAINTED_PX
from skimage import data

from impasto import Recipe, Step, run, write_maps
from impasto.texture import Maps

TOOL = "patches-style"
PHOTO = "chelsea"


def main(folder: Path) -> None:
    photo = sample(PHOTO)
    style = Maps.from_arrays({"base_color": np.asarray(night(), np.float32) / 255}, name="night")
    write_maps(style, folder / "style", style.name)
    recipe = Recipe((Step(TOOL, {"longest_px": PAINTED_PX["cat"]}, {"style": "style"}),), 1)
    with task("Repainting a photograph of a cat in the style of a painting"):
        result = run(recipe, {"source": photo, "style": style})
    write_maps(result.maps, folder / "painted", PHOTO, recipe=result.recipe)


def sample(name: str) -> Maps:
    """A photograph that comes with scikit-image."""
    pixels = getattr(data, name)().astype(np.float32) / 255
    return Maps.from_arrays({"base_color": pixels}, name=name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
