"""Unrolling of an object: its charts side by side as they meet at seams, so that a pattern goes on across them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

from .charts import Charts, linear_map
from .erasure import SeamPoints
from .raster import NONE

TURNED = 10.0
"""Factor by which a seam counts less, about, at which upright charts meet at a right angle; upside down, it is 2."""
SPACING_PX = 2.0
TOLERANCE = 0.02
"""Misfit of two charts along their seam, relative to its length, at which the seam counts half."""


def unrolled_charts(charts: Charts, turn: float = 0.0) -> Charts:
    """The charts laid out on one plane, which is turned clockwise by an angle in degrees.

    They meet at the seams of a spanning tree, which prefers long ones whose sides fit and where both are upright. In
    each connected part, the largest chart stays upright and lies where it is in space, so that patterns go on from part
    to part, too.
    """
    count = len(charts.matrices)
    turns, offsets = np.ones(count, complex), np.zeros(count, complex)
    pairs, joints, tree = spanning_tree(charts)
    _, part = connected_components(tree, directed=False)
    area = np.bincount(charts.chart[charts.texels[charts.texels != NONE]], minlength=count)
    index = {(int(i), int(j)): number for number, (i, j) in enumerate(pairs)}
    in_space = _places_in_space(charts)
    for number in range(part.max() + 1):
        own = np.flatnonzero(part == number)
        first = own[area[own].argmax()]
        offsets[first] = in_space[first]
        order, before = breadth_first_order(tree, first, directed=False)
        for chart in order[1:]:
            parent = before[chart]
            if (parent, chart) in index:
                turn_here, offset = joints[index[parent, chart]]
            else:
                turn_here, offset = joints[index[chart, parent]]
                turn_here, offset = 1 / turn_here, -offset / turn_here
            turns[chart] = turns[parent] * turn_here
            offsets[chart] = turns[parent] * offset + offsets[parent]
    whole = np.exp(1j * np.deg2rad(turn))
    turns, offsets = turns * whole, offsets * whole
    rotations = np.stack([np.stack([turns.real, -turns.imag], 1), np.stack([turns.imag, turns.real], 1)], 1)
    return replace(
        charts,
        matrices=rotations @ charts.matrices,
        offsets=np.stack([offsets.real, offsets.imag], 1),
    )


def spanning_tree(charts: Charts) -> tuple[np.ndarray, np.ndarray, csr_matrix]:
    """Pairs of charts with a seam (P, 2), turn and offset (P, 2) from the second to the first, and the tree (I, I)."""
    pairs, joints, weights = _joints(charts, SeamPoints.of(charts, SPACING_PX))
    count = len(charts.matrices)
    return pairs, joints, minimum_spanning_tree(coo_matrix((1 / weights, pairs.T), shape=(count, count)))


def _places_in_space(charts: Charts) -> np.ndarray:
    """Offset (I,) of each chart, as x + iy, with which its places are those in space, seen along its normal."""
    own = charts.chart == charts.mesh.islands
    chart, flat = charts.chart[own], charts.in_metres[own]
    positions, weights = charts.mesh.positions[own].astype(float), charts.mesh.areas[own]
    edges, edges_in_space = flat[:, 1:] - flat[:, :1], positions[:, 1:] - positions[:, :1]
    is_sound = np.abs(np.linalg.det(edges)) > 1e-30
    slopes = np.linalg.inv(np.where(is_sound[:, None, None], edges, np.eye(2))) @ edges_in_space  # (t, 2, 3)
    count = len(charts.matrices)

    def means(values: np.ndarray) -> np.ndarray:
        total = np.zeros((count, *values.shape[1:]))
        np.add.at(total, chart, weights.reshape(-1, *[1] * (values.ndim - 1)) * values)
        return total / np.maximum(np.bincount(chart, weights, count), 1e-30).reshape(-1, *[1] * (values.ndim - 1))

    axes = means(np.where(is_sound[:, None, None], slopes, 0))
    axes /= np.maximum(np.linalg.norm(axes, axis=2, keepdims=True), 1e-9)
    offset = (axes @ means(positions.mean(1))[..., None])[..., 0] - means(flat.mean(1))
    return offset[:, 0] + 1j * offset[:, 1]


def _joints(charts: Charts, points: SeamPoints) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of charts with a seam (P, 2), turn and offset (P, 2) from the second to the first, and weights (P,).

    The rigid motion with the least squared distance of both sides of the seam (Kabsch 1976). Charts with directions are
    not turned.
    """
    first, second = points.chart.T
    is_pair = first != second
    first, second = first[is_pair], second[is_pair]
    sides = []
    for side, chart in enumerate((first, second)):
        x, y = linear_map(points.places[is_pair, side], charts.matrices[chart]).T
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
    turn = np.where(charts.is_directed[pairs].all(1), 1, turn)
    misfit = np.sqrt(mean(np.abs(x - turn[which] * y) ** 2).real)
    length = np.sqrt(12 * mean(np.abs(x) ** 2).real)  # of a straight line with this deviation
    weights = np.maximum(length, 1e-9) / (1 + misfit / np.maximum(TOLERANCE * length, 1e-9))
    weights /= 1 + (TURNED * np.abs(turn**2 - 1) + np.abs(turn - 1)) / 2
    return pairs, np.stack([turn, centre - turn * other_centre], 1), weights
