"""Pyramid levels of a source, with all data that a search needs for each pixel, and guidance.

Guidance consists of channels of the source and of the result that should agree where a part of the source is shown:
texture by numbers (Hertzmann et al. 2001), with the numbers as further channels of the cost.
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
"""Length of the source's shorter side below which the pyramid ends; quilts of smaller levels lose bricks and planks."""
LEAST_RESULT_PX = 4
SPREAD_PX = 3
"""Reach of the window in which uses of pixels are averaged."""
GROUPS_PER_CHANNEL = 4
"""Number of groups into which the values of a guiding channel are divided; uses are compared within a group."""


@dataclass(frozen=True)
class ExemplarLevel(SourceGrid):
    """A level of a photograph (h, w). Its vectors are the appearance of windows.

    channels: (P, C), whole numbers, from which windows are taken. left_out: (P,), whether pixels must not be shown.
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
        """Number of uses (h, w) by a field around each pixel; 1 if all pixels are used equally."""
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
    """Mask (h', w') of a level from (h, w): pixels that contain a pixel to be left out, unless all of them do."""
    covered = max_pool2d(left_out.float()[None], scale)[0, : size[0], : size[1]] > 0
    return covered & ~covered.all()


@dataclass(frozen=True)
class Guidance:
    """Channels of the source (C, h, w), and target channels of the result (C, H, W), multiplied by their weights."""

    source: Tensor
    target: Tensor

    def on_level(self, level: SourceGrid, result: PixelGrid) -> LevelGuidance:
        """Guidance for a level of the source and of the result."""
        height, width = level.grid.size
        source = avg_pool2d(self.source[None], level.scale)[0, :, :height, :width]
        target = interpolate(self.target[None], size=result.size, mode="area")[0]
        return LevelGuidance(source, target, level.grid, result)


class LevelGuidance:
    """Guidance on a pyramid level: channels (C, h, w) on a grid of the source, and (C, H, W) on one of the result."""

    def __init__(self, source: Tensor, target: Tensor, source_grid: PixelGrid, grid: PixelGrid) -> None:
        self.source, self.target = source, target
        self._source = source_grid.pixels_of(source.permute(1, 2, 0))
        self._target = grid.pixels_of(target.permute(1, 2, 0))
        values = source.flatten(1).T
        low, high = values.amin(0), values.amax(0)
        steps = (values - low) / (high - low).clamp(min=1e-6) * (GROUPS_PER_CHANNEL - 1)
        powers = GROUPS_PER_CHANNEL ** torch.arange(steps.shape[1], device=steps.device)
        _, self._groups = (steps.round().long() * powers).sum(1).unique(return_inverse=True)

    def costs(self, places: Tensor, pixels: Tensor) -> Tensor:
        """Squared differences (n,) of the source at places (n,) from the target at pixels (n,)."""
        return (self._source[places] - self._target[pixels]).square().sum(1)

    def relative_uses(self, uses: Tensor) -> Tensor:
        """Uses (h, w) relative to their mean over all pixels of the source with similar channels."""
        sums = torch.zeros(int(self._groups.max()) + 1, device=uses.device, dtype=torch.double)
        counts = torch.bincount(self._groups)
        means = sums.index_add_(0, self._groups, uses.flatten().double()) / counts
        return uses / means.float().clamp(min=1e-3)[self._groups].view_as(uses)


def join_guidance(parts: Sequence[Guidance]) -> Guidance | None:
    """Several kinds of guidance as one; None without any."""
    if not parts:
        return None
    return Guidance(torch.cat([part.source for part in parts]), torch.cat([part.target for part in parts]))
