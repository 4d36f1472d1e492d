"""Pictures as masks, and as maps of regions: each colour is one."""

from __future__ import annotations

import numpy as np

from impasto.data.prepare import resize
from impasto.errors import ParameterError
from impasto.texture import Maps

MOST_REGIONS = 4096


def mask_of(maps: Maps, size_px: tuple[int, int]) -> np.ndarray:
    """Whether pixels (H, W) are white in a picture of any size: above half of its brightness."""
    pixels = _pixels(maps)
    pixels = pixels @ np.full((pixels.shape[2], 1), 1 / pixels.shape[2], np.float32)
    return resize(pixels, size_px)[..., 0] > 0.5 if pixels.shape[:2] != size_px else pixels[..., 0] > 0.5


def regions_of(maps: Maps, size_px: tuple[int, int], name: str) -> np.ndarray:
    """Numbers (H, W) of the regions of a picture of any size, one for each of its colours.

    ParameterError if it has too many colours, as a photograph has.
    """
    colors = np.round(_pixels(maps) * 255).astype(np.int64)
    rows, columns = (
        np.minimum((np.arange(wanted) + 0.5) * given / wanted, given - 1).astype(int)
        for wanted, given in zip(size_px, colors.shape[:2], strict=True)
    )
    code = (colors[rows[:, None], columns] * (1, 256, 65536)[: colors.shape[2]]).sum(2)
    found, number = np.unique(code, return_inverse=True)
    if len(found) > MOST_REGIONS:
        message = f"{name} has {len(found)} colours, as a photograph has"
        raise ParameterError(message, "paint each region in one flat colour, without soft edges")
    return number.reshape(size_px).astype(np.int32)


def _pixels(maps: Maps) -> np.ndarray:
    return next(iter(maps.values())).pixels
