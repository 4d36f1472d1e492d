"""Training data: random crops of a dataset's pictures, standardised for the GANs and for the autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.data.dataset import Dataset
from impasto.errors import Message, ParameterError
from impasto.surface.heights import UNKNOWN_RELIEF
from impasto.texture import MAP_CHANNELS, Maps
from impasto.training.base import LEARNED_MAPS, LEAST_DEVIATION
from impasto.training.pictures import Picture, load_surfaces

LEAST_RATIO = 0.15
"""Axes of colour are scaled as if their deviation were at least this fraction of the strongest axis's."""


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


def learned_maps(dataset: Dataset) -> tuple[str, ...]:
    """The maps to learn, which all samples have."""
    return tuple(name for name in LEARNED_MAPS if all(name in sample.maps for sample in dataset.samples))


def read_crops(dataset: Dataset, longest_px: int, crop_px: int, hold_out: bool, device: str) -> CropSource:
    """The dataset's pictures, shrunk to `longest_px`; with `hold_out` only half of each, so that the other can judge.

    Raise ParameterError if there is nothing to learn.
    """
    maps = learned_maps(dataset)
    if "base_color" not in maps:
        raise ParameterError("the data has no base colour", "give pictures or map sets with a base colour")
    surfaces, wraps, sources = load_surfaces(dataset, hold_out, longest_px)
    for surface, sample, wrap in zip(surfaces, dataset.samples, wraps, strict=True):
        if any(side < crop_px * (1 if wrapped else 1.25) for side, wrapped in zip(surface.size_px, wrap, strict=True)):
            height, width = surface.size_px
            message = Message("{} is {}x{} px, too few for crops of {} px", sample.name, width, height, crop_px)
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


@dataclass(frozen=True)
class Pictures:
    """Training pictures and their maps. relief_px: difference of heights 1 and 0, in texels, the same for all.

    texel_m: size of a texel. about: sources of the data, for the model's card.
    """

    pictures: tuple[Picture, ...]
    maps: tuple[str, ...]
    relief_px: float
    texel_m: float
    about: list[dict[str, Any]]

    def crops(self, count: int, size_px: int, random: torch.Generator) -> Tensor:
        """Crops (count, C, size_px, size_px) from random places, across borders that wrap around."""
        chosen = torch.randint(len(self.pictures), (count,), generator=random).tolist()
        return torch.stack([self.pictures[index].random_crop(size_px, random) for index in chosen])

    def axes(self) -> tuple[Tensor, Tensor, Tensor]:
        """Mean (C,), mixing matrix (C, C) and deviations (C,) along its columns.

        Its columns are the principal axes of colour and each other channel by itself. Deviations are 1, or less where
        the data hardly vary.
        """
        pixels = torch.cat([picture.values.flatten(1) for picture in self.pictures], 1).double()
        deviation, least = pixels.std(1), torch.full((len(pixels),), LEAST_DEVIATION, dtype=pixels.dtype)
        variances, directions = torch.linalg.eigh(torch.cov(pixels[:3]))
        deviation[:3] = variances.clamp(min=0).sqrt()
        least[:3] = least[:3].clamp(min=LEAST_RATIO * float(deviation[:3].max()))
        scale = deviation.maximum(least)
        mixing = scale.diag()
        mixing[:3, :3] = directions * scale[:3]
        return pixels.mean(1).float(), mixing.float(), (deviation / scale).float()


def load_pictures(dataset: Dataset, longest_px: int, crop_px: int, hold_out: bool) -> Pictures:
    """All samples that are large enough for crops, shrunk to `longest_px`. Raise ParameterError if there is none.

    hold_out: use only half of each, so that the other half can judge.
    """
    names = learned_maps(dataset)
    surfaces, wraps, sources = load_surfaces(dataset, hold_out, longest_px)
    relief_px = max(maps.height_range_px or 0.0 for maps in surfaces)
    pictures = [Picture(pixels_of(maps, names, relief_px), wrap) for maps, wrap in zip(surfaces, wraps, strict=True)]
    sizes = [min(maps.size_px) for maps in surfaces]
    if max(sizes) < crop_px:
        message = "the largest picture has {} px to learn from along its shorter side, crops need {}"
        remedy = "give a larger picture, raise longest_px, or choose smaller crops"
        raise ParameterError(message, remedy, max(sizes), crop_px)
    if max(float(maps["base_color"].pixels.std((0, 1)).max()) for maps in surfaces) < LEAST_DEVIATION:
        raise ParameterError("the data is of one colour: there is nothing to learn", "give a picture with some texture")
    texel_m = float(np.median([(maps.width_m or 1.0) / maps.size_px[1] for maps in surfaces]))
    fitting = tuple(picture for picture, size in zip(pictures, sizes, strict=True) if size >= crop_px)
    return Pictures(fitting, names, relief_px, texel_m, sources)


def pixels_of(maps: Maps, names: Sequence[str], relief_px: float) -> Tensor:
    """The maps `names` (C, H, W) in [0, 1], height rescaled to `relief_px`; NaN for missing maps."""
    if "height" in maps and maps.height_range_px and relief_px:
        height = 0.5 + (maps["height"].pixels - 0.5) * (maps.height_range_px / relief_px)
        maps = maps.with_arrays({"height": height})
    return torch.from_numpy(maps.channels(names, missing=np.nan).clip(0, 1))
