"""Training data of the textbook networks: random, standardised crops of all pictures of a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from impasto.data.dataset import Dataset
from impasto.errors import ParameterError
from impasto.surface.heights import UNKNOWN_RELIEF
from impasto.texture import MAP_CHANNELS, Maps
from impasto.training.base import LEARNED_MAPS, LEAST_DEVIATION
from impasto.training.pictures import Picture, load_surfaces


@dataclass(frozen=True)
class CropSource:
    """Pictures of `maps`, standardised by mean and deviation (C, 1, 1), of the classes `labels`.

    texel_m: mean size of a texel. span_px: difference of heights 0 and 1, in texels. about: the data for the model's
    card.
    """

    pictures: tuple[Picture, ...]
    maps: tuple[str, ...]
    mean: Tensor
    deviation: Tensor
    labels: tuple[str, ...]
    texel_m: float
    span_px: float
    about: list[dict[str, Any]]

    def draw(self, count: int, size_px: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Random crops (count, C, size_px, size_px), and their classes (count,), all equally likely."""
        classes = torch.tensor([picture.label for picture in self.pictures])
        probabilities = 1 / torch.bincount(classes)[classes].float()
        chosen = torch.multinomial(probabilities, count, replacement=True, generator=random)
        places = torch.tensor([picture.places(size_px) for picture in self.pictures])[chosen]  # (count, 2)
        corners = (torch.rand(count, 2, generator=random, dtype=torch.float64) * places).long().tolist()
        crops = [
            self.pictures[index].crop((top, left), size_px)
            for index, (top, left) in zip(chosen.tolist(), corners, strict=True)
        ]
        return torch.stack(crops), classes[chosen].to(crops[0].device)


def read_crops(dataset: Dataset, longest_px: int, crop_px: int, hold_out: bool, device: str) -> CropSource:
    """The dataset's pictures, shrunk to `longest_px`; only half of each if `hold_out`, so that the other can judge.

    ParameterError if there is nothing to learn.
    """
    maps = tuple(name for name in LEARNED_MAPS if all(name in sample.maps for sample in dataset.samples))
    if "base_color" not in maps:
        raise ParameterError("the data has no base colour", "give pictures or map sets with a base colour")
    surfaces, wraps, sources = load_surfaces(dataset, hold_out, longest_px)
    for surface, sample, wrap in zip(surfaces, dataset.samples, wraps, strict=True):
        if any(side < crop_px * (1 if wrapped else 1.25) for side, wrapped in zip(surface.size_px, wrap, strict=True)):
            height, width = surface.size_px
            message = f"{sample.name} is {width}x{height} px, too few for crops of {crop_px} px"
            raise ParameterError(message, "give larger pictures, or choose smaller crops")
    spans = [(surface.height_range_px, UNKNOWN_RELIEF * surface.size_px[1]) for surface in surfaces]
    spans_px = [usual if known is None else known for known, usual in spans]
    values = [_channels(surface, maps, span / max(spans_px)) for surface, span in zip(surfaces, spans_px, strict=True)]
    pixels = torch.cat([channels.flatten(1) for channels in values], 1)  # (C, N)
    mean, deviation = pixels.mean(1)[:, None, None], pixels.std(1)[:, None, None]
    if deviation[: MAP_CHANNELS["base_color"]].max() < LEAST_DEVIATION:
        raise ParameterError("the data is of one colour: there is nothing to learn", "give a picture with some texture")
    deviation = deviation.clamp(min=LEAST_DEVIATION)
    labels = [dataset.labels.index(sample.label) if sample.label else 0 for sample in dataset.samples]
    pictures = tuple(
        Picture(((channels - mean) / deviation).to(device), wrap, label)
        for channels, wrap, label in zip(values, wraps, labels, strict=True)
    )
    texels = [(surface.width_m or 1.0) / surface.size_px[1] for surface in surfaces]
    return CropSource(
        pictures, maps, mean, deviation, dataset.labels, sum(texels) / len(texels), max(spans_px), sources
    )


def _channels(surface: Maps, maps: tuple[str, ...], factor: float) -> Tensor:
    """The maps (C, H, W), with heights multiplied by a factor."""
    if "height" in maps:
        surface = surface.with_arrays({"height": surface["height"].pixels * factor})
    return torch.from_numpy(surface.channels(maps))
