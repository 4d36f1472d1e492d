"""Measures how large the pieces are that `patches-style` copies, and whether calm places of a picture stay calm.

    python tests/benchmarks/style_pieces.py --data DIR

For each setting, over pairs of photographs and paintings: the side in pixels, as if the picture were 512 px, of the
pieces in which half and 95 % of the area lie and of the largest one (a piece is an area of patches that continue each
other), and the rank correlation of local contrast in photograph and painting.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from style_pictures import contents_and_styles

from impasto import Maps, Recipe, Step, run
from impasto_style.patches import guides, matching, painting
from impasto_style.patches.grid import SIDE, STRIDE
from impasto_style.shared.resampling import as_tensor

REFERENCE_PX = 512
CONTRAST_PX = 4.0
SETTINGS: dict[str, dict[Any, dict[str, Any]]] = {
    "usual": {},
    "coherence 0": {matching: {"COHERENCE": 0.0}},
    "coherence 0.3": {matching: {"COHERENCE": 0.3}},
    "contrast matched": {guides: {"CALM": 0.0}},
    "all of the style used": {guides: {"SUITED": (1.0, 1.0)}},
    "both": {guides: {"CALM": 0.0, "SUITED": (1.0, 1.0)}},
}


def main() -> None:
    """Print a line for each setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of photos and paintings")
    parser.add_argument("--px", type=int, default=384)
    parser.add_argument("--count", type=int, default=3, metavar="N", help="photographs, and paintings (default: 3)")
    options = parser.parse_args()
    contents, styles = contents_and_styles(options.data, options.count, options.count, options.px)
    print(f"{'setting':>24} {'median px':>10} {'95 % px':>10} {'largest px':>10} {'calm':>10}")
    for name, changes in SETTINGS.items():
        with ExitStack() as stack:
            for module, values in changes.items():
                for constant, value in values.items():
                    stack.enter_context(patch.object(module, constant, value))
            rows = np.array([measured(content, style) for content in contents for style in styles])
        half, most, largest, calm = rows[:, 0].mean(), rows[:, 1].mean(), rows[:, 2].max(), rows[:, 3].mean()
        print(f"{name:>24} {half:10.1f} {most:10.1f} {largest:10.1f} {calm:10.3f}", flush=True)


def measured(content: Maps, style: Maps) -> tuple[float, float, float, float]:
    """Sides of the pieces (half of the area, 95 %, largest), and the correlation of contrasts, of one painting."""
    mosaics = []
    paint_at = painting._Painter.paint_at

    def recorded(painter: Any, size: int, before: Any) -> Any:
        mosaics.append(paint_at(painter, size, before))
        return mosaics[-1]

    with patch.object(painting._Painter, "paint_at", recorded):
        recipe = Recipe((Step("patches-style", {}, {"style": "style"}),), 1)
        painted = run(recipe, {"source": content, "style": style}).maps
    return *sides_of_pieces(mosaics[-1]), rank_correlation(content, painted)


def sides_of_pieces(mosaic: Any) -> tuple[float, float, float]:
    """Sides, for a picture of `REFERENCE_PX`, of the pieces at half and 95 % of the area, and of the largest."""
    grid, library = mosaic.search.grid, mosaic.search.library
    rows, columns = grid.shape
    view, row, column = (x.view(rows, columns) for x in library.place(mosaic.patches))
    offset = torch.stack([view, row - torch.arange(rows)[:, None], column - torch.arange(columns)])
    areas = np.sort(np.bincount(connected(offset.numpy()).ravel()))
    areas = areas[areas > 0]
    covered = np.cumsum(areas) / areas.sum()
    scale = REFERENCE_PX / max(grid.height, grid.width)
    sides = scale * (np.sqrt(areas) * STRIDE + SIDE - STRIDE)
    return float(sides[np.searchsorted(covered, 0.5)]), float(sides[np.searchsorted(covered, 0.95)]), float(sides[-1])


def connected(values: np.ndarray) -> np.ndarray:
    """Labels (H, W) of the connected areas in which values (C, H, W) are equal."""
    labels = np.arange(values[0].size).reshape(values.shape[1:])
    while True:
        before = labels
        for axis in (0, 1):
            for step in (1, -1):
                is_same = (np.roll(values, step, axis + 1) == values).all(0)
                labels = np.where(is_same, np.minimum(labels, np.roll(labels, step, axis)), labels)
        if (labels == before).all():
            return labels


def rank_correlation(content: Maps, painted: Maps) -> float:
    """Spearman's correlation of local contrast in a picture and its painting."""
    ranks = []
    for maps in (content, painted):
        contrast = guides.detail_contrast(as_tensor(maps["base_color"].pixels, "cpu"), CONTRAST_PX)
        ranks.append(contrast[0, 0, ::4, ::4].flatten().argsort().argsort().numpy())
    return float(np.corrcoef(*ranks)[0, 1])


if __name__ == "__main__":
    main()
