"""Contrast between the parts of a repainted picture, for example a figure and the wall behind it."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt, find_objects

from .color import luma

KEPT, FAINT = 0.75, 0.1
"""Least share of a part's contrast with its surroundings that a painting keeps; and a contrast that need not be kept,
such as that of tiles in a floor."""
LARGEST, AROUND = 0.25, 1 / 24
"""Largest share of a picture that is a part; and width of its surroundings, relative to the picture's longer side."""


def with_contrast(painted: np.ndarray, picture: np.ndarray, labels: np.ndarray, is_shown: np.ndarray) -> np.ndarray:
    """Painted colours (H, W, 3), in which parts are as light or dark against their surroundings as in the picture.

    labels: (H, W), part of each pixel. is_shown: (H, W), whether it counts as surroundings.
    """
    result, reach_px = painted.copy(), round(AROUND * max(labels.shape))
    parts = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
    for number, (rows, columns) in enumerate(find_objects(parts + 1)):
        near = tuple(slice(max(one.start - reach_px, 0), one.stop + reach_px) for one in (rows, columns))
        own = parts[near] == number
        around = ~own & is_shown[near] & (distance_transform_edt(~own) <= reach_px)
        if around.any() and own.sum() <= LARGEST * labels.size:
            lights = luma(picture[near]), luma(painted[near])
            wanted, present = (light[own].mean() - light[around].mean() for light in lights)
            lack = (KEPT * wanted - present) * np.clip(abs(wanted) / FAINT - 1, 0, 1)
            result[near][own] += lack if lack * wanted > 0 else 0
    return result.clip(0, 1)
