"""Search of a whole level for windows that fit best, by Fourier transforms."""

from __future__ import annotations

import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.fft import rfft2

from ..spectra import correlations, spectra_of, window_kernels
from .holes import HoleLevel

APART_PX = 2
"""Best places of a window are further from each other than this, or they would all be the same."""
NEARLY_BEST = 1.02
"""Cost, relative to another place's, within which chance decides."""


class WindowSearch:
    """Finds places of a level's features (P, C), those of holes being 0, for windows of at most `side_px`."""

    def __init__(self, level: HoleLevel, features: Tensor, side_px: int, generator: torch.Generator) -> None:
        self.level, self.grid, self.generator = level, level.grid, generator
        self.size_px = tuple(
            length if wraps else next_fast_len(length + side_px, real=True)
            for length, wraps in zip(self.grid.size, self.grid.wraps, strict=True)
        )
        self.spectra = spectra_of(self.grid.image(features).permute(2, 0, 1), self.size_px)
        self.refused: dict[int | None, Tensor] = {}

    def best(self, windows: Tensor, weights: Tensor, wanted: Tensor, kind: Tensor | None, count: int) -> Tensor:
        """Places (W, count, 2) of the corners of windows (W, C, s, s), of which what is weighted is compared.

        wanted (W, s, s): cost of each pixel that the place cannot fill with the right kind (W, s, s).
        """
        kinds = [None] if kind is None else kind[wanted > 0].unique().tolist()
        masks = [wanted if one is None else wanted * (kind == one) for one in kinds]
        kernels = torch.cat([window_kernels(windows, weights), *(mask[:, None] for mask in masks)], 1)
        spectra = torch.cat([self.spectra, *(self._exclusion_spectrum(one)[None] for one in kinds)])
        costs = correlations(spectra, kernels, self.size_px)
        costs += (weights * windows.square().sum(1)).sum((1, 2))[:, None, None]
        chance = torch.rand(self.size_px, generator=self.generator).to(costs.device)
        costs *= 1 + (NEARLY_BEST - 1) * chance
        return self._lowest(costs, count)

    def _lowest(self, costs: Tensor, count: int) -> Tensor:
        """Places (W, count, 2) of the least costs (W, y, x), apart from each other; some are negative."""
        near = torch.arange(-APART_PX, APART_PX + 1, device=costs.device)
        window = torch.arange(len(costs), device=costs.device)
        found = []
        for _ in range(count):
            place = costs.flatten(1).argmin(1)
            y, x = place // self.size_px[1], place % self.size_px[1]
            rows, columns = (y[:, None] + near) % self.size_px[0], (x[:, None] + near) % self.size_px[1]
            costs[window[:, None, None], rows[:, :, None], columns[:, None]] = torch.inf
            found.append(torch.stack([self._signed_offset(y, 0), self._signed_offset(x, 1)], 1))
        return torch.stack(found, 1)

    def _signed_offset(self, position: Tensor, axis: int) -> Tensor:
        return torch.where(position >= self.grid.size[axis], position - self.size_px[axis], position)

    def _exclusion_spectrum(self, kind: int | None) -> Tensor:
        """Spectrum of where no pixel of a kind may be taken."""
        if kind not in self.refused:
            usable = self.level.source >= 0
            if kind is not None and self.level.kind is not None:
                usable = usable & (self.level.kind == kind)
            refused = torch.ones(self.size_px, device=usable.device)
            refused[: self.grid.size[0], : self.grid.size[1]] = (~self.grid.image(usable)).float()
            self.refused[kind] = rfft2(refused)
        return self.refused[kind]
