"""Pictures redrawn in each kind of style; each kind has three ways, so that one can be judged by the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import areas, lines, paints

Way = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""A picture (H, W, 3), sRGB in [0, 1], redrawn."""


def untouched(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The photograph or scene itself, with more or less contrast and noise."""
    middle = picture.mean()
    made = middle + rng.uniform(0.6, 1.2) * (picture - middle)
    return (made + rng.normal(0, rng.uniform(0, 0.03), picture.shape)).clip(0, 1)


WAYS: dict[str, tuple[Way, Way, Way]] = {
    "oil": (paints.oil_of_strokes, paints.oil_of_touches, paints.oil_of_impasto),
    "pointillism": (paints.dots, paints.dashes, paints.dabs),
    "ink": (lines.ink_of_lines, lines.ink_of_strokes, lines.ink_of_crossed_lines),
    "watercolor": (paints.watercolor_of_washes, paints.watercolor_of_glazes, paints.watercolor_of_lines_and_washes),
    "print": (areas.print_with_outlines, areas.print_of_areas, areas.print_of_blocks),
    "gold": (areas.gold_of_ornaments, areas.gold_of_relief, areas.gold_of_leaf),
    "pencil": (lines.pencil_of_shading, lines.pencil_of_sketch, lines.pencil_of_tones),
    "none": (untouched, untouched, untouched),
}
"""The three ways of drawing each kind; "none" is none of them."""
