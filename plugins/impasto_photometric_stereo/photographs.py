"""Checked photographs as linear light: of one size, neither plain nor overexposed, and all different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from impasto.errors import Message, ParameterError
from impasto.surface.color_tensors import srgb_to_linear
from impasto.texture import Maps

from .parameters import FEWEST

LEAST_PX = 32
WHITE = 0.985
"""A channel above this sRGB value counts as saturated."""
MOST_WHITE = 0.25
"""A photograph with a larger share of saturated pixels cannot be used."""
ONE_COLOR = 0.012
"""Smallest range of values: three steps of 8 bits."""
SAME = 1e-4
"""Pictures with a smaller mean difference, relative to their brightness, are the same file."""
LEAST_SATURATION, FULL_SATURATION = 0.1, 0.25
"""Range of colour, relative to brightness, over which colour begins to separate highlights from paint."""
GREY = (0.3, 0.5, 0.2)


@dataclass(frozen=True)
class Photographs:
    """Linear light (K, 3, H, W), and where it is not saturated (K, H, W)."""

    rgb: Tensor
    usable: Tensor

    @property
    def intensity(self) -> Tensor:
        """Mean of the channels (K, H, W), weighted by their noise."""
        red, green, blue = self.rgb.unbind(1)
        return GREY[0] * red + GREY[1] * green + GREY[2] * blue

    @property
    def matte(self) -> Tensor:
        """Intensity (K, H, W) without highlights, as far as the surface has a colour (Mallick et al. 2005).

        Highlights have the light's colour, white, so a sum of channels across white has none of them. Grey surfaces
        show nothing there and keep `intensity`; those between have some of both.
        """
        mean = self.rgb.mean(0)  # (3, H, W)
        white = mean.mean(0, keepdim=True)
        colored = mean - white
        saturation = (colored.square().sum(0) / mean.square().sum(0).clamp_min(1e-9)).sqrt()
        share = ((saturation - LEAST_SATURATION) / (FULL_SATURATION - LEAST_SATURATION)).clamp(0, 1)
        weight = mean - share * white  # (3, H, W)
        scale = GREY[0] * mean[0] + GREY[1] * mean[1] + GREY[2] * mean[2]
        weight = weight * (scale / (weight * mean).sum(0).clamp_min(1e-9))
        red, green, blue = self.rgb.unbind(1)
        return (weight[0] * red).addcmul_(weight[1], green).addcmul_(weight[2], blue)

    def in_window(self, rows: slice, columns: slice) -> Photographs:
        """The same part of all photographs."""
        return replace(self, rgb=self.rgb[..., rows, columns], usable=self.usable[..., rows, columns])


def read(photos: Sequence[Maps], device: str) -> Photographs:
    """The photographs as tensors. Raise ParameterError, with a remedy, if they cannot be compared."""
    _check(photos)
    rgb, usable = [], []
    for index, photo in enumerate(photos):
        color = photo["base_color"]
        x = torch.from_numpy(color.pixels).to(device).permute(2, 0, 1).contiguous()
        least_white = WHITE if color.color_space == "srgb" else WHITE**2.2
        white = x.amax(0) >= least_white
        if float(white.float().mean()) > MOST_WHITE:
            message = "{} is overexposed: {:.0%} of it is white"
            remedy = "expose less, so that only highlights are white, or leave it out"
            raise ParameterError(message, remedy, _name_of(photos, index), float(white.float().mean()))
        rgb.append(srgb_to_linear(x) if color.color_space == "srgb" else x)
        usable.append(1 - white.float())
    found = Photographs(torch.stack(rgb), torch.stack(usable))
    _refuse_twins(found, photos)
    return found


def _check(photos: Sequence[Maps]) -> None:
    """Raise ParameterError for too few photographs, other sizes, and pictures of one colour."""
    if len(photos) < FEWEST:
        remedy = "give at least three, each with the light elsewhere; eight are better"
        raise ParameterError("{} photographs are too few to measure relief", remedy, len(photos))
    for index, photo in enumerate(photos):
        if "base_color" not in photo:
            raise ParameterError("{} has no base colour", "give a photograph", _name_of(photos, index))
        (height, width), (first_height, first_width) = photo.size_px, photos[0].size_px
        if photo.size_px != photos[0].size_px:
            message = "{} is {}x{} pixels, the first one {}x{}"
            remedy = "give photographs of one size, as the camera took them from one place"
            raise ParameterError(message, remedy, _name_of(photos, index), width, height, first_width, first_height)
        if min(height, width) < LEAST_PX:
            message = Message("{} is {}x{} pixels, too few to measure relief", _name_of(photos, index), width, height)
            raise ParameterError(message, "give at least {}x{} pixels, better 1024x1024", LEAST_PX, LEAST_PX)
        if np.ptp(photo["base_color"].pixels[::2, ::2], axis=(0, 1)).max() < ONE_COLOR:
            remedy = "expose it so that the surface can be seen, or leave it out"
            raise ParameterError("{} has one colour only", remedy, _name_of(photos, index))


def _refuse_twins(found: Photographs, photos: Sequence[Maps]) -> None:
    """Raise ParameterError if two photographs are the same picture."""
    few = found.rgb[..., ::4, ::4].flatten(1)
    few = few / few.mean(1, keepdim=True).clamp_min(1e-6)
    for index in range(1, len(few)):
        differences = (few[:index] - few[index]).abs().mean(1)
        if float(differences.min()) < SAME:
            other = _name_of(photos, int(differences.argmin()))
            remedy = "move the light between the photographs, and give each of them once"
            raise ParameterError("{} and {} are lit alike", remedy, _name_of(photos, index), other)


def _name_of(photos: Sequence[Maps], index: int) -> str:
    name = photos[index].name
    return Message("photograph {} ({})" if name else "photograph {}", index + 1, name)
