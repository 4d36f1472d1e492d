"""Unrolling of an object: its charts side by side as they meet at seams, so that a pattern goes on across them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

from impasto.atlas.charts import Charts, transformed
from impasto.atlas.erasure import SeamPoints

SPACING_PX = 2.0
TOLERANCE = 0.02
"""Misfit of two charts along their seam, relative to its length, at which the seam counts half."""


@dataclass(frozen=True, eq=False)
class Unrolling:
    """Places of charts on the unrolled object: z -> turn z + offset, of points x + iy in metres, y down.

    turns, offsets: complex (I,). At the seams of a spanning tree, which prefers long ones whose sides fit, charts meet.
    """

    turns: np.ndarray
    offsets: np.ndarray

    @classmethod
    def of(cls, charts: Charts) -> Unrolling:
        """Places of the charts of a mesh. In each connected part, the largest stays upright."""
        points = SeamPoints.of(charts, SPACING_PX)
        count = len(charts.matrices)
        turns, offsets = np.ones(count, complex), np.zeros(count, complex)
        pairs, joints, weights = _joints(charts, points)
        tree = minimum_spanning_tree(coo_matrix((1 / weights, pairs.T), shape=(count, count)))
        _, part = connected_components(tree, directed=False)
        area = np.bincount(charts.chart[charts.texels[charts.texels >= 0]], minlength=count)
        index = {(int(i), int(j)): number for number, (i, j) in enumerate(pairs)}
        for number in range(part.max() + 1):
            own = np.flatnonzero(part == number)
            order, before = breadth_first_order(tree, own[area[own].argmax()], directed=False)
            for chart in order[1:]:
                parent = before[chart]
                if (parent, chart) in index:
                    turn, offset = joints[index[parent, chart]]
                else:
                    turn, offset = joints[index[chart, parent]]
                    turn, offset = 1 / turn, -offset / turn
                turns[chart] = turns[parent] * turn
                offsets[chart] = turns[parent] * offset + offsets[parent]
        return cls(turns, offsets)


def _joints(charts: Charts, points: SeamPoints) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of charts with a seam (P, 2), turn and offset (P, 2) from the second to the first, and weights (P,).

    The rigid motion with the least squared distance of both sides of the seam (Kabsch 1976).
    """
    first, second = points.chart.T
    is_pair = first != second
    first, second = first[is_pair], second[is_pair]
    sides = []
    for side, chart in enumerate((first, second)):
        x, y = transformed(points.places[is_pair, side], charts.matrices[chart]).T
        sides.append(x + 1j * y)
    is_swapped = first > second
    one, other = np.where(is_swapped, sides[1], sides[0]), np.where(is_swapped, sides[0], sides[1])
    ordered = np.stack([np.minimum(first, second), np.maximum(first, second)], 1)
    pairs, which = np.unique(ordered, axis=0, return_inverse=True)
    which = which.reshape(-1)
    number = np.bincount(which, minlength=len(pairs)).astype(float)

    def mean(z: np.ndarray) -> np.ndarray:
        return (np.bincount(which, z.real, len(pairs)) + 1j * np.bincount(which, z.imag, len(pairs))) / number

    centre, other_centre = mean(one), mean(other)
    x, y = one - centre[which], other - other_centre[which]
    covariance = mean(x * y.conj())
    turn = np.where(np.abs(covariance) > 0, covariance / np.maximum(np.abs(covariance), 1e-30), 1)
    misfit = np.sqrt(mean(np.abs(x - turn[which] * y) ** 2).real)
    length = np.sqrt(12 * mean(np.abs(x) ** 2).real)  # of a straight line with this deviation
    weights = np.maximum(length, 1e-9) / (1 + misfit / np.maximum(TOLERANCE * length, 1e-9))
    return pairs, np.stack([turn, centre - turn * other_centre], 1), weights
