"""First filling of holes, on the coarsest level: blocks from where their surroundings fit best.

Each block is compared with every place of the picture at once, by Fourier transforms. Those with much known around them
come first (as in Criminisi et al. 2004, without its isophotes).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.fft import irfft2, rfft2

from .correction import anywhere
from .grid import RADIUS_PX
from .level import Level

ENOUGH_KNOWN = 0.35
"""Share of a block that should be known before it is chosen."""
NEARLY_BEST = 1.05
"""Cost, relative to the least, of places among which chance decides."""
SMALLEST_PX = 5
MOST_LOST = 0.1
"""Share of a block that may lack a source, beyond which smaller blocks are placed."""


class Blocks:
    """Fills the holes of a level block by block; `origin` (P,) is then the pixel that each one shows."""

    def __init__(self, level: Level, side_px: int, generator: torch.Generator) -> None:
        self.level, self.generator = level, generator
        self.grid = level.grid
        self.side_px = max(SMALLEST_PX, min(side_px, *(length for length in self.grid.size)))
        self.origin = self.grid.shown.clone()
        self.image = self._unpadded(level.features).permute(2, 0, 1).contiguous()  # (C, h, w)
        self.todo = torch.zeros(self.grid.size, dtype=torch.bool, device=self.image.device)
        self.todo[self.grid.position(level.holes)] = True
        self.usable = self._unpadded(level.source >= 0)
        self.kind = None if level.kind is None else self._unpadded(level.kind)
        self.spectrum_px = tuple(
            length if wraps else length + self.side_px
            for length, wraps in zip(self.grid.size, self.grid.wraps, strict=True)
        )
        self.refused: dict[int | None, Tensor] = {}
        self.image[:, self.todo] = 0
        self.spectra = [self._transformed(channel) for channel in self.image]
        self.square = self._transformed(self.image.square().sum(0))

    def fill(self) -> Iterator[float]:
        """Place blocks until nothing is left to do; yields the fraction done."""
        total = max(1, int(self.todo.sum()))
        while left := int(self.todo.sum()):
            yield 1 - left / total
            self._place(*self._next_corner())
        self.grid.with_margin(self.origin)

    def _next_corner(self) -> tuple[Tensor, Tensor]:
        """Rows and columns (B,) of the block that fills most, if enough around it is known."""
        sums = [_box_sums(mask, self.side_px, self.grid.wraps) for mask in (self.todo, ~self.todo)]
        enough = (sums[1] / (ENOUGH_KNOWN * self.side_px**2)).clamp(max=1)
        score = sums[0] * enough.clamp(min=1e-3)
        y, x = divmod(int(score.argmax()), score.shape[1])
        around = torch.arange(self.side_px, device=score.device)
        return (y + around) % self.grid.size[0], (x + around) % self.grid.size[1]

    def _place(self, rows: Tensor, columns: Tensor) -> None:
        """Fill what is to be done of a block, from the place whose surroundings fit best; or make blocks smaller."""
        part = rows[:, None], columns
        todo = self.todo[part]
        lost = self._lost(part, todo)
        if lost.min() > MOST_LOST * todo.sum() and self.side_px > SMALLEST_PX:
            self.side_px = max(SMALLEST_PX, self.side_px // 2)
            return
        costs = self._costs(part, todo)
        costs = torch.where(lost > lost.min(), torch.inf, costs)
        good = (costs <= NEARLY_BEST * costs.min().clamp(min=1)).flatten().nonzero()[:, 0]
        chosen = int(good[int(torch.randint(len(good), (1,), generator=self.generator))])
        y, x = divmod(chosen, self.grid.size[1])
        here = todo.nonzero().T  # (2, n)
        pixels = self.grid.index(rows[here[0]], columns[here[1]])
        places = self.level.source[self.grid.index(*self.grid.brought_inside(y + here[0], x + here[1]))]
        if self.level.kind is not None:
            places[self.level.kind[places] != self.level.kind[pixels]] = -1
        places = torch.where(places < 0, anywhere(self.level, pixels, self.generator), places)
        places = torch.where(places < 0, pixels, places)
        self.origin[pixels] = places
        self.image[:, rows[here[0]], columns[here[1]]] = self.image[(slice(None), *self.grid.position(places))]
        self.todo[part] = False

    def _costs(self, part: tuple[Tensor, Tensor], todo: Tensor) -> Tensor:
        """Mean squared differences (h, w) from the block at each place, of what is known."""
        known = (~todo).float()
        block = self.image[:, part[0], part[1]] * known
        total = torch.zeros_like(self.square)
        for spectrum, channel in zip(self.spectra, block, strict=True):
            total += spectrum * self._transformed(channel).conj()
        cost = self._correlation(self.square, known) - 2 * self._inverse(total) + block.square().sum()
        return cost.clamp(min=0) / known.sum().clamp(min=1)

    def _lost(self, part: tuple[Tensor, Tensor], todo: Tensor) -> Tensor:
        """Number (h, w) of pixels to be done that a block from each place could not fill."""
        if self.kind is None:
            return self._correlation(self._refused(None), todo.float()).round()
        kinds = self.kind[part]
        present = kinds[todo].unique().tolist()
        own = (self._correlation(self._refused(kind), (todo & (kinds == kind)).float()) for kind in present)
        return torch.stack(list(own)).sum(0).round()

    def _refused(self, kind: int | None) -> Tensor:
        """Spectrum of where no pixel of a kind may be taken."""
        if kind not in self.refused:
            refused = torch.ones(self.spectrum_px, device=self.image.device)
            usable = self.usable if kind is None or self.kind is None else self.usable & (self.kind == kind)
            refused[: self.grid.size[0], : self.grid.size[1]] = (~usable).float()
            self.refused[kind] = rfft2(refused)
        return self.refused[kind]

    def _inverse(self, spectrum: Tensor) -> Tensor:
        height, width = self.grid.size
        return irfft2(spectrum, s=self.spectrum_px)[:height, :width]

    def _correlation(self, spectrum: Tensor, mask: Tensor) -> Tensor:
        return self._inverse(spectrum * self._transformed(mask).conj())

    def _transformed(self, image: Tensor) -> Tensor:
        return rfft2(image, s=self.spectrum_px)

    def _unpadded(self, pixels: Tensor) -> Tensor:
        reach, (height, width) = RADIUS_PX, self.grid.size
        shape = height + 2 * reach, width + 2 * reach, *pixels.shape[1:]
        return pixels.view(shape)[reach:-reach, reach:-reach]


def _box_sums(mask: Tensor, side_px: int, wraps: tuple[bool, bool]) -> Tensor:
    """Sums of a mask (h, w) over the squares that begin at each pixel; without those that leave the picture."""
    sums = mask.double()
    for axis, is_periodic in enumerate(wraps):
        if is_periodic:
            sums = torch.cat([sums, sums.narrow(axis, 0, side_px - 1)], axis)
        zero = torch.zeros_like(sums.narrow(axis, 0, 1))
        total = torch.cat([zero, sums], axis).cumsum(axis)
        length = total.shape[axis] - side_px
        sums = total.narrow(axis, side_px, length) - total.narrow(axis, 0, length)
    return sums
