"""Features of a picture of any size, tile by tile, and their moments over all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from torch import Tensor
from torch.nn.functional import avg_pool2d

from .coders import Coder
from .moments import Moments
from .windows import Window, windows


@dataclass
class Features:
    """What a coder sees of a picture (1, 3, H, W) and some noise (1, 1, H, W).

    They are encoded again in each pass over the tiles, unless there is only one. wraps: opposite borders are
    neighbours. before: called before each tile is encoded.
    """

    coder: Coder
    picture: Tensor
    noise: Tensor | None
    tile_px: int
    wraps: bool
    before: Callable[[], None]
    _kept: Tensor | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[tuple[Window, Tensor]]:
        """Windows, and features (1, C, h, w) of all they show."""
        tiles = windows(self.picture.shape[2:], self.tile_px, self.coder.halo_px, self.coder.stride, self.wraps)
        for window in tiles:
            if self._kept is not None:
                yield window, self._kept
                continue
            self.before()
            x = window.of(self.picture).float()
            F = self.coder.encode(x if self.noise is None else x + window.of(self.noise))
            self._kept = F if len(tiles) == 1 else None
            yield window, F

    def moments(self, masks: Sequence[Tensor | None]) -> list[Moments]:
        """Those of the features in each mask (1, 1, H, W); None: everywhere."""
        found: list[Moments] = []
        for window, F in self:
            found = found or [Moments.none(F.shape[1]) for _ in masks]
            for moments, mask in zip(found, masks, strict=True):
                weights = None if mask is None else window.features(self.pooled(mask, window), self.coder.stride)
                moments.add(window.features(F, self.coder.stride), weights)
        return found

    def pooled(self, mask: Tensor, window: Window) -> Tensor:
        """A window of a mask (1, 1, H, W) on the features' grid."""
        return avg_pool2d(window.of(mask), self.coder.stride)
