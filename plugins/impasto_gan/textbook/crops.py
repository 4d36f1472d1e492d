"""Training data of the textbook networks: random, standardised crops of all pictures of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.data.dataset import Dataset
from impasto.data.parts import part_of, training_part
from impasto.errors import ParameterError
from impasto.surface.relief import UNKNOWN_RELIEF
from impasto.texture import MAP_CHANNELS, Maps, channels_of
from impasto.training.base import LEARNED_MAPS, LEAST_DEVIATION


@dataclass(frozen=True)
class Crops:
    """All pixels (C, N) of `maps`, standardised by mean and deviation (C, 1, 1), one picture after the other.

    For each of S pictures: the index of its first pixel (S,), its height and width (S, 2), whether its rows and columns
    wrap (S, 2), and the index of its class in `labels` (S,). texel_m: mean size of a texel. span_px: difference of
    heights 0 and 1, in texels. about: the data for the model's card.
    """

    pixels: Tensor
    maps: tuple[str, ...]
    mean: Tensor
    deviation: Tensor
    start: Tensor
    size: Tensor
    wraps: Tensor
    classes: Tensor
    labels: tuple[str, ...]
    texel_m: float
    span_px: float
    about: tuple[dict[str, Any], ...]

    def draw(self, count: int, size_px: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Random crops (count, C, size_px, size_px), and their classes (count,), all equally likely."""
        probabilities = 1 / torch.bincount(self.classes)[self.classes].float()
        chosen = torch.multinomial(probabilities, count, replacement=True, generator=random)
        side = self.size[chosen]  # (count, 2)
        positions = torch.where(self.wraps[chosen], side, side - size_px + 1)
        corner = (torch.rand(count, 2, generator=random, dtype=torch.float64) * positions).long()
        along = torch.arange(size_px)
        rows, columns = ((corner[:, axis, None] + along) % side[:, axis, None] for axis in (0, 1))
        index = self.start[chosen, None, None] + rows[:, :, None] * side[:, 1, None, None] + columns[:, None]
        crops = self.pixels[:, index.flatten().to(self.pixels.device)]
        return crops.unflatten(1, index.shape).transpose(0, 1), self.classes[chosen].to(self.pixels.device)


def read_crops(dataset: Dataset, longest_px: int, crop_px: int, hold_out: bool, device: str) -> Crops:
    """The dataset's pictures, shrunk to `longest_px`; only half of each if `hold_out`, so that the other can judge.

    ParameterError if there is nothing to learn.
    """
    maps = tuple(name for name in LEARNED_MAPS if all(name in sample.maps for sample in dataset.samples))
    if "base_color" not in maps:
        raise ParameterError("the data has no base colour", "give pictures or map sets with a base colour")
    pictures, learned = [], []
    for sample in dataset.samples:
        picture = sample.load(longest_px)
        part = training_part(picture) if hold_out else "all"
        learned.append((picture.size_px, part))
        pictures.append(part_of(picture, part))
    wraps = [sample.wraps if not hold_out else (False, False) for sample in dataset.samples]
    for picture, sample, wrap in zip(pictures, dataset.samples, wraps, strict=True):
        if any(side < crop_px * (1 if wrapped else 1.25) for side, wrapped in zip(picture.size_px, wrap, strict=True)):
            height, width = picture.size_px
            message = f"{sample.name} is {width}x{height} px, too few for crops of {crop_px} px"
            raise ParameterError(message, "give larger pictures, or choose smaller crops")
    return _standardised(
        pictures, maps, wraps, [sample.label for sample in dataset.samples], dataset.sources(learned), device
    )


def _standardised(
    pictures: Sequence[Maps],
    maps: tuple[str, ...],
    wraps: Sequence[tuple[bool, bool]],
    labels: Sequence[str | None],
    about: Sequence[dict[str, Any]],
    device: str,
) -> Crops:
    spans = [_span_px(picture) for picture in pictures]
    span_px = max(spans)
    stacks = []
    for picture, span in zip(pictures, spans, strict=True):
        arrays = [picture[name].pixels * (span / span_px if name == "height" else 1) for name in maps]
        stacks.append(torch.from_numpy(np.concatenate(arrays, 2).reshape(-1, channels_of(maps)).T))
    pixels = torch.cat([stack.float() for stack in stacks], 1)  # (C, N)
    mean, deviation = pixels.mean(1, keepdim=True), pixels.std(1, keepdim=True)
    if deviation[: MAP_CHANNELS["base_color"]].max() < LEAST_DEVIATION:
        raise ParameterError("the data is of one colour: there is nothing to learn", "give a picture with some texture")
    deviation = deviation.clamp(min=LEAST_DEVIATION)
    counts = torch.tensor([stack.shape[1] for stack in stacks])
    names = tuple(sorted({label for label in labels if label}))
    texels = [(picture.width_m or 1.0) / picture.size_px[1] for picture in pictures]
    return Crops(
        ((pixels - mean) / deviation).to(device),
        maps,
        mean[..., None],
        deviation[..., None],
        counts.cumsum(0) - counts,
        torch.tensor([picture.size_px for picture in pictures]),
        torch.tensor(wraps),
        torch.tensor([names.index(label) if label else 0 for label in labels]),
        names,
        sum(texels) / len(texels),
        span_px,
        tuple(about),
    )


def _span_px(picture: Maps) -> float:
    """Difference of heights 0 and 1, in texels."""
    if picture.height_range_m is None:
        return UNKNOWN_RELIEF * picture.size_px[1]
    return picture.height_range_m / (picture.width_m or 1.0) * picture.size_px[1]
