"""Training data: one photograph, PBR sets, folders by class or contact sheets, prepared alike on every machine.

`read_dataset` examines every picture once, and gives a reason for each one that it leaves out. A `Sample` holds no
pixels: `load` decodes and prepares them each time, so that a thousand pictures need no more memory than one.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError, Message, ParameterError, series
from ..io.signatures import FORMATS
from ..surface.wrapping import wraps
from ..system.names import as_unicode
from ..system.untrusted import is_folder, resolve, shorten
from ..texture import Maps
from .pictures import PictureSource, find_pictures, without_paths
from .prepare import Preparation, find_same, is_blank, thumbnail

REMEDY = Message("give a photograph, a PBR set, or a folder of them: {}", FORMATS)
ENOUGH_CROPS = 1.2
"""Least area of data that does not tile, in crops of the training's size. With less, all crops are nearly the same."""


Moments = dict[str, tuple[int, np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Sample:
    """One surface to learn from. `size_px` (height, width) and `maps` (names) describe the result of `load`.

    sha256: hash of its files as stored. wraps: whether it tiles vertically and horizontally.
    """

    name: str
    label: str | None
    licence: str
    sha256: str
    size_px: tuple[int, int]
    maps: tuple[str, ...]
    wraps: tuple[bool, bool]
    picture: PictureSource
    preparation: Preparation

    @property
    def rank(self) -> tuple[int, int, str]:
        """Sort key that puts the best of several duplicates first: most maps, most pixels, then by name."""
        return -len(self.maps), -self.size_px[0] * self.size_px[1], self.name

    @property
    def captions(self) -> tuple[str, ...]:
        """Sentences that describe it, possibly none."""
        return self.picture.captions

    def load(self, longest_px: int | None = None) -> Maps:
        """The prepared maps, decoded afresh, and shrunk further if `longest_px` is below the preparation's.

        `width_m` is set. If the set has a normal map, `height` agrees with it (see `heights`).
        """
        longest_px = min(longest_px or self.preparation.longest_px, self.preparation.longest_px)
        return self.picture.prepared_maps(replace(self.preparation, longest_px=longest_px))


@dataclass(frozen=True)
class Rejection:
    """A picture that was left out, with the reason."""

    name: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """The samples that a trainer learns from, and the pictures that were left out.

    statistics: mean and standard deviation of each channel over all pixels, by map.
    """

    name: str
    samples: tuple[Sample, ...]
    rejected: tuple[Rejection, ...] = ()
    preparation: Preparation = field(default_factory=Preparation)
    statistics: Mapping[str, Mapping[str, list[float]]] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes of the labelled samples, sorted."""
        return tuple(sorted({sample.label for sample in self.samples if sample.label is not None}))

    def sha256(self) -> str:
        """Hash of the settings and of all samples' names, labels, captions and files: the same on every machine."""
        facts = [
            [sample.name, sample.label, sample.sha256, *([sample.captions] if sample.captions else [])]
            for sample in self.samples
        ]
        text = json.dumps([facts, self.preparation.to_dict()], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def sources(self, learned: Sequence[tuple[tuple[int, int], str]] = ()) -> list[dict[str, Any]]:
        """Name, licence and SHA-256 of each file or map set, for a model's card. A contact sheet counts as one file.

        learned: for each sample, the (height, width) at which it was learned, and the part of it (see `parts`). If each
        sample is a file of its own, the card has both, and its class.
        """
        found: dict[str, dict[str, Any]] = {}
        for sample in self.samples:
            name, sha256 = sample.picture.source
            found[name] = {"name": name, "licence": sample.licence, "sha256": sha256}
        if learned and len(found) == len(self.samples):
            for source, sample, (size_px, part) in zip(found.values(), self.samples, learned, strict=True):
                source |= {"size_px": [size_px[1], size_px[0]], "part": part}
                if sample.label:
                    source["label"] = sample.label
        return list(found.values())

    def check(self, crop_px: int) -> None:
        """Raise ParameterError if the pictures are too small for crops of `crop_px`, or their area is too small."""
        fitting = [sample for sample in self.samples if min(sample.size_px) >= crop_px]
        largest = max(min(sample.size_px) for sample in self.samples)
        if not fitting:
            message = "the shorter side of the largest picture is {} px, too small for crops of {} px"
            raise ParameterError(message, "give a larger picture, or choose smaller crops", largest, crop_px)
        area = sum(sample.size_px[0] * sample.size_px[1] for sample in fitting)
        if area < ENOUGH_CROPS * crop_px**2 and not any(all(sample.wraps) for sample in fitting):
            message = "all pictures together are {:,} pixels, little more than one crop of {} px"
            raise ParameterError(message, "give more or larger pictures, or choose smaller crops", area, crop_px)

    def manifest(self) -> dict[str, Any]:
        """Full description of the data as JSON, without pixels and without paths of this machine."""
        return {
            "name": self.name,
            "sha256": self.sha256(),
            "settings": self.preparation.to_dict(),
            "labels": dict(sorted(Counter(sample.label or "" for sample in self.samples).items())),
            "statistics": self.statistics,
            "samples": [
                {
                    "name": sample.name,
                    "label": sample.label,
                    "licence": sample.licence,
                    "sha256": sample.sha256,
                    "width_px": sample.size_px[1],
                    "height_px": sample.size_px[0],
                    "maps": list(sample.maps),
                    "wraps": list(sample.wraps),
                }
                for sample in self.samples
            ],
            "rejected": [asdict(item) for item in self.rejected],
        }


def read_dataset(
    path: str | Path,
    *,
    licence: str = "unknown",
    longest_px: int = 1024,
    smallest_px: int = 64,
    crop: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
    width_m: float | None = None,
    color_space: str = "",
    on_progress: Callable[[float, str], None] = lambda fraction, message: None,
) -> Dataset:
    """Dataset of a photograph, a PBR set, a folder of either, class folders, or contact sheets; see `find_pictures`.

    Each picture is cropped to `crop` (left, top, right, bottom, from 0 to 1), shrunk to `longest_px`, and left out if
    its shorter side is then below `smallest_px`. licence: of files that no SOURCES.tsv lists. width_m: real-world width
    of pictures whose files do not state it (default: 1 metre). color_space: name of a colour space that overrides what
    the files say.
    Raise FileError if `path` does not exist, ParameterError if it has no usable picture.
    """
    preparation = Preparation(longest_px, smallest_px, crop, width_m or 1.0, color_space)
    pictures, left_out = find_pictures(Path(path), licence)
    samples, rejected, statistics = _examine(pictures, preparation, on_progress)
    rejected = sorted([*(Rejection(*item) for item in left_out), *rejected], key=lambda item: item.name)
    path = resolve(Path(path))
    called = as_unicode(path.name)
    if not samples:
        raise ParameterError("nothing in {} can be learned from{}", REMEDY, called, _listing(rejected))
    name = "pictures" if is_folder(path) else called  # a folder's name may be nobody's business
    return Dataset(name, tuple(samples), tuple(rejected), preparation, statistics)


def dataset_of(
    *surfaces: Maps,
    label: str | None = None,
    licence: str = "unknown",
    longest_px: int = 1024,
    smallest_px: int = 64,
    captions: Sequence[str] = (),
) -> Dataset:
    """A dataset of maps in memory. All of them have these captions. Raise ParameterError if none can be used."""
    pictures = [
        PictureSource(
            maps.name or f"surface {index}", label, licence, maps.sha256(), loaded=maps, captions=tuple(captions)
        )
        for index, maps in enumerate(surfaces)
    ]
    preparation = Preparation(longest_px, smallest_px)
    samples, rejected, statistics = _examine(pictures, preparation, lambda fraction, message: None)
    if not samples:
        raise ParameterError("nothing that was given can be learned from{}", REMEDY, _listing(rejected))
    return Dataset(samples[0].name, tuple(samples), tuple(rejected), preparation, statistics)


def settings_for(parameters: Any) -> dict[str, Any]:
    """Arguments of `read_dataset` for a trainer whose parameters have a `longest_px` or a `crop_px`.

    Pictures are shrunk to the size that the trainer uses, and left out if they are smaller than its crops.
    """
    settings = {
        "longest_px": getattr(parameters, "longest_px", None),
        "smallest_px": getattr(parameters, "crop_px", None),
    }
    return {name: int(value) for name, value in settings.items() if value}


def class_warnings(dataset: Dataset) -> list[str]:
    """Sentences about classes without usable pictures, classes with one picture, and pictures without a class."""
    counts = Counter(sample.label for sample in dataset.samples)
    labels = dataset.labels
    if not labels:
        return []
    folders = {item.name.partition("/")[0] for item in dataset.rejected if "/" in item.name}
    found: list[str] = []
    if lost := sorted(folders - set(labels)):
        found.append(Message("no picture of {} can be used, so the model will not know that class", _named(lost)))
    if len(labels) > 1 and (single := [label for label in labels if counts[label] == 1]):
        message = "there is one picture of {}: what others of that class look like is not learned"
        found.append(Message(message, _named(single)))
    if len(labels) > 1 and (loose := [sample.name for sample in dataset.samples if sample.label is None]):
        message = "{} lies in no folder of a class, and others do: put it into one, or leave it out"
        found.append(Message(message, _named(loose)))
    return found


def _named(names: list[str]) -> str:
    listed = ", ".join(names[:3])
    return Message("{} and {} more", listed, len(names) - 3) if len(names) > 3 else listed


def _listing(rejected: list[Rejection]) -> str:
    lines = [Message("{}: {}", shorten(item.name), item.reason) for item in rejected[:3]]
    more = [Message("and {} more", len(rejected) - 3)] if len(rejected) > 3 else []
    return Message(" ({})", series("; ", [*lines, *more])) if lines else ""


def _examine(
    pictures: list[PictureSource], preparation: Preparation, on_progress: Callable[[float, str], None]
) -> tuple[list[Sample], list[Rejection], dict[str, dict[str, list[float]]]]:
    """The usable pictures by name, the rejected ones, and the statistics of the usable ones."""
    samples: list[Sample] = []
    thumbnails: list[np.ndarray] = []
    moments: dict[str, Moments] = {}
    rejected: list[Rejection] = []
    for index, picture in enumerate(pictures):
        on_progress(index / len(pictures), picture.name)
        try:
            maps = picture.prepared_maps(preparation)
        except (FileError, ParameterError) as error:
            files = (source.file for source in picture.maps.values())
            rejected.append(Rejection(picture.name, without_paths(error.message, files)))
            continue
        reason = _reason_against(maps, preparation)
        if reason:
            rejected.append(Rejection(picture.name, reason))
            continue
        about = (picture.name, picture.label, picture.licence, picture.sha256, maps.size_px, tuple(maps), wraps(maps))
        samples.append(Sample(*about, picture, preparation))
        thumbnails.append(thumbnail(maps))
        moments[picture.name] = _moments(maps)
    samples_left, twins = _without_twins(samples, thumbnails)
    return samples_left, rejected + twins, _statistics([moments[sample.name] for sample in samples_left])


def _without_twins(samples: list[Sample], thumbnails: list[np.ndarray]) -> tuple[list[Sample], list[Rejection]]:
    """The samples by name, with only the best of several that show the same picture; and the rejected duplicates."""
    if not samples:
        return [], []
    is_same = find_same(np.stack(thumbnails))
    chosen: list[int] = []
    twins = []
    for index in sorted(range(len(samples)), key=lambda i: samples[i].rank):
        sample = samples[index]
        twin = next((i for i in chosen if is_same[index, i] or samples[i].sha256 == sample.sha256), None)
        if twin is None:
            chosen.append(index)
        else:
            twins.append(Rejection(sample.name, Message("shows the same as {}", samples[twin].name)))
    return sorted((samples[i] for i in chosen), key=lambda item: item.name), twins


def _reason_against(maps: Maps, preparation: Preparation) -> str | None:
    if "base_color" not in maps:
        return "has no base colour"
    height, width = maps.size_px
    if min(height, width) < preparation.smallest_px:
        return Message("is {}x{} px, smaller than {} px", width, height, preparation.smallest_px)
    if is_blank(maps):
        return "is almost of one colour"
    return None


def _moments(maps: Maps) -> Moments:
    """By map: the number of pixels, and each channel's sum and sum of squares."""
    found = {}
    for name in maps:
        pixels = maps[name].pixels.reshape(-1, maps[name].pixels.shape[2])
        found[name] = (
            len(pixels),
            pixels.sum(0, dtype=np.float64),
            np.einsum("ij,ij->j", pixels, pixels, dtype=np.float64),
        )
    return found


def _statistics(moments: list[Moments]) -> dict[str, dict[str, list[float]]]:
    statistics = {}
    for name in sorted({name for item in moments for name in item}):
        parts = [item[name] for item in moments if name in item]
        count = sum(part[0] for part in parts)
        mean = np.sum([part[1] for part in parts], axis=0) / count
        deviation = np.sqrt(np.maximum(np.sum([part[2] for part in parts], axis=0) / count - mean**2, 0))
        statistics[name] = {
            "mean": [round(float(value), 4) for value in mean],
            "deviation": [round(float(value), 4) for value in deviation],
        }
    return statistics
