"""The result while it is sewn: for each texel of a torus, which texel of the source it shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .cuts import cut_costs, shortest_paths

SIDES = ("left", "right", "top", "bottom")


class Torus:
    """`origin` (H, W): flat index into the source; `canvas` (C, H, W): the source's features shown there."""

    def __init__(self, features: torch.Tensor, size_px: tuple[int, int]) -> None:
        self.features = features  # (C, h, w)
        self.size_px = size_px
        self.canvas = features.new_zeros(features.shape[0], *size_px)
        self.origin = torch.zeros(size_px, dtype=torch.int64, device=features.device)

    def indices(self, corner: tuple[int, int], block: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows (b, 1) and columns (d,) of the block at `corner`, wrapped around."""
        axes = [
            (torch.arange(length, device=self.origin.device) + start) % size
            for start, length, size in zip(corner, block, self.size_px, strict=True)
        ]
        return axes[0][:, None], axes[1]

    def piece(self, corner: tuple[int, int], source: tuple[int, int], bands: Bands) -> Piece:
        """The block at `source`, cut to fit at `corner`: what would change. Nothing does yet."""
        rows, columns = self.indices(corner, bands.block)
        (y, x), (height, width) = source, bands.block
        new = self.features[:, y : y + height, x : x + width]  # (C, b, d)
        difference = (self.canvas[:, rows, columns] - new).square().sum(0)  # (b, d)
        mask = torch.from_numpy(bands.cut(difference.cpu().numpy())).to(self.origin.device)
        source_rows = torch.arange(y, y + height, device=mask.device)[:, None]
        source_columns = torch.arange(x, x + width, device=mask.device)
        index = source_rows * self.features.shape[2] + source_columns
        return Piece(rows, columns, torch.where(mask, index, self.origin[rows, columns]))

    def sew(self, piece: Piece) -> None:
        """Make the change."""
        self.origin[piece.rows, piece.columns] = piece.origin
        self.canvas[:, piece.rows, piece.columns] = self.features.flatten(1)[:, piece.origin]

    def seams(self, origin: torch.Tensor) -> torch.Tensor:
        """What the cuts in `origin` (b, d) cost, (b, d): on both sides of an edge, what each piece would show there."""
        flat, width = self.features.flatten(1), self.features.shape[2]
        cost = torch.zeros(origin.shape, device=origin.device)
        for axis, step in ((0, width), (1, 1)):
            here, there = origin.narrow(axis, 0, origin.shape[axis] - 1), origin.narrow(axis, 1, origin.shape[axis] - 1)
            cut = (there != here + step).nonzero(as_tuple=True)
            here, there = here[cut], there[cut]
            ahead, behind = (here + step).clamp(max=flat.shape[1] - 1), (there - step).clamp(min=0)
            error = (flat[:, ahead] - flat[:, there]).square().sum(0) + (flat[:, here] - flat[:, behind]).square().sum(0)
            cost[cut] += error
        return cost


@dataclass(frozen=True)
class Piece:
    """New origins (b, d) for the texels at rows (b, 1) and columns (d,)."""

    rows: torch.Tensor
    columns: torch.Tensor
    origin: torch.Tensor


class Bands:
    """The bands of a block (b, d) in which it overlaps what is there already: `widths` by side."""

    def __init__(self, block: tuple[int, int], widths: dict[str, int]) -> None:
        self.block = block
        self.widths = widths

    def mask(self) -> np.ndarray:
        """True in the bands; bool (b, d)."""
        mask = np.zeros(self.block, bool)
        for side, width in self.widths.items():
            _upright(mask, side)[:, :width] = True
        return mask

    def costs(self, difference: np.ndarray) -> np.ndarray:
        """What the cheapest cuts cost in squared differences (K, b, d) -> (K,)."""
        total = np.zeros(len(difference), np.float32)
        for side, width in self.widths.items():
            total += cut_costs(*_edge_costs(_upright(difference, side)[:, :, :width]))
        return total

    def cut(self, difference: np.ndarray) -> np.ndarray:
        """True where the new block shows, bool (b, d), for squared differences (b, d)."""
        mask = np.ones(self.block, bool)
        for side, width in self.widths.items():
            upright = _upright(difference[None], side)[:, :, :width]
            _, path = shortest_paths(*_edge_costs(upright))
            _upright(mask, side)[:, :width] &= np.arange(width) >= path[0][:, None]
        return mask


def _upright(image: np.ndarray, side: str) -> np.ndarray:
    """A view (..., L, W) in which `side` is on the left."""
    if side in ("top", "bottom"):
        image = np.swapaxes(image, -1, -2)
    return image[..., ::-1] if side in ("right", "bottom") else image


def _edge_costs(difference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Costs of cutting between neighbours: both see the difference (Kwatra et al. 2003, eq. 1, squared)."""
    step = np.full(difference.shape, np.inf, np.float32)
    step[:, :, 1:] = difference[:, :, 1:] + difference[:, :, :-1]
    along = np.zeros(difference.shape, np.float32)
    along[:, 1:] = difference[:, 1:] + difference[:, :-1]
    return step, along
