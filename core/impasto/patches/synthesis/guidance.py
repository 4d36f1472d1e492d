"""Guidance: channels of the source, and of the result, that should agree where a part of the source is shown.

Texture by numbers (Hertzmann et al. 2001), with the numbers as further channels of cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from ..field import PixelGrid, SourceGrid

GROUPS_PER_CHANNEL = 4
"""Number of values of a guiding channel, among whose pixels uses are compared."""


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
