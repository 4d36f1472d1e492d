"""Correction of what fills holes, on one level of the pyramid, so that every window looks like one of the picture.

As of `patch_synthesis`, but only the pixels of holes are visited, windows are compared as they are, and what surrounds
a hole never changes: each pixel takes the best of a few candidates (Lefebvre & Hoppe 2005): what continues its
neighbours, and random places near the best so far or anywhere (PatchMatch, Barnes et al. 2009).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ..patch_synthesis.correction import JUMP, NEIGHBOURS, REACHES_PX
from .grid import RADIUS_PX
from .level import Level

CHUNK = 1 << 12
"""Most pixels that are corrected at a time."""
NEVER = 1e9
"""Cost of what must not be shown."""


class Correction:
    """The pixel (P,) of a level that each one shows, corrected where there are holes."""

    def __init__(self, level: Level, origin: Tensor, generator: torch.Generator) -> None:
        self.level, self.origin, self.generator = level, origin, generator
        self.steps = torch.tensor([dy * level.grid.stride + dx for dy, dx in NEIGHBOURS], device=origin.device)
        self.weights = _window_weights(origin.device)
        self.outside = ~level.grid.is_inside()
        self.has_outside = bool(self.outside[level.holes[:, None] + level.grid.offsets].any())
        self._show(level.holes)

    def passes(self, count: int) -> Iterator[float]:
        """Correct every pixel at a cut `count` times; yields the fraction done."""
        y, x = self.level.grid.position(self.level.holes)
        parities = [self.level.holes[(y % 2 == p // 2) & (x % 2 == p % 2)] for p in range(4)]
        for number in range(count):
            for part, parity in enumerate(torch.randperm(4, generator=self.generator).tolist()):
                for pixels in self._at_cuts(parities[parity]).split(CHUNK):
                    self._correct(pixels)
                    yield (number + part / 4) / count

    def costs(self) -> Tensor:
        """Costs (N,) of what the pixels of the holes show."""
        holes = self.level.holes
        return torch.cat([self._costs(self.origin[part][None], part)[0] for part in holes.split(CHUNK)])

    def _at_cuts(self, pixels: Tensor) -> Tensor:
        """Those of the pixels that do not continue all their neighbours, or show what they must not."""
        continued = self.origin[pixels[:, None] + self.steps] - self.steps
        own = self.origin[pixels]
        return pixels[(continued != own[:, None]).any(1) | self._is_refused(own, pixels)]

    def _is_refused(self, places: Tensor, pixels: Tensor) -> Tensor:
        """Whether places may not be shown by pixels, both (n,)."""
        kind = self.level.kind
        refused = self.level.source[places] < 0
        return refused if kind is None else refused | (kind[places] != kind[pixels])

    def _correct(self, pixels: Tensor) -> None:
        """Show the best of all candidates at the pixels (n,)."""
        beside = self.origin[pixels + self.steps[:, None]] - self.steps[:, None]  # (8, n)
        continued = self.level.source[beside]
        own = self.origin[pixels][None]
        candidates = torch.cat([own, continued])
        costs = self._costs(candidates, pixels)
        best = costs.argmin(0, keepdim=True)
        places, cost = candidates.gather(0, best), costs.gather(0, best)
        jumps = self._jumps(places[0], pixels)
        candidates = torch.cat([places, jumps])
        costs = torch.cat([cost, JUMP * self._costs(jumps, pixels)])
        self.origin[pixels] = candidates.gather(0, costs.argmin(0, keepdim=True))[0]
        self._show(pixels)

    def _show(self, pixels: Tensor) -> None:
        """Copy the features that the pixels show, and what changed into the margin."""
        features = self.level.features
        features[pixels] = features[self.origin[pixels]]
        self.level.grid.with_margin(features)
        self.level.grid.with_margin(self.origin)

    def _jumps(self, best: Tensor, pixels: Tensor) -> Tensor:
        """Random places (k, n) near the best so far, and anywhere; -1 if none."""
        grid, source = self.level.grid, self.level.source
        y, x = grid.position(best)
        near = []
        for reach in REACHES_PX:
            moves = torch.randint(-reach, reach + 1, (2, len(best)), generator=self.generator).to(best.device)
            near.append(source[grid.index(*grid.brought_inside(y + moves[0], x + moves[1]))])
        anywhere = self._anywhere(pixels)
        return torch.stack([*near, anywhere])

    def _anywhere(self, pixels: Tensor) -> Tensor:
        """Random places (n,) that pixels may show."""
        return anywhere(self.level, pixels, self.generator)

    def _costs(self, places: Tensor, pixels: Tensor) -> Tensor:
        """Weighted squared distances (k, n) of the windows at places (k, n), -1 if none, from those of pixels (n,)."""
        level, offsets = self.level, self.level.grid.offsets
        wanted = level.features[pixels[:, None] + offsets]  # (n, 25, C)
        weights = self._weights(pixels)  # (n, 25)
        refused = self._is_refused(places.clamp(min=0), pixels.expand_as(places)) | (places < 0)
        row, column = (~refused).nonzero(as_tuple=True)
        windows = level.features[places[row, column][:, None] + offsets]
        distances = (windows.sub_(wanted[column]).square_().sum(2) * weights[column]).sum(1)
        costs = torch.full(places.shape, NEVER, device=places.device)
        costs[row, column] = distances
        return costs

    def _weights(self, pixels: Tensor) -> Tensor:
        """Weights (n, 25) of the windows' pixels: those outside the picture, or on other islands, are not compared."""
        around = pixels[:, None] + self.level.grid.offsets
        weights = self.weights.expand(len(pixels), -1)
        if self.has_outside:
            weights = weights * ~self.outside[around]
        if self.level.island is not None:
            weights = weights * (self.level.island[around] == self.level.island[pixels][:, None])
        return weights


def anywhere(level: Level, pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Random places (n,) that pixels (n,) may show; -1 where there are none of their kind."""
    usable = level.usable
    drawn = torch.rand(len(pixels), generator=generator, dtype=torch.double).to(pixels.device)
    if level.kind is None:
        return usable[(drawn * len(usable)).long()]
    places = torch.full_like(pixels, -1)
    kinds = level.kind[pixels]
    for kind in kinds.unique():
        own = usable[level.kind[usable] == kind]
        if len(own):
            places[kinds == kind] = own[(drawn[kinds == kind] * len(own)).long()]
    return places


def _window_weights(device: torch.device) -> Tensor:
    """Whole-numbered weights (25,) of a window's pixels, which count less away from its centre."""
    away = torch.arange(-RADIUS_PX, RADIUS_PX + 1, device=device, dtype=torch.double)
    line = torch.exp(-0.25 * (away / (0.7 * RADIUS_PX)) ** 2)
    return (4 * line[:, None] * line).round().float().flatten()
