"""Pyramid levels of a source, with everything that a search needs to know of each pixel, and guidance.

Guidance are channels of the source, and of the result, that should agree where a part of the source is shown: texture
by numbers (Hertzmann et al. 2001), with the numbers as further channels of cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d

from .features import COARSE, FINE, Appearance, half_size, whole_numbers, with_detail
from .field import Field, PixelGrid, SourceGrid

COARSEST_PX = 256
"""The pyramid ends below this length of the source's shorter side; quilts of smaller ones lose bricks and planks."""
LEAST_RESULT_PX = 4
SPREAD_PX = 3
"""Reach of the mean over which uses of a pixel are counted."""
GROUPS_PER_CHANNEL = 4
"""Number of values of a guiding channel, among whose pixels uses are compared."""


@dataclass(frozen=True)
class ExemplarLevel(SourceGrid):
    """A level of a photograph (h, w). channels (P, C): whole numbers, whose windows' appearance the vectors are.

    left_out (P,): whether pixels must not be shown.
    """

    channels: Tensor
    appearance: Appearance
    left_out: Tensor

    @cached_property
    def usable(self) -> Tensor:
        """Indices (n,) of all pixels that may be shown."""
        inside = self.grid.inside
        return inside[~self.left_out[inside]]

    def at(self, y: Tensor, x: Tensor) -> Tensor:
        """The pixels at positions; -1 beyond the borders."""
        height, width = self.grid.size
        return self.source[self.grid.index(y.clamp(-1, height), x.clamp(-1, width))]

    def uses(self, field: Field) -> Tensor:
        """Uses (h, w) about each pixel by a field; 1 if all are used alike."""
        (height, width), (y, x) = self.grid.size, field.positions()
        counts = torch.bincount(y * width + x, minlength=height * width).float() * (height * width / len(y))
        side = 2 * SPREAD_PX + 1
        counts = counts.view(1, 1, height, width)
        return avg_pool2d(counts, side, 1, SPREAD_PX, count_include_pad=False)[0, 0]


def exemplar_levels(
    features: Tensor, size_px: tuple[int, int], left_out: Tensor | None = None
) -> Iterator[ExemplarLevel]:
    """Levels of features (C, h, w), coarsest first, for a result of `size_px`, without pixels `left_out` (h, w)."""
    if left_out is None:
        left_out = torch.zeros(features.shape[1:], dtype=torch.bool, device=features.device)
    pyramid = [whole_numbers(with_detail(features), FINE)]
    while min(pyramid[-1].shape[1:]) >= COARSEST_PX and min(size_px) // 2 ** len(pyramid) >= LEAST_RESULT_PX:
        pyramid.append(half_size(pyramid[-1]))
    for number, fine in reversed(list(enumerate(pyramid))):
        yield _level(2**number, whole_numbers(fine, COARSE), left_out)


def _level(scale: int, channels: Tensor, left_out: Tensor) -> ExemplarLevel:
    """A level of channels (C, h, w)."""
    appearance, vectors = Appearance.of_channels(channels)
    size = channels.shape[1], channels.shape[2]
    grid = PixelGrid(size, (False, False), channels.device)
    source = torch.full_like(grid.shown_pixels, -1)
    source[grid.inside] = grid.inside
    images = vectors.view(*size, -1), channels.permute(1, 2, 0), _reduced_mask(left_out, scale, size)
    padded_vectors, padded_channels, padded_mask = map(grid.pixels_of, images)
    return ExemplarLevel(scale, grid, source, padded_vectors, padded_channels, appearance, padded_mask)


def _reduced_mask(left_out: Tensor, scale: int, size: tuple[int, int]) -> Tensor:
    """Mask (h', w') of a level of this size from (h, w): pixels that cover any that is left out, unless all do."""
    covered = max_pool2d(left_out.float()[None], scale)[0, : size[0], : size[1]] > 0
    return covered & ~covered.all()


@dataclass(frozen=True)
class Guidance:
    """Channels given for the source (C, h, w), and wanted of the result (C, H, W), scaled by their weights."""

    given: Tensor
    wanted: Tensor

    def on_level(self, level: SourceGrid, result: PixelGrid) -> LevelGuidance:
        """The same on a level of the source and of the result."""
        height, width = level.grid.size
        given = avg_pool2d(self.given[None], level.scale)[0, :, :height, :width]
        wanted = interpolate(self.wanted[None], size=result.size, mode="area")[0]
        return LevelGuidance(given, wanted, level.grid, result)


class LevelGuidance:
    """Guidance on a level of the pyramid. given (C, h, w) on a grid of the source, wanted (C, H, W) of the result."""

    def __init__(self, given: Tensor, wanted: Tensor, source: PixelGrid, result: PixelGrid) -> None:
        self.given, self.wanted = given, wanted
        self._given, self._wanted = source.pixels_of(given.permute(1, 2, 0)), result.pixels_of(wanted.permute(1, 2, 0))
        values = given.flatten(1).T
        low, high = values.amin(0), values.amax(0)
        steps = (values - low) / (high - low).clamp(min=1e-6) * (GROUPS_PER_CHANNEL - 1)
        powers = GROUPS_PER_CHANNEL ** torch.arange(steps.shape[1], device=steps.device)
        _, self._groups = (steps.round().long() * powers).sum(1).unique(return_inverse=True)

    def costs(self, places: Tensor, pixels: Tensor) -> Tensor:
        """Squared differences (n,) of the source at places (n,) from what is wanted at pixels (n,)."""
        return (self._given[places] - self._wanted[pixels]).square().sum(1)

    def relative_uses(self, uses: Tensor) -> Tensor:
        """Uses (h, w) relative to the mean of all pixels with the same given channels."""
        sums = torch.zeros(int(self._groups.max()) + 1, device=uses.device, dtype=torch.double)
        counts = torch.bincount(self._groups)
        means = sums.index_add_(0, self._groups, uses.flatten().double()) / counts
        return uses / means.float().clamp(min=1e-3)[self._groups].view_as(uses)


def join_guidance(parts: Sequence[Guidance]) -> Guidance | None:
    """All of the guidance as one; None without any."""
    if not parts:
        return None
    return Guidance(torch.cat([part.given for part in parts]), torch.cat([part.wanted for part in parts]))
