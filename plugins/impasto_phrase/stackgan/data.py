"""Training data: pictures at the sizes of both stages, with features of right and wrong captions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from impasto.data.dataset import Dataset
from impasto.errors import ParameterError
from impasto.surface.heights import UNKNOWN_RELIEF
from impasto.texture import MAP_CHANNELS, Maps
from impasto.training.base import LEARNED_MAPS, LEAST_DEVIATION
from impasto.training.pictures import Picture, load_surfaces
from impasto.training.standardisation import Standardisation, standardisation_of

from .card import MOST_WORDS
from .encoder import words_of
from .encoding import Encode
from .stage_two import ENLARGED

EXAMPLES = 40
LEAST_RELIEF_PX = 1e-3
HEIGHT_DEVIATIONS = 4.0
"""Heights of results are limited to this many deviations; learned heights lie within."""


@dataclass(frozen=True)
class Captioned:
    """A picture at full resolution and at a quarter, float16, and the rows of its captions in the features.

    known (C, 1, 1): 1 for channels that it has. about (C + 2,): means of its channels, and logarithms of the deviation
    of its heights in texels and of the size of a texel in metres.
    """

    picture: Picture
    coarse: Picture
    captions: range
    known: Tensor
    about: Tensor


@dataclass(frozen=True)
class Pairs:
    """A batch: maps x (B, C, H, W), their captions' features and those of wrong captions (B, F), known and about."""

    x: Tensor
    right: Tensor
    wrong: Tensor
    known: Tensor
    about: Tensor


@dataclass(frozen=True)
class CaptionedData:
    """All pictures, the features of all captions (N, F), and the fields of a model's card about them."""

    pictures: tuple[Captioned, ...]
    features: Tensor
    standardisation: Standardisation
    words: tuple[str, ...]
    examples: tuple[str, ...]
    sources: list[dict[str, Any]]

    @cached_property
    def areas(self) -> Tensor:
        """Area of each picture, in pixels."""
        return torch.tensor([float(one.picture.values[0].numel()) for one in self.pictures])

    @property
    def maps(self) -> tuple[str, ...]:
        """Names of the maps whose channels the pictures have."""
        return self.standardisation.maps

    def pairs(self, count: int, side_px: int, is_coarse: bool, random: torch.Generator) -> Pairs:
        """Random crops of `side_px` (of pictures at a quarter of the size if `is_coarse`) with captions.

        Larger pictures are chosen more often, by their area.
        """
        chosen = torch.multinomial(self.areas, count, replacement=True, generator=random).tolist()
        pictures = [self.pictures[index] for index in chosen]
        right = [_one(one.captions, random) for one in pictures]
        wrong = [self._wrong(index, row, random) for index, row in zip(chosen, right, strict=True)]
        x = [(one.coarse if is_coarse else one.picture).random_crop(side_px, random).float() for one in pictures]
        known = torch.stack([one.known for one in pictures])
        about = torch.stack([one.about for one in pictures])
        return Pairs(torch.stack(x), self._features(right), self._features(wrong), known, about)

    def _features(self, rows: Sequence[int]) -> Tensor:
        return self.features[rows].float()

    def _wrong(self, index: int, row: int, random: torch.Generator) -> int:
        """A caption of another picture with another text."""
        for _ in range(20):
            other = int(torch.randint(len(self.pictures), (), generator=random))
            found = _one(self.pictures[other].captions, random)
            if other != index and not torch.equal(self.features[found], self.features[row]):
                return found
        return found


def read_captioned(dataset: Dataset, longest_px: int, crop_px: int, encode: Encode, device: str) -> CaptionedData:
    """The dataset's pictures with their captions.

    Raise ParameterError if a picture has no caption or is smaller than `crop_px`, or if all captions are the same.
    """
    check_captions(dataset)
    surfaces, wraps, sources = load_surfaces(dataset, False, longest_px)
    for surface, sample in zip(surfaces, dataset.samples, strict=True):
        if min(surface.size_px) < crop_px:
            message = "{} is {}x{} px, too few for crops of {} px"
            remedy = "give larger pictures, or choose smaller crops"
            raise ParameterError(message, remedy, sample.name, surface.size_px[1], surface.size_px[0], crop_px)
    names = tuple(name for name in LEARNED_MAPS if any(name in maps for maps in surfaces))
    channels = [_channels(maps, names) for maps in surfaces]
    standardisation = standardisation_of(names, [(pixels, known) for pixels, known, _ in channels])
    if max(float(pixels[:3].std((1, 2)).max()) for pixels, _, _ in channels) < LEAST_DEVIATION:
        raise ParameterError("the data is of one colour: there is nothing to learn", "give pictures with texture")
    pictures, texts = [], list[str]()
    for (pixels, known, relief_px), surface, wrap, sample in zip(
        channels, surfaces, wraps, dataset.samples, strict=True
    ):
        values = standardisation(pixels) * known
        scales = [math.log(relief_px), math.log((surface.width_m or 1.0) / surface.size_px[1])]
        about = torch.cat([values.mean((1, 2)), torch.tensor(scales)])
        captions = range(len(texts), len(texts) + len(sample.captions))
        texts += sample.captions
        pictures.append(_captioned_picture(values, wrap, captions, known, about, device))
    features = torch.from_numpy(np.asarray(encode(texts), np.float16)).to(device)
    return CaptionedData(tuple(pictures), features, standardisation, _words(texts), _examples(dataset), sources)


def check_captions(dataset: Dataset) -> None:
    """Raise ParameterError unless each picture has a caption, and there are different ones."""
    remedy = "write a text file of the same name beside each picture, or `metadata.jsonl` with file_name and text"
    without = [sample.name for sample in dataset.samples if not sample.captions]
    if without:
        count = len(dataset.samples)
        raise ParameterError("{} of {} pictures have no caption, such as {}", remedy, len(without), count, without[0])
    if len({sample.captions for sample in dataset.samples}) < 2:
        message = "all pictures have the same captions: phrases cannot be distinguished"
        raise ParameterError(message, "give pictures of several materials, each with its own caption")


def _channels(maps: Maps, names: Sequence[str]) -> tuple[Tensor, Tensor, float]:
    """Channels (C, H, W) of the named maps, which of them are known (C, 1, 1), and the relief in texels.

    Heights are in deviations from their mean, scaled to [0, 1], since a model has one scale for all materials.
    """
    known = [float(name in maps) for name in names for _ in range(MAP_CHANNELS[name])]
    relief_px = LEAST_RELIEF_PX
    if "height" in maps:
        height = maps["height"].pixels
        deviation = max(float(height.std()), 1e-6)
        span_px = maps.height_range_px
        relief_px = max(relief_px, deviation * (UNKNOWN_RELIEF * maps.size_px[1] if span_px is None else span_px))
        even = (height - height.mean()) / deviation
        maps = maps.with_arrays({"height": (0.5 + even / (2 * HEIGHT_DEVIATIONS)).clip(0, 1)})
    return torch.from_numpy(maps.channels(names)), torch.tensor(known)[:, None, None], relief_px


def _captioned_picture(
    values: Tensor, wraps: tuple[bool, bool], captions: range, known: Tensor, about: Tensor, device: str
) -> Captioned:
    height, width = (side // ENLARGED * ENLARGED for side in values.shape[1:])
    coarse = avg_pool2d(values[None, :, :height, :width], ENLARGED)[0]
    wraps = (wraps[0] and height == values.shape[1], wraps[1] and width == values.shape[2])
    picture, quarter = (Picture(pixels.half().to(device), wraps) for pixels in (values, coarse))
    return Captioned(picture, quarter, captions, known.to(device), about.to(device))


def _one(captions: range, random: torch.Generator) -> int:
    return captions[int(torch.randint(len(captions), (), generator=random))]


def _words(texts: Sequence[str]) -> tuple[str, ...]:
    """The most common words of the captions, sorted."""
    counts = Counter(word for text in texts for word in words_of(text))
    return tuple(sorted(word for word, _ in counts.most_common(MOST_WORDS)))


def _examples(dataset: Dataset) -> tuple[str, ...]:
    """One caption each from some pictures, evenly spread over the dataset."""
    step = max(1, len(dataset.samples) // EXAMPLES)
    return tuple(dict.fromkeys(sample.captions[0][:300] for sample in dataset.samples[::step]))[:EXAMPLES]
