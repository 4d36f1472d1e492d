"""Pyramid levels of a source, with everything that a search needs to know of each pixel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

from impasto.patches.features import with_detail

from .appearance import COARSE, FINE, Appearance, halved, whole
from .similar import find_similar, refine_similar

COARSEST_PX = 256
"""The pyramid ends below this length of the source's shorter side; quilts of smaller ones lose bricks and planks."""
LEAST_RESULT_PX = 4
SPREAD_PX = 3
"""Reach of the mean over which uses of a pixel are counted."""


@dataclass(frozen=True)
class Level:
    """A level of the source (h, w), whose pixels are `scale` wide. channels (C, h, w): whole numbers.

    similar (h w, k): indices of pixels that look alike. left_out (h w,): whether pixels must not be shown.
    """

    scale: int
    channels: Tensor
    appearance: Appearance
    similar: Tensor
    left_out: Tensor

    @property
    def size(self) -> tuple[int, int]:
        """(h, w)."""
        return self.channels.shape[1], self.channels.shape[2]

    def uses(self, index: Tensor) -> Tensor:
        """Uses (h w) about each pixel by a result whose pixels show those at `index`; 1 if all are used alike."""
        height, width = self.size
        counts = torch.bincount(index.flatten(), minlength=height * width).float() * (height * width / index.numel())
        side = 2 * SPREAD_PX + 1
        counts = counts.view(1, 1, height, width)
        return avg_pool2d(counts, side, 1, SPREAD_PX, count_include_pad=False).flatten()

    def anywhere(self, count: int, generator: torch.Generator) -> Tensor:
        """Random positions (2, count) of pixels that may be shown."""
        usable = (~self.left_out).nonzero()[:, 0]
        drawn = torch.rand(count, generator=generator, dtype=torch.double) * len(usable)
        index = usable[drawn.long().to(usable.device)]
        return torch.stack([index // self.size[1], index % self.size[1]])

    def without_left_out(self, field: Tensor, generator: torch.Generator) -> Tensor:
        """The field (2, H, W), with random positions for the few pixels that still show what is left out."""
        wrong = self.left_out[field[0] * self.size[1] + field[1]]
        mended = field.clone()
        mended[:, wrong] = self.anywhere(int(wrong.sum()), generator)
        return mended


def levels_of(features: Tensor, size_px: tuple[int, int], left_out: Tensor | None = None) -> Iterator[Level]:
    """Levels of features (C, h, w), coarsest first, for a result of `size_px`, without pixels `left_out` (h, w)."""
    if left_out is None:
        left_out = torch.zeros(features.shape[1:], dtype=torch.bool, device=features.device)
    pyramid = [whole(with_detail(features), FINE)]
    while min(pyramid[-1].shape[1:]) >= COARSEST_PX and min(size_px) // 2 ** len(pyramid) >= LEAST_RESULT_PX:
        pyramid.append(halved(pyramid[-1]))
    similar: Tensor | None = None
    coarse_width = 0
    for number, fine in reversed(list(enumerate(pyramid))):
        channels = whole(fine, COARSE)
        appearance = Appearance(channels)
        size = channels.shape[1], channels.shape[2]
        if similar is None:
            similar = find_similar(appearance.vectors, size)
        else:
            similar = refine_similar(similar, coarse_width, appearance.vectors, size)
        yield Level(2**number, channels, appearance, similar, _reduced_mask(left_out, 2**number, size))
        coarse_width = size[1]


def _reduced_mask(left_out: Tensor, scale: int, size: tuple[int, int]) -> Tensor:
    """Mask (h' w') of a level of this size from (h, w): pixels that cover any that is left out, unless all do."""
    covered = max_pool2d(left_out.float()[None], scale)[0, : size[0], : size[1]] > 0
    return (covered & ~covered.all()).flatten()
