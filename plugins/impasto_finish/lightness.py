"""Changes of lightness that leave hue and chroma alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from impasto.surface.palette import from_oklab, in_bands, to_oklab

from .subject import pixels_of, tensor_of


def with_lightness(pixels: np.ndarray, change: Callable[[Tensor], Tensor], device: str) -> np.ndarray:
    """Pixels (H, W, 3), sRGB in [0, 1], whose lightness in Oklab, (1, H, W) in [0, 1], has been changed."""
    oklab = in_bands(to_oklab, pixels)
    oklab[..., :1] = pixels_of(change(tensor_of(oklab[..., :1], device)))
    return in_bands(from_oklab, oklab)


def lightness_of(pixels: np.ndarray, device: str) -> Tensor:
    """Lightness (1, H, W) in Oklab of pixels (H, W, 3), sRGB in [0, 1]."""
    return tensor_of(in_bands(to_oklab, pixels)[..., :1], device)
