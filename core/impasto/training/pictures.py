"""Pictures to learn from: loading them, taking a half if the other half is for judging, and cutting random crops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..data.dataset import Dataset
from ..data.parts import part_of, training_part
from ..texture import Maps


@dataclass(frozen=True)
class Picture:
    """Values (C, H, W) of a picture. wraps: vertically, horizontally. label: index of its class."""

    values: Tensor
    wraps: tuple[bool, bool]
    label: int = 0

    def places(self, size_px: int) -> tuple[int, int]:
        """Numbers of rows and columns at which a crop may begin."""
        sides = zip(self.values.shape[1:], self.wraps, strict=True)
        rows, columns = (side if wraps else side - size_px + 1 for side, wraps in sides)
        return rows, columns

    def crop(self, corner: tuple[int, int], size_px: int) -> Tensor:
        """The crop (C, size_px, size_px) that begins at a corner (y, x)."""
        along = torch.arange(size_px)
        rows, columns = ((start + along) % side for start, side in zip(corner, self.values.shape[1:], strict=True))
        return self.values[:, rows[:, None], columns]

    def random_crop(self, size_px: int, random: torch.Generator) -> Tensor:
        """A crop from a random place."""
        top, left = (int(torch.randint(places, (), generator=random)) for places in self.places(size_px))
        return self.crop((top, left), size_px)


def random_crop(x: Tensor, size_px: int, random: torch.Generator) -> Tensor:
    """A random crop (B, C, size_px, size_px) of x (B, C, H, W), which hides from a discriminator that x tiles."""
    top, left = (int(torch.randint(side - size_px + 1, (), generator=random)) for side in x.shape[2:])
    return x[:, :, top : top + size_px, left : left + size_px]


def load_surfaces(
    dataset: Dataset, hold_out: bool, longest_px: int | None = None
) -> tuple[list[Maps], list[tuple[bool, bool]], list[dict[str, Any]]]:
    """Maps of all samples, shrunk to `longest_px`; whether each wraps; and the sources for a model's card.

    hold_out: one half of each, which does not wrap along the axis that it was cut across.
    """
    surfaces, wraps, learned = [], [], []
    for sample in dataset.samples:
        maps = sample.load(longest_px)
        part = training_part(maps) if hold_out else "all"
        surfaces.append(part_of(maps, part))
        wraps.append((sample.wraps[0] and part != "top", sample.wraps[1] and part != "left"))
        learned.append((maps.size_px, part))
    return surfaces, wraps, dataset.sources(learned)
