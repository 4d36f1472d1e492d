"""Shared by the tools that change light: conversion of the base colour to linear light, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from impasto.surface.color import LUMA, encoded_pixels, linear_to_srgb
from impasto.texture import Maps

if TYPE_CHECKING:
    from torch import Tensor


def luma_of(maps: Maps, device: str) -> Tensor:
    """Luma (H, W) of the base colour, sRGB-encoded; of maps without one, the mean of the first."""
    import torch

    name = "base_color" if "base_color" in maps else next(iter(maps))
    pixels = encoded_pixels(maps[name])
    weights = LUMA if name == "base_color" else np.full(pixels.shape[2], 1 / pixels.shape[2], np.float32)
    return torch.from_numpy(pixels @ weights).to(device)


def with_linear_color(maps: Maps, linear: np.ndarray) -> Maps:
    """Maps with another base colour (H, W, 3), limited to [0, 1], in the colour space that it had."""
    texture = maps["base_color"]
    pixels = np.asarray(linear if texture.color_space == "linear" else linear_to_srgb(linear), np.float32)
    pixels = np.clip(pixels, 0, 1)
    return replace(maps, textures={**maps.textures, "base_color": replace(texture, pixels=pixels)})
