"""Contact sheet of an evaluation: for each case the real surface, the results of the seeds, wrap,
controls, copies and maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..surface.grid import cell, empty_cell, grid
from ..surface.thumbnail import lit
from ..texture import Maps
from .comparison import Comparison
from .judgement import Case
from .metrics import nearest_patches
from .model_controls import CROP, MODEL

COLUMNS = 5
PATCH_PX = 32
PAIRS = 8


def contact_sheet(comparisons: Sequence[Comparison]) -> bytes:
    """PNG with the cells of each case in rows of five, each below its caption."""
    cells = []
    for comparison in comparisons:
        cells += [cell(caption, picture) for caption, picture in _pictures(comparison)]
        cells += [empty_cell()] * (-len(cells) % COLUMNS)
    return grid(cells, COLUMNS)


def _pictures(comparison: Comparison) -> list[tuple[str, np.ndarray]]:
    """Caption and picture (H, W, 3) of each cell."""
    case, made = comparison.case, comparison.made[MODEL]
    name = case.label or case.judged[0].name
    found = [(f"real: {name}", lit(case.judged[0]))]
    found += [(f"seed {seed}", lit(maps)) for seed, maps in enumerate(made)]
    height, width = made[0].size_px
    found.append(("seed 0 across its corner", np.roll(lit(made[0]), (height // 2, width // 2), (0, 1))))
    found += [(f"control: {row}", lit(one[0])) for row, one in comparison.made.items() if row not in (MODEL, CROP)]
    if case.trained:
        found.append(("made | nearest that it learned from", _nearest(case, made[0])))
    for map_ in [name for name in made[0] if name != "base_color"]:
        pixels = made[0][map_].pixels
        found.append((f"seed 0: {map_}", np.repeat(pixels, 3, 2) if pixels.shape[2] == 1 else pixels))
    return found


def _nearest(case: Case, maps: Maps) -> np.ndarray:
    """Pairs of a generated patch and the nearest one in the training pictures, two pairs per row."""
    made, known = maps["base_color"].pixels, [one["base_color"].pixels for one in case.trained]
    side = min(PATCH_PX, *made.shape[:2], *(length for picture in known for length in picture.shape[:2]))
    nearest = nearest_patches(made, known, count=PAIRS, patch_px=side)
    pairs = []
    for place, picture, found in zip(nearest.places, nearest.pictures, nearest.found, strict=True):
        sides = [source[y : y + side, x : x + side] for source, (y, x) in ((made, place), (known[picture], found))]
        pairs.append(np.concatenate(sides, 1))
    rows = [np.concatenate(pairs[start : start + 2], 1) for start in range(0, PAIRS, 2)]
    return np.concatenate(rows)
