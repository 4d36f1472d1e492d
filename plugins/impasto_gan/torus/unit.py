"""What can be measured of the units of a material, such as tiles or boards, need not be learned: networks add the rest.

A joint that a network has to draw wavers by a pixel, as noise has it, and straight joints are most of what a wall of
tiles is: so their mean is measured, and in what ways tiles differ as wholes. And the rest is another matter at a joint
than within a tile, whose grain may be a tenth of that: so its spread is measured, octave by octave, and networks learn
what is alike everywhere. Where nothing divides a course, or what does lies anyhow, as head joints of old bricks do,
only the mean along the whole of it is measured: the rest has joints of its own, which its spread would distort.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.training.losses import split_octave

from .modes import MODES, Modes
from .periodic import Periodic
from .region import Region, whole
from .waves import Draw, Waves

SPREAD_OCTAVES, PRODUCTS = 3, 2
"""The finest octaves, whose spread is measured: of coarser ones there is too little to see at each phase."""
LEAST_VARIANCE = 0.01
"""Of an octave at a phase, in parts of its mean."""
STRENGTH = 0.1
"""How much stronger the mean is, one unit along its axis."""


@dataclass(frozen=True)
class Unit:
    """mean: of all units. modes: how they differ as wholes, where many are seen. variances: of all the rest.

    Of each of the finest octaves one, finest first, in parts of its mean over the unit; none where there are no units.
    """

    mean: Periodic
    variances: tuple[Periodic, ...]
    modes: Modes | None = None

    @classmethod
    def of(cls, picture: Tensor, waves: Waves, place_px: Tensor) -> Unit:
        """Of a picture (C, H, W) at `place_px` (2,) of waves that are courses; its own mean is not the unit's."""
        picture = picture - picture.mean((1, 2), keepdim=True)
        mean = Periodic.of(picture, waves, place_px)
        beside = picture - mean.at(waves, whole((picture.shape[1], picture.shape[2])), 1, place_px)
        modes = Modes.of(beside, waves, place_px)
        rest = (modes.without(beside, waves, place_px) if modes else beside)[None]
        variances = []
        for octave in range(SPREAD_OCTAVES if waves.has_units else 0):
            detail, rest = split_octave(rest)
            squares = detail[0].square()
            parts = squares / squares.mean((1, 2), keepdim=True).clamp(min=1e-12)
            variances.append(Periodic.of(parts, waves, place_px, 1 << octave, PRODUCTS))
        return cls(mean, tuple(variances), modes)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Unit:
        """What `tensors` gave. KeyError where one is missing."""

        def named(name: str) -> Periodic:
            return Periodic(*(tensors[f"{name}_{field.name}"] for field in fields(Periodic)))

        octaves = range(SPREAD_OCTAVES if "variance0_rows" in tensors else 0)
        variances = tuple(named(f"variance{octave}") for octave in octaves)
        return cls(named("mean"), variances, Modes(named("modes")) if "modes_rows" in tensors else None)

    def tensors(self) -> dict[str, Tensor]:
        """By name, as a file holds them."""
        named = {"mean": self.mean, **{f"variance{octave}": one for octave, one in enumerate(self.variances)}}
        if self.modes:
            named["modes"] = self.modes.patterns
        return {
            f"{name}_{field.name}": getattr(one, field.name) for name, one in named.items() for field in fields(one)
        }

    def on(self, device: str) -> Unit:
        """The same on a device."""
        modes = Modes(self.modes.patterns.on(device)) if self.modes else None
        return Unit(self.mean.on(device), tuple(one.on(device) for one in self.variances), modes)

    def without(self, picture: Tensor, waves: Waves, place_px: Tensor) -> Tensor:
        """What a picture (C, H, W) at `place_px` (2,) has beside the mean and the modes, spread alike everywhere."""
        region = whole((picture.shape[1], picture.shape[2]))
        rest = picture - self.mean.at(waves, region, 1, place_px)
        if self.modes:
            rest = self.modes.without(rest, waves, place_px)
        return self._scaled(rest[None], waves, region, 0, place_px, -0.5)[0]

    def room_for(self, want: Region) -> Region:
        """The region that `added` needs to get `want` right: octaves end at its edges, and begin at even pixels."""
        if not self.variances:
            return want
        cell = 1 << len(self.variances)
        grown = want.grown(cell)
        top, left = grown.top // cell * cell, grown.left // cell * cell
        bottom, right = (-(-end // cell) * cell for end in (grown.top + grown.height, grown.left + grown.width))
        return Region(top, left, bottom - top, right - left, want.full)

    @property
    def axes(self) -> int:
        """Along how many axes all units can be moved: the strength of their mean, and each of the modes."""
        return 1 + (MODES if self.modes else 0)

    def added(self, x: Tensor, waves: Waves, region: Region, skipped: int, draw: Draw, moved: Tensor) -> Tensor:
        """What `without` left (B, C, h, w), in a region of whose torus's octaves `skipped` are left out: the picture.

        `room_for` says what region this needs; `draw` how units differ; moved (axes,): how far all are along each axis.
        """
        pixel, place_px = 1 << skipped, torch.zeros(2)
        mean = self.mean.at(waves, region, pixel, place_px)
        picture = self._scaled(x, waves, region, skipped, place_px, 0.5).add(mean, alpha=1 + STRENGTH * float(moved[0]))
        if not self.modes:
            return picture
        full = (region.full[0] * pixel, region.full[1] * pixel)
        weights = draw(MODES, waves.grid(full))[0] + moved[1:, None, None].to(x)
        return picture + self.modes.at(weights, waves, region, pixel, place_px)

    def _scaled(self, x: Tensor, waves: Waves, region: Region, octave: int, place_px: Tensor, power: float) -> Tensor:
        """x, each of its octaves from that one on times its variance to a power."""
        if octave >= len(self.variances):
            return x
        variance = self.variances[octave].at(waves, region, 1 << octave, place_px).clamp_(min=LEAST_VARIANCE)
        detail, smaller = split_octave(x)
        below = self._scaled(smaller, waves, region.halved(), octave + 1, place_px, power)
        scaled = interpolate(below, size=x.shape[2:], mode="bilinear", align_corners=False)
        return scaled.addcmul_(detail, variance.pow_(power))
