"""Twins of what is removed: other places that look the same, from which it would come back."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation, find_objects, label, maximum_filter
from scipy.signal import oaconvolve

from impasto.surface.color import luma
from impasto.surface.resizing import resize, size_at_most
from impasto.texture import Maps

SEARCHED_PX = 512
"""Longer side of the picture for the search."""
LEAST_PX = 6
"""Least side of a region, in pixels of the search, that has a look of its own."""
ALIKE = 0.65
"""Normalised correlation from which a place is a twin."""
MOST = 0.2
"""Largest share of the picture that twins may cover. Where there are more, the picture is a pattern of them."""
MARGIN_PX = 2


def twins_of(subject: Maps, mask: np.ndarray) -> np.ndarray:
    """Places (H, W) outside a mask (H, W) that look like one of its regions; none if they cover too much."""
    size_px = subject.size_px
    small_px = size_at_most(size_px, SEARCHED_PX)
    picture = resize(luma(next(iter(subject.values())).pixels)[..., None], small_px)[..., 0]
    small = resize(mask[..., None].astype(np.float32), small_px)[..., 0] > 0.5
    regions, _ = label(small, np.ones((3, 3)))
    twins = np.zeros(small_px, bool)
    for number, box in enumerate(find_objects(regions), 1):
        if min(side.stop - side.start for side in box) >= LEAST_PX:
            twins |= _twins_of_region(picture, regions[box] == number, (box[0].start, box[1].start))
    twins = binary_dilation(twins, iterations=MARGIN_PX) & ~small
    if twins.sum() > MOST * twins.size:
        return np.zeros(size_px, bool)
    return (resize(twins[..., None].astype(np.float32), size_px)[..., 0] > 0.5) & ~mask


def _twins_of_region(picture: np.ndarray, region: np.ndarray, corner: tuple[int, int]) -> np.ndarray:
    """Places (h, w) where a picture (h, w) looks like itself in a region of a box that begins at a corner."""
    height, width = region.shape
    top, left = corner
    own = picture[top : top + height, left : left + width]
    weights = region / region.sum()
    pattern = np.where(region, own - own[region].mean(), 0) / region.sum()
    mean, square, product = (
        oaconvolve(x, kernel[::-1, ::-1], "valid")
        for x, kernel in ((picture, weights), (picture**2, weights), (picture, pattern))
    )
    spread = np.sqrt((square - mean**2).clip(1e-8))
    alike = product / (spread * max(float(own[region].std()), 1e-4))
    alike -= np.abs(mean - own[region].mean()) / max(float(picture.std()), 1e-4) > 1
    alike[max(0, top - height // 2) : top + height // 2 + 1, max(0, left - width // 2) : left + width // 2 + 1] = 0
    found = np.zeros(picture.shape, bool)
    for y, x in np.argwhere((alike > ALIKE) & (alike == maximum_filter(alike, (height, width)))):
        found[y : y + height, x : x + width] |= region
    return found
