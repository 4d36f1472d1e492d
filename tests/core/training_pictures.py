"""Pictures that tests learn from: noise, and smooth hills."""

from __future__ import annotations

import numpy as np
from PIL import Image


def noise(seed: int, size_px: tuple[int, int] = (96, 96)) -> Image.Image:
    """Coarse coloured noise, another for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
    return Image.fromarray(coarse).resize(size_px[::-1], Image.Resampling.BICUBIC)


def hills(size_px: int, is_tiling: bool = True) -> np.ndarray:
    """Height (size_px, size_px) in pixels of a smooth surface, its slopes up to about 0.5."""
    y, x = np.mgrid[0:size_px, 0:size_px] * (2 * np.pi / size_px)
    height = 4 * np.sin(2 * x) * np.cos(3 * y) + 2 * np.cos(5 * x + 4 * y) + np.sin(7 * y)
    return height if is_tiling else height[: size_px * 3 // 5, : size_px * 7 // 10]
