"""Part two of the demo: a photograph is repainted in the style of a painting, with no network at all."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data
from told import told

from impasto import Recipe, Step, read_maps, run, write_maps
from impasto.texture import Maps

TOOL = "patches-style"
PHOTO = "chelsea"
PAINTING = Path(__file__).parent / "starry_night.jpg"
"""Vincent van Gogh, The Starry Night, 1889: public domain, from Wikimedia Commons, made smaller."""
LONGEST_PX = 448


def main(folder: Path) -> None:
    photo, style = sample(PHOTO), read_maps(PAINTING)
    write_maps(style, folder / "style", PAINTING.stem)
    recipe = Recipe((Step(TOOL, {"longest_px": LONGEST_PX}, {"style": "style"}),), 1)
    with told("Repainting a photograph of a cat in the style of Van Gogh's The Starry Night"):
        result = run(recipe, {"source": photo, "style": style})
    write_maps(result.maps, folder / "painted", PHOTO, recipe=result.recipe)


def sample(name: str) -> Maps:
    """A photograph that comes with scikit-image."""
    pixels = getattr(data, name)().astype(np.float32) / 255
    return Maps.from_arrays({"base_color": pixels}, name=name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
