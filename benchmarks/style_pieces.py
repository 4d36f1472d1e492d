"""Measures pieces that `patches-style` copies, whether calm places stay calm, and whether strokes follow forms.

    python benchmarks/style_pieces.py --data DIR

For each setting, over pairs of photographs and paintings: the side in pixels, as if the picture were 512 px, of the
pieces in which half and 95 % of the area lie and of the largest one (a piece is an area of patches that continue each
other), the rank correlation of local contrast in photograph and painting, and how far strokes follow the photograph's
forms: the mean cosine of twice the angle between the orientations of both, weighted by their coherence.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from style_pictures import contents_and_styles

from impasto import Maps, Recipe, Step, run
from impasto.numerics.blur import gaussian_blur
from impasto.patches.field import SIDE, STRIDE
from impasto_style.patches import guides, matching, painting, use
from impasto_style.patches.copies import copies
from impasto_style.shared.resampling import as_tensor

REFERENCE_PX = 512
CONTRAST_PX = 4.0
FINE_PX, STROKES_PX, FORMS_PX = 2.0, 3.0, 8.0
"""Widths of the blurs that separate strokes, and over which the orientations of strokes and of forms are taken."""
SETTINGS: dict[str, dict[Any, dict[str, Any]]] = {
    "usual": {},
    "without orientation": {painting: {"ORIENTATION_WEIGHT": 0.0}},
    "not refined": {painting: {"refined": lambda mosaic, *_: mosaic}},
    "coherence 0": {matching: {"COHERENCE": 0.0}},
    "coherence 0.3": {matching: {"COHERENCE": 0.3}},
    "contrast matched": {guides: {"CALM": 0.0}},
    "all of the style used": {use: {"SUITED": (1.0, 1.0)}},
    "all of the style calm": {use: {"CALMEST": 1.0, "CALMER": 1.0}},
    "copies for nothing": {matching: {"COPY_PRICE": 0.0}},
    "spots for nothing": {matching: {"SPOT_PRICE": 0.0}},
    "coherence alone": {matching: {"NEAR": (), "AT_RANDOM": 0}},
}


def main() -> None:
    """Print a line for each setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of photos and paintings")
    parser.add_argument("--px", type=int, default=384)
    parser.add_argument("--count", type=int, default=3, metavar="N", help="photographs, and paintings (default: 3)")
    options = parser.parse_args()
    contents, styles = contents_and_styles(options.data, options.count, options.count, options.px)
    print(f"{'setting':>24} {'median px':>10} {'95 % px':>10} {'largest px':>10} {'calm':>10} {'forms':>10}")
    for name, changes in SETTINGS.items():
        with ExitStack() as stack:
            for module, values in changes.items():
                for constant, value in values.items():
                    stack.enter_context(patch.object(module, constant, value))
            rows = np.array([measured(content, style) for content in contents for style in styles])
        half, most, _, calm, forms = rows.mean(0)
        print(f"{name:>24} {half:10.1f} {most:10.1f} {rows[:, 2].max():10.1f} {calm:10.3f} {forms:10.3f}", flush=True)


def measured(content: Maps, style: Maps) -> tuple[float, float, float, float, float]:
    """Of one painting: sides of the pieces (half of the area, 95 %, largest), correlation of contrasts, `following`."""
    mosaics = []
    paint_at = painting._Painter.paint_at

    def recorded(painter: Any, size: int, before: Any) -> Any:
        mosaics.append(paint_at(painter, size, before))
        return mosaics[-1]

    with patch.object(painting._Painter, "paint_at", recorded):
        recipe = Recipe((Step("patches-style", {}, {"style": "style"}),), 1)
        painted = run(recipe, {"source": content, "style": style}).maps
    return *sides_of_pieces(mosaics[-1]), rank_correlation(content, painted), following(content, painted)


def sides_of_pieces(mosaic: Any) -> tuple[float, float, float]:
    """Sides, for a picture of `REFERENCE_PX`, of the pieces at half and 95 % of the area, and of the largest."""
    grid, library = mosaic.search.grid, mosaic.search.library
    areas = np.sort(np.bincount(copies(mosaic.patches, library, grid).flatten().numpy()))
    areas = areas[areas > 0]
    covered = np.cumsum(areas) / areas.sum()
    scale = REFERENCE_PX / max(grid.height, grid.width)
    sides = scale * (np.sqrt(areas) * STRIDE + SIDE - STRIDE)
    return float(sides[np.searchsorted(covered, 0.5)]), float(sides[np.searchsorted(covered, 0.95)]), float(sides[-1])


def rank_correlation(content: Maps, painted: Maps) -> float:
    """Spearman's correlation of local contrast in a picture and its painting."""
    ranks = []
    for maps in (content, painted):
        contrast = guides.detail_contrast(as_tensor(maps["base_color"].pixels, "cpu"), CONTRAST_PX)
        ranks.append(contrast[0, 0, ::4, ::4].flatten().argsort().argsort().numpy())
    return float(np.corrcoef(*ranks)[0, 1])


def following(content: Maps, painted: Maps) -> float:
    """Agreement of strokes with the picture's forms, from -1 (across) over 0 (any direction) to 1 (along)."""
    picture, made = (as_tensor(maps["base_color"].pixels, "cpu") for maps in (content, painted))
    forms = guides.orientation(picture, FORMS_PX)
    strokes = guides.orientation(made - gaussian_blur(made, FINE_PX), STROKES_PX)
    lengths = [x.square().sum(1).sqrt() for x in (forms, strokes)]
    return float((forms * strokes).sum() / (lengths[0] * lengths[1]).sum())


if __name__ == "__main__":
    main()
