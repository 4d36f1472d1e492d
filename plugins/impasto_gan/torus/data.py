"""Training data: the maps of surfaces as standardised tensors, and crops of them at two scales.

The generator makes a picture coarse to fine, so it is judged twice: on crops of `COARSE` times less detail, which show
how a material is laid out, and on smaller crops at full detail.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d

from impasto.data.dataset import Dataset
from impasto.data.parts import part_of, training_part
from impasto.errors import ParameterError
from impasto.texture import MAP_CHANNELS, Maps
from impasto.training.base import LEARNED_MAPS, LEAST_DEVIATION

from . import octaves
from .profile import Profile
from .regularity import calmest_place, find_units, find_waves
from .unit import Unit
from .waves import Waves

T = TypeVar("T")

COARSE = 4
CHROMA = 0.6
"""How far colour is whitened (0: not, 1: fully). Unwhitened, losses hardly see hue, and results shimmer in rainbows."""
LUMINANCE = (0.2126, 0.7152, 0.0722)
LATTICE_MAPS = ("base_color", "roughness")
"""Where a lattice is looked for: the joints of boards hardly show in their colours."""
FINE_BIN_PX = 2
LEAST_SHARE = 0.1
"""Of the second finest octave, in the mean of courses: bricks' have 0.14, and those of a clay roof 0.06."""


@dataclass(frozen=True)
class Standard:
    """Between maps and what networks see: v = matrix (pixels - mean), with mean (C, 1, 1) and matrix (C, C).

    Every channel has deviation 1 but the smaller principal components of the base colour.
    """

    maps: tuple[str, ...]
    mean: Tensor
    matrix: Tensor

    def to(self, pixels: Tensor) -> Tensor:
        """(..., C, H, W) pixels, standardised."""
        return torch.einsum("ij,...jhw->...ihw", self.matrix, pixels - self.mean)

    def back(self, values: Tensor) -> Tensor:
        """What `to` undoes."""
        return conv2d(values, torch.linalg.inv(self.matrix.cpu()).to(values)[:, :, None, None]) + self.mean

    def on(self, device: str) -> Standard:
        """The same on a device."""
        return replace(self, mean=self.mean.to(device), matrix=self.matrix.to(device))

    @property
    def height_channel(self) -> int | None:
        """Which channel holds height, if one does."""
        names = [name for name in self.maps for _ in range(MAP_CHANNELS[name])]
        return names.index("height") if "height" in names else None


@dataclass(frozen=True)
class Picture:
    """pixels (C, H, W) and the same with `COARSE` times less detail, both standardised. label: index of its class.

    A layout is coarse only: a thumbnail, which shows how a material is laid out and none of its grain.
    known (C, 1, 1): 1 where the picture has the channel, 0 where losses must not look.
    """

    pixels: Tensor | None
    coarse: Tensor
    label: int
    known: Tensor

    def on(self, device: str) -> Picture:
        """The same on a device."""
        pixels = None if self.pixels is None else self.pixels.to(device)
        return replace(self, pixels=pixels, coarse=self.coarse.to(device), known=self.known.to(device))


@dataclass(frozen=True)
class Crops:
    """A batch: coarse (B, C, h, w) and fine (B, C, n, n), of one class each, but not of one place.

    coarse_known and fine_known (B, C, 1, 1): 0 where losses must not look.
    """

    coarse: Tensor
    fine: Tensor
    labels: Tensor
    coarse_known: Tensor
    fine_known: Tensor


@dataclass(frozen=True)
class Data:
    """All pictures, how they are standardised, the deviations of their slopes (coarse, fine), and their lattice.

    Its waves have phase 0 at `origin_px` (2,) of a picture, where what is made will begin. unit: what the units of a
    material of courses have in common; the pictures are what they have beside it.
    """

    pictures: tuple[Picture, ...]
    standard: Standard
    slope_deviations: tuple[float, float]
    waves: Waves
    origin_px: Tensor
    canvas: tuple[int, int]
    labels: tuple[str, ...]
    unit: Unit | None

    def crops(self, count: int, fine_px: int, random: torch.Generator) -> Crops:
        """Random crops, of each class as many: coarse ones that show the size of the canvas, fine ones of `fine_px`.

        Where a class has layouts, every other coarse crop is of one.
        """
        draws = [self._draw(fine_px, random) for _ in range(count)]
        coarse, fine, labels, coarse_known, fine_known = zip(*draws, strict=True)
        stacks = (torch.stack(coarse), torch.stack(fine), torch.tensor(labels, device=coarse[0].device))
        return Crops(*stacks, torch.stack(coarse_known), torch.stack(fine_known))

    def profiles(self) -> tuple[Profile, Profile] | tuple[()]:
        """The profiles of a regular material, with less detail and at full detail; () of others."""
        if not self.waves.channels:
            return ()
        (picture,) = self.pictures
        assert picture.pixels is not None
        place = -self.origin_px
        return (
            Profile.of(picture.coarse, self.waves, COARSE, place, COARSE),
            Profile.of(picture.pixels, self.waves, 1, place, FINE_BIN_PX),
        )

    def octaves(self, count: int) -> Tensor:
        """Deviations (count, C) of the pictures in each octave, finest first; the last holds all below it."""
        detailed = [picture.pixels for picture in self.pictures if picture.pixels is not None]
        squares = torch.stack([octaves.deviations(pixels[None], count).square() for pixels in detailed])
        return squares.mean(0).sqrt().clamp(min=1e-3)

    @cached_property
    def _classes(self) -> list[tuple[list[Picture], list[Picture]]]:
        """The pictures of each class with their grain, and its layouts."""
        found: dict[int, tuple[list[Picture], list[Picture]]] = {}
        for picture in self.pictures:
            found.setdefault(picture.label, ([], []))[picture.pixels is None].append(picture)
        return list(found.values())

    def _draw(self, fine_px: int, random: torch.Generator) -> tuple[Tensor, Tensor, int, Tensor, Tensor]:
        detailed, layouts = _one(self._classes, random)
        picture = _one(detailed, random)
        shown = _one(layouts, random) if layouts and _draw(2, random) else picture
        coarse = _crop(shown.coarse, [side // COARSE for side in self.canvas], random)
        assert picture.pixels is not None
        fine = _crop(picture.pixels, [fine_px, fine_px], random)
        return coarse, fine, picture.label, shown.known, picture.known


def _draw(count: int, random: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=random))


def _one(choices: Sequence[T], random: torch.Generator) -> T:
    return choices[_draw(len(choices), random)]


def _crop(pixels: Tensor, size: Sequence[int], random: torch.Generator) -> Tensor:
    """A random part (C, *size) of pixels (C, H, W)."""
    top, left = (_draw(whole - part + 1, random) for whole, part in zip(pixels.shape[1:], size, strict=True))
    return pixels[:, top : top + size[0], left : left + size[1]]


def prepare(
    dataset: Dataset, canvas_px: int, fine_px: int, cell_px: int, hold_out: bool, device: str
) -> tuple[Data, dict[str, Any]]:
    """The dataset as training data, and for the model's card how large its surface is and what of it was learned.

    ParameterError where the pictures are too small, or of one colour.
    """
    surfaces, parts = [], []
    for sample in dataset.samples:
        maps = sample.load()
        parts.append(training_part(maps) if hold_out else "all")
        surfaces.append(part_of(maps, parts[-1]))
    names = tuple(name for name in LEARNED_MAPS if any(name in maps for maps in surfaces))
    pixels = [_tensor(maps, names) for maps in surfaces]
    if names[0] == "base_color" and max(float(tensor[:3].std((1, 2)).max()) for tensor, _ in pixels) < LEAST_DEVIATION:
        raise ParameterError("the data is of one colour: there is nothing to learn", "give pictures with texture")
    waves, origin_px = _lattice(surfaces[0]) if len(surfaces) == 1 else (Waves.none(), torch.zeros(2))
    unit = None
    if waves.has_courses:
        ((tensor, known),) = pixels
        waves, unit = _unit(tensor, waves, -origin_px)
        pixels = [(unit.without(tensor, waves, -origin_px) if unit else tensor, known)]
    standard = _standard(names, pixels)
    layouts = _layouts(dataset, [min(tensor.shape[1:]) for tensor, _ in pixels], canvas_px)
    side = min(min(tensor.shape[1:]) for (tensor, _), is_layout in zip(pixels, layouts, strict=True) if not is_layout)
    largest = min(canvas_px, side // cell_px * cell_px)
    if largest < fine_px:
        message = f"the shorter side of the smallest picture is {side} px, too small for crops of {fine_px} px"
        raise ParameterError(message, "give larger pictures, or choose smaller crops")
    canvas = waves.canvas((largest, largest), side // cell_px * cell_px, cell_px)
    rolls = [(False, False) if hold_out else sample.wraps for sample in dataset.samples]
    labels = dataset.labels
    pictures = tuple(
        _picture(
            standard.to(tensor) * known,
            known,
            labels.index(sample.label) if sample.label in labels else 0,
            wraps,
            tuple(side // COARSE for side in canvas) if is_layout else canvas,
            is_layout,
        ).on(device)
        for (tensor, known), sample, wraps, is_layout in zip(pixels, dataset.samples, rolls, layouts, strict=True)
    )
    data = Data(
        pictures,
        standard,
        _slope_deviations(standard, pictures),
        waves,
        origin_px,
        canvas,
        labels,
        unit,
    )
    first = surfaces[0]
    about = {
        "maps": list(names),
        "mean": standard.mean.flatten().tolist(),
        "matrix": standard.matrix.tolist(),
        **waves.card(),
        "texel_m": first.width_m / first.size_px[1] if first.width_m else None,
        "height_range_m": first.height_range_m,
        "data": dataset.sources([(sample.size_px, part) for sample, part in zip(dataset.samples, parts, strict=True)]),
    }
    return data, about


def _tensor(maps: Maps, names: tuple[str, ...]) -> tuple[Tensor, Tensor]:
    """Channels (C, H, W) of the named maps, 0 where a map is absent, and which are there (C, 1, 1)."""
    height, width = maps.size_px
    parts, known = [], []
    for name in names:
        channels = MAP_CHANNELS[name]
        is_there = name in maps
        parts.append(
            torch.from_numpy(maps[name].pixels.transpose(2, 0, 1).copy())
            if is_there
            else torch.zeros(channels, height, width)
        )
        known += channels * [float(is_there)]
    return torch.cat(parts), torch.tensor(known)[:, None, None]


def _standard(names: tuple[str, ...], pixels: list[tuple[Tensor, Tensor]]) -> Standard:
    count = sum(MAP_CHANNELS[name] for name in names)
    columns = [
        torch.cat([tensor[channel].flatten() for tensor, known in pixels if known[channel]]) for channel in range(count)
    ]
    mean = torch.tensor([float(values.mean()) for values in columns])
    matrix = torch.diag(torch.tensor([1 / max(float(values.std()), LEAST_DEVIATION) for values in columns]))
    if names[0] == "base_color":
        colours = torch.stack(columns[:3])
        variances, axes = torch.linalg.eigh(torch.cov(colours))
        deviations = variances.clamp(min=1e-8).sqrt()
        deviations[-1] = deviations[-1].clamp(min=LEAST_DEVIATION)
        shares = (deviations / deviations[-1]).clamp(min=0.02)
        matrix[:3, :3] = torch.diag(1 / (deviations[-1] * shares**CHROMA)) @ axes.T
    return Standard(names, mean[:, None, None], matrix)


def _picture(
    values: Tensor, known: Tensor, label: int, wraps: tuple[bool, bool], crop: tuple[int, ...], is_layout: bool
) -> Picture:
    for axis, goes_round in ((1, wraps[0]), (2, wraps[1])):
        if goes_round:  # crops may lie across the border
            values = torch.cat([values, values.narrow(axis, 0, min(crop[axis - 1], values.shape[axis]))], axis)
    if is_layout:
        return Picture(None, values, label, known)
    return Picture(values, avg_pool2d(values[None], COARSE)[0], label, known)


def _layouts(dataset: Dataset, sides: Sequence[int], canvas_px: int) -> list[bool]:
    """Which of the samples, whose shorter sides are given, are layouts: they show the canvas with less detail.

    Where a class has pictures as large as the canvas, those that are about `COARSE` times smaller than it.
    """
    largest: dict[str | None, int] = {}
    for sample, side in zip(dataset.samples, sides, strict=True):
        largest[sample.label] = max(side, largest.get(sample.label, 0))
    return [
        canvas_px <= COARSE * side < 2 * canvas_px and largest[sample.label] >= canvas_px
        for sample, side in zip(dataset.samples, sides, strict=True)
    ]


def _lattice(maps: Maps) -> tuple[Waves, Tensor]:
    """The waves of the first map that shows some, and the place (2,) in pixels from which pictures should begin."""
    for name in LATTICE_MAPS:
        if name in maps:
            picture = _grey(torch.from_numpy(maps[name].pixels))
            waves = find_waves(picture)
            if waves.channels:
                return waves, calmest_place(picture, waves)
    return Waves.none(), torch.zeros(2)


def _unit(picture: Tensor, waves: Waves, place_px: Tensor) -> tuple[Waves, Unit | None]:
    """Waves that are courses, with the units that divide them where such are found, and what is measured of these.

    None of courses that waver so much that little of their detail is alike.
    """
    unit = Unit.of(picture, waves, place_px)
    if waves.has_units:
        return waves, unit
    beside = unit.without(picture, waves, place_px)
    found = find_units(beside, waves, place_px)
    if found.has_units:
        return found, Unit.of(picture, found, place_px)
    before, after = (octaves.deviations(values[None], 3)[1].square() for values in (picture, beside))
    return waves, unit if float((1 - after / before.clamp(min=1e-12)).mean()) >= LEAST_SHARE else None


def _grey(pixels: Tensor) -> Tensor:
    """Luminance (H, W) of pixels (H, W, 1 or 3)."""
    return pixels @ torch.tensor(LUMINANCE) if pixels.shape[2] == 3 else pixels[..., 0]


def slopes(maps: Tensor, height_channel: int | None, deviation: float) -> Tensor:
    """Maps (B, C, H, W) -> (B, C + 2, H - 2, W - 2): with the slopes of their height along x and y, standardised.

    What light shows of a surface is its slopes, so losses must see them: in height fine relief is nearly nothing.
    """
    if height_channel is None:
        return maps
    height = maps[:, height_channel : height_channel + 1]
    along_x = (height[:, :, 1:-1, 2:] - height[:, :, 1:-1, :-2]) / deviation
    along_y = (height[:, :, 2:, 1:-1] - height[:, :, :-2, 1:-1]) / deviation
    return torch.cat([maps[:, :, 1:-1, 1:-1], along_x, along_y], 1)


def _slope_deviations(standard: Standard, pictures: tuple[Picture, ...]) -> tuple[float, float]:
    channel = standard.height_channel
    if channel is None:
        return 1.0, 1.0
    detailed = [picture for picture in pictures if picture.pixels is not None and bool(picture.known[channel])]
    found = []
    for scale in ("coarse", "pixels"):
        values = [slopes(getattr(picture, scale)[None], channel, 1.0)[0, -2:] for picture in detailed]
        found.append(max(math.sqrt(sum(float(v.square().mean()) for v in values) / max(len(values), 1)), 1e-4))
    return found[0], found[1]
