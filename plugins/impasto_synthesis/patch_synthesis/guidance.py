"""Guidance: channels of the source, and of the result, that should agree where a part of the source is shown.

Texture by numbers (Hertzmann et al. 2001), with the numbers as further channels of cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

GROUPS_PER_CHANNEL = 4
"""Number of values of a guiding channel, among whose pixels uses are compared."""


@dataclass(frozen=True)
class Guidance:
    """Channels given for the source (C, h, w), and wanted of the result (C, H, W), scaled by their weights."""

    given: Tensor
    wanted: Tensor

    def reduced(self, scale: int, source: tuple[int, int], result: tuple[int, int]) -> LevelGuidance:
        """The same on a level of these sizes, whose pixels are `scale` wide."""
        given = avg_pool2d(self.given[None], scale)[0, :, : source[0], : source[1]]
        return LevelGuidance(given, interpolate(self.wanted[None], size=result, mode="area")[0])


class LevelGuidance:
    """Guidance on a level of the pyramid. given (C, h, w), wanted (C, H, W)."""

    def __init__(self, given: Tensor, wanted: Tensor) -> None:
        self.given, self.wanted = given, wanted
        self._given, self._wanted = given.flatten(1).T.contiguous(), wanted.flatten(1).T.contiguous()
        low, high = self._given.amin(0), self._given.amax(0)
        steps = (self._given - low) / (high - low).clamp(min=1e-6) * (GROUPS_PER_CHANNEL - 1)
        powers = GROUPS_PER_CHANNEL ** torch.arange(steps.shape[1], device=steps.device)
        _, self._groups = (steps.round().long() * powers).sum(1).unique(return_inverse=True)

    def costs(self, index: Tensor, here: Tensor) -> Tensor:
        """Squared differences (n,) of the source's pixels at `index` (n,) from what is wanted `here` (2, n)."""
        wanted = self._wanted[here[0] * self.wanted.shape[2] + here[1]]
        return (self._given[index] - wanted).square().sum(1)

    def relative_uses(self, uses: Tensor) -> Tensor:
        """Uses (h w,) relative to the mean of all pixels with the same given channels."""
        sums = torch.zeros(int(self._groups.max()) + 1, device=uses.device, dtype=torch.double)
        counts = torch.bincount(self._groups)
        means = sums.index_add_(0, self._groups, uses.double()) / counts
        return uses / means.float().clamp(min=1e-3)[self._groups]


def joined(parts: Sequence[Guidance]) -> Guidance | None:
    """All of the guidance as one; None without any."""
    if not parts:
        return None
    return Guidance(torch.cat([part.given for part in parts]), torch.cat([part.wanted for part in parts]))
