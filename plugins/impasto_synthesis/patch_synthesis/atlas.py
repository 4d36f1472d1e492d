"""Atlas of sources: several prepared photographs below each other, so that a position identifies its photograph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from impasto.patterns.phases import Patterns
from impasto.patterns.session import Example

from ..material import LEFT_OUT
from ..pattern import Fitted

GAP_PX = 64
"""Fewest rows between two sources, which no patch is taken from. Each source starts at a multiple of this number."""


@dataclass(frozen=True)
class Atlas:
    """Maps of all sources as one, with their patterns. side_px: the shortest side of a source."""

    fitted: Fitted
    patterns: Patterns
    side_px: int

    @property
    def image(self) -> Tensor:
        """The base colour, or else the first map (c, h, w)."""
        maps = self.fitted.maps
        return maps["base_color"] if "base_color" in maps else next(iter(maps.values()))

    @property
    def example(self) -> Example:
        """All sources as one example."""
        carried = self.fitted.carried
        left_out = carried[LEFT_OUT][0] > 0.5 if LEFT_OUT in carried else None
        return Example(self.fitted.maps, self.patterns, left_out, self.side_px)

    def part_of_rows(self) -> Tensor:
        """Number (h,) of the source in each row; the rows of a gap count as the source above."""
        rows = torch.arange(self.image.shape[1], device=self.image.device)
        return torch.bucketize(rows, torch.tensor(self.patterns.tops[1:], device=rows.device), right=True)


def stack_sources(sources: Sequence[Fitted]) -> Atlas:
    """The atlas of sources with the same maps. Pictures that only the first source carries are 0 for the others."""
    images = [next(iter(source.maps.values())) for source in sources]
    side_px = min(min(image.shape[1:]) for image in images)
    first = sources[0]
    if len(sources) == 1:
        return Atlas(first, Patterns((0,), (first.pattern,)), side_px)
    width = max(image.shape[2] for image in images)
    heights = [-(-(image.shape[1] + GAP_PX) // GAP_PX) * GAP_PX for image in images]
    heights[-1] = images[-1].shape[1]
    tops = tuple(int(top) for top in np.cumsum([0, *heights[:-1]]))

    def join(parts: Sequence[Tensor], mode: str, value: float | None = None) -> Tensor:
        spaces = (
            (0, width - part.shape[2], 0, height - part.shape[1]) for part, height in zip(parts, heights, strict=True)
        )
        return torch.cat([pad(part[None], space, mode, value)[0] for part, space in zip(parts, spaces, strict=True)], 1)

    maps = {name: join([source.maps[name] for source in sources], "replicate") for name in first.maps}
    carried = {}
    for name, image in first.carried.items():
        if name != LEFT_OUT:
            nothing = (torch.zeros_like(other[:1]).expand(len(image), -1, -1) for other in images)
            carried[name] = join(
                [source.carried.get(name, empty) for source, empty in zip(sources, nothing, strict=True)],
                "constant",
                0.0,
            )
    usable = [
        source.carried.get(LEFT_OUT, torch.zeros_like(image[:1])) for source, image in zip(sources, images, strict=True)
    ]
    carried[LEFT_OUT] = join(usable, "constant", 1.0)
    patterns = Patterns(tops, tuple(source.pattern for source in sources))
    return Atlas(replace(first, maps=maps, carried=carried), patterns, side_px)
