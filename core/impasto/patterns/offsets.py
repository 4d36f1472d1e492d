"""First filling of holes, on the coarsest level, by shifted squares, which are all chosen together.

It follows He & Sun 2012, but offsets come from places where the surroundings of holes fit best, instead of similar
patches, and belief propagation (Komodakis & Tziritas 2007) replaces graph cuts. Cuts then lie where both sides agree.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from .field import Field
from .holes import HoleLevel, dilation
from .phases import Pattern
from .spectra import WindowSearch
from .squares import Edges, Squares, labellings, squares_over

REACH = 1.0
"""Reach of the surroundings that are compared with squares, in sides of a square."""
WINDOW_REACH = 1.5
"""Reach of the windows whose best places become candidates, so that these fit in a large area."""
PLACES = 6
"""Number of places of each window."""
CANDIDATES, MOST_COSTS = 192, 1 << 25
"""Most offsets from which a square chooses, and most costs of all pairs of neighbours, which may allow fewer."""
BORDER = 2.0
"""Weight of misfits with the surroundings, relative to those between squares."""
CUT = 0.2
"""Cost of a cut, relative to one between pixels with nothing in common; without it, joints would be avoided."""
LOST, OUT_OF_PHASE = 10.0, 0.5
"""Costs of a pixel that must not be taken, and of one from elsewhere than whole periods away, in the same unit."""
PERIODS = 3
"""Largest number of periods from which a square is filled, if the picture has a pattern."""
MANY = 256
"""Most squares at borders that all have their own windows; of more squares, only some have."""
SWEEPS = 12
DEPTH = 6
"""Distance from the surroundings, in squares, that is filled at a time; the rest of a huge hole follows."""
MOST_LOST = 0.25
"""Share of a square without a source above which it waits for its neighbours."""
CHUNK = 16
"""Number of squares that are compared at once, which limits the memory."""


class Offsets:
    """Fills the holes of a level; the result is its `field`."""

    def __init__(self, level: HoleLevel, side_px: int, generator: torch.Generator, pattern: Pattern) -> None:
        self.level, self.grid, self.generator, self.pattern = level, level.grid, generator, pattern
        self.side_px = min(side_px, *self.grid.size)
        most_px = max(1, (min(self.grid.size) - self.side_px) // 2)
        self.reach_px, self.window_px = (min(round(reach * self.side_px), most_px) for reach in (REACH, WINDOW_REACH))
        self.field = Field(self.grid, level, self.grid.shown_pixels.clone(), level.holes)
        self.todo = torch.zeros_like(self.grid.shown_pixels, dtype=torch.bool)
        self.todo[level.holes] = True
        self.known = level.vectors.clone()
        self.known[level.holes] = 0
        self.features = self.grid.with_margin(self.known).clone()
        """Features of the pixels that are shown so far."""
        self.unit = 1.0 + 2 * float(self.known[level.usable].var(0, correction=0).sum())
        """Mean squared difference between pixels with nothing in common."""
        self.search = WindowSearch(level, self.known, self.side_px + 2 * self.window_px, generator)

    def fill(self) -> Iterator[float]:
        """Fill all holes, from their borders inwards; yields the fraction done."""
        shift_px = torch.randint(self.side_px, (2,), generator=self.generator).tolist()
        left = self.level.holes
        while len(left):
            self.grid.with_margin(self.todo)
            squares = squares_over(self.grid, left, self.side_px, shift_px)
            is_near = squares.away(self._at_border(squares)).amin(1) <= DEPTH**2
            pixels = left[is_near[squares.of_pixel]]
            start, end = 1 - len(left) / len(self.level.holes), len(pixels) / len(self.level.holes)
            for fraction in self._fill(squares_over(self.grid, pixels, self.side_px, shift_px), pixels):
                yield start + end * fraction
            left = left[self.todo[left]]

    def _fill(self, squares: Squares, pixels: Tensor) -> Iterator[float]:
        """Fill pixels (N,), which the squares cover; yields the fraction done."""
        border = self._at_border(squares)
        places = border if len(border) <= MANY else squares.sparse(border)
        found, weights = [], self._weights(self.window_px)
        for start in range(0, len(places), CHUNK):
            yield 0.5 * start / len(places)
            found.append(self._best_offsets(squares, places[start : start + CHUNK], weights))
        offsets = self._candidates(squares, places, torch.cat(found))
        costs = self._costs(squares, border, offsets)
        axes = self._edges(squares, 0, offsets), self._edges(squares, 1, offsets)
        labels = costs.argmin(1)
        for sweep, best in enumerate(labellings(costs, axes, SWEEPS)):
            labels = best
            yield 0.5 + 0.5 * sweep / SWEEPS
        chosen = offsets.gather(1, labels[:, None, None].expand(-1, 1, 2))[:, 0]
        self._show(squares, pixels, chosen[squares.of_pixel])

    def _show(self, squares: Squares, pixels: Tensor, offsets: Tensor) -> None:
        """Show places at offsets (N, 2) from pixels (N,), except in squares with too few usable places."""
        y, x = self.grid.position(pixels)
        places, is_lost = self._places(y, x, offsets[:, 0], offsets[:, 1])
        ones = torch.ones_like(is_lost, dtype=torch.float32)
        size = torch.zeros(len(squares.row), device=pixels.device).index_add_(0, squares.of_pixel, ones)
        lost = torch.zeros_like(size).index_add_(0, squares.of_pixel, is_lost.float())
        is_done = (lost <= MOST_LOST * size)[squares.of_pixel]
        if not is_done.any():
            is_done[:] = True
        places = torch.where(is_lost, self.level.anywhere(pixels, self.generator), places)
        places = torch.where(places < 0, pixels, places)[is_done]
        pixels = pixels[is_done]
        self.field.show(pixels, places)
        self.features[pixels] = self.known[places]
        self.grid.with_margin(self.features)
        self.todo[pixels] = False

    def _at_border(self, squares: Squares) -> Tensor:
        """Squares (W,) that touch known pixels."""
        y, x = squares.pixels(torch.arange(len(squares.row), device=self.todo.device), 1)
        index, is_inside = self._index(y, x)
        return (~self.todo[index] & is_inside).any(1).nonzero()[:, 0]

    def _best_offsets(self, squares: Squares, part: Tensor, weights: Tensor) -> Tensor:
        """Offsets (W, m, 2) at which windows around some squares (W,) fit best."""
        reach_px, side_px = self.window_px, self.side_px + 2 * self.window_px
        index, is_inside = (one.view(-1, side_px, side_px) for one in self._index(*squares.pixels(part, reach_px)))
        weights = weights[index] * is_inside
        missing = torch.zeros_like(weights)
        inner = slice(reach_px, -reach_px)
        missing[:, inner, inner] = LOST * self.unit * (self.todo[index] & is_inside).float()[:, inner, inner]
        kind = None if self.level.kind is None else self.level.kind[index]
        windows = self.features[index].permute(0, 3, 1, 2)
        corners = torch.stack([squares.top[part], squares.left[part]], 1) - reach_px
        offsets = self.search.best(windows, weights, missing, kind, PLACES) - corners[:, None]
        for axis, length in enumerate(self.grid.size):
            if self.grid.wraps[axis]:
                offsets[..., axis] %= length
        if self.pattern:
            offsets = torch.cat([offsets, self.pattern.repeats(part, PERIODS).expand(len(part), -1, 2)], 1)
        return offsets

    def _candidates(self, squares: Squares, places: Tensor, found: Tensor) -> Tensor:
        """Offsets (n, K, 2) from which each square chooses: those found (W, m, 2) at the nearest squares `places`."""
        most = 2 * max(self.grid.size)
        codes = (found[..., 0] + most) * 2 * most + found[..., 1] + most  # (W, m)
        distinct = codes.unique()
        count = min(CANDIDATES, int((MOST_COSTS / len(squares.row)) ** 0.5))
        if len(distinct) <= count:
            codes = distinct.expand(len(squares.row), -1)
        else:
            nearest = squares.away(places).argsort(dim=1, stable=True)[:, : max(1, 2 * count // PLACES)]
            codes = codes[nearest].flatten(1)
            ordered, order = codes.sort(dim=1, stable=True)
            is_double = torch.zeros_like(codes)
            is_double.scatter_(1, order[:, 1:], (ordered[:, 1:] == ordered[:, :-1]).long())
            codes = codes.gather(1, is_double.argsort(dim=1, stable=True)[:, :count])
        return torch.stack([codes // (2 * most) - most, codes % (2 * most) - most], 2)

    def _costs(self, squares: Squares, border: Tensor, offsets: Tensor) -> Tensor:
        """Costs (n, K) of the offsets of squares: misfits with the surroundings, and pixels that must not be taken."""
        costs = torch.zeros(offsets.shape[:2], device=offsets.device)
        weights = self._weights(self.reach_px)
        for part in torch.arange(len(costs), device=costs.device).split(CHUNK):
            y, x = squares.pixels(part, 0)
            index, is_inside = self._index(y, x)
            _, is_lost = self._source_indices(y, x, offsets[part])
            own = self.todo[index] & is_inside
            costs[part] = LOST * self.unit * (is_lost & own[:, None]).float().sum(2)
            if self.pattern:
                errors = self.pattern.errors(offsets[part].flatten(0, 1).T, 1.0, self.pattern.sublattice).amax(0)
                costs[part] += (
                    OUT_OF_PHASE * self.unit * (errors > 0).view(costs[part].shape) * own.sum(1, keepdim=True)
                )
        for part in border.split(CHUNK):
            y, x = squares.pixels(part, self.reach_px)
            index, is_inside = self._index(y, x)
            weight, seen = (weights[index] * is_inside).sort(dim=1, descending=True, stable=True)
            count = int((weight > 0).sum(1).max())
            weight, seen = weight[:, :count], seen[:, :count]
            places, _ = self._source_indices(y.gather(1, seen), x.gather(1, seen), offsets[part])
            difference = self.known[places] - self.features[index.gather(1, seen)][:, None]
            costs[part] += BORDER * (difference.square().sum(3) * weight[:, None]).sum(2)
        return costs

    def _edges(self, squares: Squares, axis: int, offsets: Tensor) -> Edges:
        """Edges along an axis, with misfits between pixels that the offsets of both squares show at their border."""
        after, line = squares.neighbours(axis), (squares.row, squares.column)[axis]
        first = line.argsort(stable=True)
        first = first[after[first] >= 0]
        second = after[first]
        half_px = max(1, self.side_px // 2)
        costs = torch.empty(len(first), offsets.shape[1], offsets.shape[1], device=offsets.device)
        for part in torch.arange(len(first), device=costs.device).split(CHUNK):
            y, x = squares.borders(first[part], axis, half_px)
            index, is_inside = self._index(y, x)
            share = (self.todo[index] & is_inside).float() / (2 * half_px)  # (e, p)
            one, other = (
                (
                    self.known[self._source_indices(y, x, offsets[nodes[part]])[0]] * share.sqrt()[:, None, :, None]
                ).flatten(2)
                for nodes in (first, second)
            )
            squared = one.square().sum(2)[:, :, None] + other.square().sum(2)[:, None]
            costs[part] = (squared - 2 * one @ other.mT).clamp(min=0)
            costs[part] += CUT * self.unit * share.sum(1)[:, None, None]
        costs.masked_fill_((offsets[first][:, :, None] == offsets[second][:, None]).all(3), 0)
        ends = line[first].unique_consecutive(return_counts=True)[1].cumsum(0).tolist()
        return Edges(first, second, costs, list(zip([0, *ends], ends, strict=False)))

    def _weights(self, reach_px: int) -> Tensor:
        """Weights (P,) of known pixels, falling to 0 at `reach_px` from unfilled ones; their sum along a line is 1."""
        lines = [
            torch.arange(-reach_px, length + reach_px, device=self.todo.device) % length
            if wraps
            else torch.arange(length, device=self.todo.device)
            for length, wraps in zip(self.grid.size, self.grid.wraps, strict=True)
        ]
        near = self.grid.image(self.todo)[lines[0]][:, lines[1]]
        total = torch.zeros_like(near, dtype=torch.float32)
        for _ in range(reach_px):
            near = dilation(near, 1)
            total += near
        margins = [(len(line) - length) // 2 for line, length in zip(lines, self.grid.size, strict=True)]
        total = total[margins[0] : margins[0] + self.grid.size[0], margins[1] : margins[1] + self.grid.size[1]]
        return self.grid.pixels_of(total) * ~self.todo / (0.5 * reach_px * (reach_px + 1))

    def _index(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Indices of positions, or of the nearest pixels inside, and whether they belong to the picture."""
        is_inside = torch.ones_like(y, dtype=torch.bool)
        for position, length, wraps in zip((y, x), self.grid.size, self.grid.wraps, strict=True):
            if not wraps:
                is_inside &= (position >= 0) & (position < length)
        return self.grid.index(*self.grid.brought_inside(y, x)), is_inside

    def _source_indices(self, y: Tensor, x: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
        """Indices (m, K, p) of pixels (m, p) shifted by offsets (m, K, 2), and whether they may not be taken."""
        return self._places(y[:, None], x[:, None], offsets[..., 0, None], offsets[..., 1, None])

    def _places(self, y: Tensor, x: Tensor, down: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        """Indices of shifted positions, and whether those that stand there may not show them."""
        places, is_inside = self._index(y + down, x + right)
        is_lost = (self.level.source[places] < 0) | ~is_inside
        if self.level.kind is not None:
            is_lost |= self.level.kind[places] != self.level.kind[self._index(y, x)[0]]
        return places, is_lost
