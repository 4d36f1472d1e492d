"""Charts of an object on one plane, unrolled so that a pattern continues across seams."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

from .charts import Charts, linear_map, slopes_of
from .mesh import unit_vectors
from .raster import NONE
from .seams import SeamPoints

TURNED = 10.0
"""Approximate factor by which a seam counts less if upright charts meet at a right angle; 2 if one is upside down."""
SPACING_PX = 2.0
TOLERANCE = 0.02
"""Misfit of two charts along their seam, relative to its length, at which a seam counts half."""
LEAST_LENGTH = 0.1
"""Least length of a direction after projection on its triangle."""


def unrolled_charts(charts: Charts, turn: float = 0.0) -> Charts:
    """The charts on one plane, which is rotated clockwise by an angle in degrees.

    Charts meet at the seams of a spanning tree, which prefers long seams whose sides fit and where both charts are
    upright. In each connected part, the largest chart stays upright and keeps its position in space, so that patterns
    continue from part to part, too.
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
    return replace(charts, matrices=rotations @ charts.matrices, offsets=np.stack([offsets.real, offsets.imag], 1))


def spanning_tree(charts: Charts) -> tuple[np.ndarray, np.ndarray, csr_matrix]:
    """Pairs (P, 2) of charts with a seam, turn and offset (P, 2) from the second to the first, and the tree (I, I)."""
    pairs, joints, weights = _joints(charts, SeamPoints.of(charts, SPACING_PX))
    count = len(charts.matrices)
    return pairs, joints, minimum_spanning_tree(coo_matrix((1 / weights, pairs.T), shape=(count, count)))


def _places_in_space(charts: Charts) -> np.ndarray:
    """Offset (I,) of each chart, as x + iy, to its position in space, seen along the normal of the chart."""
    own = charts.chart == charts.mesh.islands
    chart, flat = charts.chart[own], charts.in_metres[own]
    positions, weights = charts.mesh.positions[own].astype(float), charts.mesh.areas[own]
    count = len(charts.matrices)

    def means(values: np.ndarray) -> np.ndarray:
        total = np.zeros((count, *values.shape[1:]))
        np.add.at(total, chart, weights.reshape(-1, *[1] * (values.ndim - 1)) * values)
        return total / np.maximum(np.bincount(chart, weights, count), 1e-30).reshape(-1, *[1] * (values.ndim - 1))

    axes = unit_vectors(means(slopes_of(flat, positions, 1e-30)), 1e-9)
    offset = (axes @ means(positions.mean(1))[..., None])[..., 0] - means(flat.mean(1))
    return offset[:, 0] + 1j * offset[:, 1]


def _joints(charts: Charts, points: SeamPoints) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs (P, 2) of charts with a seam, turn and offset (P, 2) from the second to the first, and weights (P,).

    The rigid motion minimises the squared distance between both sides of the seam (Kabsch 1976). Charts with directions
    are not rotated.
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


def joined_points(charts: Charts, is_bent: np.ndarray) -> np.ndarray:
    """Number of the point of each corner (T, 3): its UV point, shared by both sides of a seam that is continued."""
    mesh = charts.mesh
    pairs, _, tree = spanning_tree(charts)
    is_joined = np.asarray((tree + tree.T)[pairs[:, 0], pairs[:, 1]] > 0).ravel()
    is_joined &= is_bent[pairs].all(1)
    joined = {(int(a), int(b)) for a, b in pairs[is_joined]}
    first, second = mesh.seams
    islands = np.sort(np.stack([charts.chart[first // 3], charts.chart[second // 3]], 1), 1)
    wanted = np.array([(int(a), int(b)) in joined for a, b in islands], bool)
    (a, b), (a2, b2) = (mesh.half_edges(mesh.points, edges[wanted]) for edges in (first, second))
    is_turned = mesh.half_edges(mesh.vertices, first[wanted])[0] != mesh.half_edges(mesh.vertices, second[wanted])[0]
    rows, columns = np.concatenate([a, b]), np.concatenate([np.where(is_turned, b2, a2), np.where(is_turned, a2, b2)])
    count = int(mesh.points.max()) + 1
    return connected_components(coo_matrix((np.ones(len(rows)), (rows, columns)), (count, count)), directed=False)[1][
        mesh.points
    ]


def turns_upwards(charts: Charts) -> np.ndarray:
    """Rotation (T,), complex, of each triangle from its chart to the plane, where its direction points up."""
    directions = charts.mesh.directions
    assert directions is not None
    mean = unit_vectors(directions.mean(1, dtype=float), 1e-9)
    x, y = (slopes_of(charts.in_metres, charts.mesh.positions, 1e-30) @ mean[..., None])[..., 0].T
    along, has_any = x + 1j * y, np.hypot(x, y) > LEAST_LENGTH
    return np.where(has_any, -1j * np.abs(along) / np.where(has_any, along, 1), 1)
