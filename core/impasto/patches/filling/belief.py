"""Labels of the nodes of a lattice whose costs, and those between neighbours, are least in sum.

Min-sum belief propagation, in which messages run along whole rows and columns at a time (Tappen & Freeman 2003).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

DAMPING = 0.3
"""Share of a message that stays as it was, so that messages around loops settle."""


@dataclass(frozen=True)
class Edges:
    """Edges along an axis, from nodes `first` (E,) to nodes `second`; costs (E, K, K) of both labels.

    lines: (start, end) of the edges that begin in the same line, which are sorted by it.
    """

    first: Tensor
    second: Tensor
    costs: Tensor
    lines: list[tuple[int, int]]


def labellings(costs: Tensor, axes: tuple[Edges, ...], sweeps: int) -> Iterator[Tensor]:
    """The best labels (n,) so far after each sweep, by the costs (n, K) of nodes and those of edges."""
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
    """Put messages (e, K) to nodes (e,) in the place of those sent before, and update beliefs (n, K)."""
    message = torch.lerp(message - message.amin(1, keepdim=True), sent, DAMPING)
    belief[nodes] += message - sent
    sent.copy_(message)


def _sum_of_costs(labels: Tensor, costs: Tensor, axes: tuple[Edges, ...]) -> float:
    total = costs.gather(1, labels[:, None]).double().sum()
    for edges in axes:
        number = torch.arange(len(edges.first), device=labels.device)
        total += edges.costs[number, labels[edges.first], labels[edges.second]].double().sum()
    return float(total)
