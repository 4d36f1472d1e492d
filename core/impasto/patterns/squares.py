"""Squares that cover the unfilled pixels of a level: nodes of a lattice, and labels with the least cost.

Min-sum belief propagation, with messages along whole rows and columns at a time, minimises the costs of nodes plus
those between neighbours (Tappen & Freeman 2003).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .field import PixelGrid

DAMPING = 0.3
"""Share of the previous message in a new one, so that messages around loops converge."""


@dataclass(frozen=True)
class Squares:
    """Squares in rows and columns (n,) of a lattice; `top` and `left` (n,) are the pixels of their corners.

    table: (rows, columns), square at each position, or -1. of_pixel: (N,), square of each covered pixel.
    """

    grid: PixelGrid
    side_px: int
    row: Tensor
    column: Tensor
    top: Tensor
    left: Tensor
    table: Tensor
    of_pixel: Tensor

    def neighbours(self, axis: int) -> Tensor:
        """The next square (n,) along an axis, or -1."""
        place = [self.row, self.column]
        place[axis] = place[axis] + 1
        length = self.table.shape[axis]
        is_beyond = place[axis] >= length
        place[axis] = place[axis] % length
        beyond = torch.full_like(self.row, -1)
        return torch.where(is_beyond & (not self.grid.wraps[axis]), beyond, self.table[place[0], place[1]])

    def away(self, others: Tensor) -> Tensor:
        """Squared distances (n, m) of all squares from some, in squares."""
        total = torch.zeros(len(self.row), len(others), dtype=torch.long, device=self.row.device)
        for place, length, wraps in zip((self.row, self.column), self.table.shape, self.grid.wraps, strict=True):
            distance = (place[:, None] - place[others]).abs()
            total += (torch.minimum(distance, length - distance) if wraps else distance).square()
        return total

    def sparse(self, squares: Tensor) -> Tensor:
        """Squares, among some, in every second row and column, and those that touch none of them."""
        is_used = (self.row[squares] % 2 == 0) & (self.column[squares] % 2 == 0)
        if is_used.any():
            is_used |= self.away(squares[is_used])[squares].amin(1) > 2
        return squares[is_used] if is_used.any() else squares

    def pixels(self, squares: Tensor, reach_px: int) -> tuple[Tensor, Tensor]:
        """Positions (y, x), both (m, p), of the pixels of some squares, and of pixels up to `reach_px` around them."""
        line = torch.arange(-reach_px, self.side_px + reach_px, device=self.top.device)
        y, x = torch.cartesian_prod(line, line).T
        return self.top[squares, None] + y, self.left[squares, None] + x

    def borders(self, squares: Tensor, axis: int, half_px: int) -> tuple[Tensor, Tensor]:
        """Positions (y, x), both (m, p), of pixels up to `half_px` from the border to the next square on an axis."""
        across = torch.arange(-half_px, half_px, device=self.top.device)
        along = torch.arange(self.side_px, device=self.top.device)
        across, along = torch.cartesian_prod(across, along).T
        corner = self.top[squares, None], self.left[squares, None]
        border = (corner[axis] + self.side_px).clamp(max=self.grid.size[axis])
        other = corner[1 - axis] + along
        return (border + across, other) if axis == 0 else (other, border + across)


def squares_over(grid: PixelGrid, pixels: Tensor, side_px: int, shift_px: Sequence[int]) -> Squares:
    """Squares over pixels (N,); their lattice begins `shift_px` above and left of the picture."""
    rows, columns = ((length - 1 + shift) // side_px + 1 for length, shift in zip(grid.size, shift_px, strict=True))
    y, x = ((place + shift) // side_px for place, shift in zip(grid.position(pixels), shift_px, strict=True))
    number, of_pixel = (y * columns + x).unique(return_inverse=True)
    row, column = number // columns, number % columns
    table = torch.full((rows, columns), -1, device=pixels.device)
    table[row, column] = torch.arange(len(number), device=pixels.device)
    return Squares(
        grid, side_px, row, column, row * side_px - shift_px[0], column * side_px - shift_px[1], table, of_pixel
    )


@dataclass(frozen=True)
class Edges:
    """Edges along an axis, from nodes `first` (E,) to nodes `second`. costs: (E, K, K), for both labels.

    lines: (start, end) of the edges that begin in each line; edges are sorted by lines.
    """

    first: Tensor
    second: Tensor
    costs: Tensor
    lines: list[tuple[int, int]]


def labellings(costs: Tensor, axes: tuple[Edges, ...], sweeps: int) -> Iterator[Tensor]:
    """Best labels (n,) so far, after each sweep, by the costs (n, K) of nodes and those of edges."""
    belief = costs.clone()
    messages = [torch.zeros(2, len(edges.first), costs.shape[1], device=costs.device) for edges in axes]
    best, least = costs.argmin(1), torch.inf
    for _ in range(sweeps):
        for edges, (forth, back) in zip(axes, messages, strict=True):
            for line in (slice(*line) for line in edges.lines):
                without = belief[edges.first[line]] - back[line]
                message = (without[:, :, None] + edges.costs[line]).amin(1)
                _send(message, forth[line], edges.second[line], belief)
            for line in (slice(*line) for line in reversed(edges.lines)):
                without = belief[edges.second[line]] - forth[line]
                message = (without[:, None] + edges.costs[line]).amin(2)
                _send(message, back[line], edges.first[line], belief)
        labels = belief.argmin(1)
        sum_of_costs = _sum_of_costs(labels, costs, axes)
        if sum_of_costs < least:
            best, least = labels, sum_of_costs
        yield best


def _send(message: Tensor, sent: Tensor, nodes: Tensor, belief: Tensor) -> None:
    """Send messages (e, K) to nodes (e,) in place of earlier ones, and update beliefs (n, K)."""
    message = torch.lerp(message - message.amin(1, keepdim=True), sent, DAMPING)
    belief[nodes] += message - sent
    sent.copy_(message)


def _sum_of_costs(labels: Tensor, costs: Tensor, axes: tuple[Edges, ...]) -> float:
    total = costs.gather(1, labels[:, None]).double().sum()
    for edges in axes:
        number = torch.arange(len(edges.first), device=labels.device)
        total += edges.costs[number, labels[edges.first], labels[edges.second]].double().sum()
    return float(total)
