"""Training data: the maps of one surface as one standardised tensor, and crops of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.errors import ParameterError
from impasto.texture import MAP_CHANNELS, Maps

LEARNED_MAPS = ("base_color", "height", "roughness", "metallic")
"""Normals and occlusion are derived from height, so that they agree with it."""
LEAST_DEVIATION = 0.01


@dataclass(frozen=True)
class Data:
    """pixels (C, H, W), standardised by mean and deviation (C, 1, 1); `maps` says whose channels they are, in order."""

    pixels: Tensor
    mean: Tensor
    deviation: Tensor
    maps: tuple[str, ...]

    def crops(self, count: int, size_px: int, random: torch.Generator) -> Tensor:
        """Crops (count, C, size_px, size_px) from random places."""
        tops, lefts = (
            torch.randint(side - size_px + 1, (count,), generator=random).tolist() for side in self.pixels.shape[1:]
        )
        crops = [
            self.pixels[:, top : top + size_px, left : left + size_px] for top, left in zip(tops, lefts, strict=True)
        ]
        return torch.stack(crops)


def prepare(subject: Maps, longest_px: int, crop_px: int, device: str) -> Data:
    """The learned maps of the subject, shrunk to `longest_px`. ParameterError where there is nothing to learn."""
    maps = tuple(name for name in LEARNED_MAPS if name in subject)
    pixels = torch.cat([torch.from_numpy(subject[name].pixels.transpose(2, 0, 1).copy()) for name in maps])  # (C, H, W)
    ratio = longest_px / max(pixels.shape[1:])
    if ratio < 1:
        size = [max(1, round(side * ratio)) for side in pixels.shape[1:]]
        pixels = interpolate(pixels[None], size=size, mode="area")[0]
    height, width = pixels.shape[1:]
    if min(height, width) < 1.5 * crop_px:
        message = f"the data is {width}x{height} px, too few for crops of {crop_px} px"
        raise ParameterError(message, "give a larger picture, or choose smaller crops")
    deviation = pixels.std((1, 2), keepdim=True)
    if deviation[: MAP_CHANNELS["base_color"]].max() < LEAST_DEVIATION:
        raise ParameterError("the data is of one colour: there is nothing to learn", "give a picture with some texture")
    mean, deviation = pixels.mean((1, 2), keepdim=True), deviation.clamp(min=LEAST_DEVIATION)
    return Data(((pixels - mean) / deviation).to(device), mean, deviation, maps)
