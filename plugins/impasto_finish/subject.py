"""Shared by the tools: checked colours of the subject and of a second input, and their conversion to tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impasto.errors import ParameterError
from impasto.surface.color import encoded_pixels
from impasto.texture import Maps

if TYPE_CHECKING:
    from torch import Tensor


def color_of(maps: Maps, input_: str = "source") -> np.ndarray:
    """An input's base colour (H, W, 3), sRGB-encoded in [0, 1]. Raise ParameterError if it has none."""
    if "base_color" not in maps:
        remedy = "give a picture, or a folder of maps with a base color"
        raise ParameterError("the input {} has no base color, only {}", remedy, input_, ", ".join(maps) or "nothing")
    return np.clip(encoded_pixels(maps["base_color"]), 0, 1)


def tensor_of(pixels: np.ndarray, device: str) -> Tensor:
    """Pixels (H, W, C) as (C, H, W)."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).to(device)


def pixels_of(x: Tensor) -> np.ndarray:
    """A tensor (C, H, W) as pixels (H, W, C)."""
    return np.ascontiguousarray(x.permute(1, 2, 0).cpu().numpy())
