"""The unfinished result: for each texel of a torus, the texel of the source that it shows."""

from __future__ import annotations

import torch

from .cuts import Bands


class Torus:
    """A torus of (H, W) texels. origin (H, W): flat indices into the source. canvas (C, H, W): features there.

    features (C, h, w): of the source. grain (2, h, w): weights of cuts that run down and across it.
    """

    def __init__(self, features: torch.Tensor, grain: torch.Tensor, size_px: tuple[int, int]) -> None:
        self.features, self.grain = features, grain
        self.size_px = size_px
        self.canvas = features.new_zeros(features.shape[0], *size_px)
        self.origin = torch.zeros(size_px, dtype=torch.int64, device=features.device)

    def indices(self, corner: tuple[int, int], block: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows (b, 1) and columns (d,) of the block at `corner`, wrapped around."""
        rows, columns = (
            (torch.arange(length, device=self.origin.device) + start) % size
            for start, length, size in zip(corner, block, self.size_px, strict=True)
        )
        return rows[:, None], columns

    def place(self, corner: tuple[int, int], source: tuple[int, int], bands: Bands) -> None:
        """Place the block from `source` at `corner`, both (y, x), cut from its neighbours along the cheapest paths."""
        rows, columns = self.indices(corner, bands.block)
        (y, x), (height, width) = source, bands.block
        old, new = self.canvas[:, rows, columns], self.features[:, y : y + height, x : x + width]  # (C, b, d)
        differences = (old - new).square().sum(0) * self.grain[:, y : y + height, x : x + width]
        mask = torch.from_numpy(bands.cut(differences.cpu().numpy())).to(self.origin.device)
        index = torch.arange(self.features[0].numel(), device=mask.device).view(self.features.shape[1:])
        index = index[y : y + height, x : x + width]
        self.canvas[:, rows, columns] = torch.where(mask, new, old)
        self.origin[rows, columns] = torch.where(mask, index, self.origin[rows, columns])
